//! The values that a client is created from.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize};

use super::field::ClientField;
use super::given::{ClientRules, GivenFields, Unread};
use crate::clients::DocumentType;
use crate::domain::unique_keys::unique_keys;
use crate::domain::{Status, ViolationCode, Violations};

/// The values that a client is created from.
///
/// E-mail, names, phone, date of birth and document are required. Address, gender and avatar are empty by default.
/// The id and the timestamps are set when the client is created, and the role is always `USER`. Passwords are left to
/// the host. `Debug` shows no values.
///
/// ```
/// use client_lifecycle::DocumentType;
/// use client_lifecycle::clients::{ClientRules, NewClient};
/// let born = "1990-05-15".parse()?;
/// let mut new = NewClient::new("maria@example.org", "Maria", "Garcia", "+34634567890", born, DocumentType::Dni, "12345678A");
/// new.city = "Madrid".into();
/// new.validate(&ClientRules::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NewClient {
    /// The e-mail address: valid, at most 50 characters.
    pub email: String,
    /// The first name: 2 to 50 characters.
    pub name: String,
    /// The last name: 2 to 50 characters.
    pub surname: String,
    /// The phone number: 6 to 20 characters.
    pub phone: String,
    /// The street address: at most 255 characters.
    pub address: String,
    /// The city: at most 50 characters.
    pub city: String,
    /// The country: at most 50 characters.
    pub country: String,
    /// The postal code: at most 20 characters.
    pub postal_code: String,
    /// The gender: at most 10 characters.
    pub gender: String,
    /// The date of birth.
    pub birth_date: NaiveDate,
    /// Whether the account is active; the default is `ON`.
    pub status: Status,
    /// The URL of a picture. The API sets no limit.
    pub avatar: String,
    /// The type of the identity document.
    pub document_type: DocumentType,
    /// The number of the identity document: at most 20 characters.
    pub document_number: String,
}

impl NewClient {
    /// Makes an active client with the required values.
    #[must_use]
    pub fn new(
        email: impl Into<String>,
        name: impl Into<String>,
        surname: impl Into<String>,
        phone: impl Into<String>,
        birth_date: NaiveDate,
        document_type: DocumentType,
        document_number: impl Into<String>,
    ) -> Self {
        Self {
            email: email.into(),
            name: name.into(),
            surname: surname.into(),
            phone: phone.into(),
            address: String::new(),
            city: String::new(),
            country: String::new(),
            postal_code: String::new(),
            gender: String::new(),
            birth_date,
            status: Status::On,
            avatar: String::new(),
            document_type,
            document_number: document_number.into(),
        }
    }

    /// Reads a new client from the body of a request, and checks it against the default rules.
    ///
    /// # Errors
    /// [`Violations`] with all problems.
    pub fn from_json(body: &serde_json::Value) -> Result<Self, Violations> {
        Self::from_json_under(body, &ClientRules::default())
    }

    /// Reads a new client from the body of a request, and checks it against these rules.
    ///
    /// # Errors
    /// [`Violations`] with all problems.
    pub fn from_json_under(body: &serde_json::Value, rules: &ClientRules) -> Result<Self, Violations> {
        Self::read(Unread::of(body)?, rules)
    }

    fn read(mut body: Unread<'_>, rules: &ClientRules) -> Result<Self, Violations> {
        body.require(&Self::REQUIRED);
        let given = GivenFields { avatar: body.text(ClientField::Avatar), ..body.given() };
        let found = body.refuse(ViolationCode::NotSettable).and(rules.check(&given));
        found.or_without(Self::of(given))
    }

    const REQUIRED: [ClientField; 7] = [
        ClientField::Email,
        ClientField::Name,
        ClientField::Surname,
        ClientField::Phone,
        ClientField::BirthDate,
        ClientField::DocumentType,
        ClientField::DocumentNumber,
    ];

    /// Makes a new client; `None` if a required value is missing.
    fn of(given: GivenFields) -> Option<Self> {
        Some(Self {
            email: given.email?,
            name: given.name?,
            surname: given.surname?,
            phone: given.phone?,
            address: given.address.unwrap_or_default(),
            city: given.city.unwrap_or_default(),
            country: given.country.unwrap_or_default(),
            postal_code: given.postal_code.unwrap_or_default(),
            gender: given.gender.unwrap_or_default(),
            birth_date: given.birth_date?,
            status: given.status.unwrap_or(Status::On),
            avatar: given.avatar.unwrap_or_default(),
            document_type: given.document_type?,
            document_number: given.document_number?,
        })
    }

    /// Checks the values against these rules.
    ///
    /// # Errors
    /// [`Violations`] with all problems.
    pub fn validate(&self, rules: &ClientRules) -> Result<(), Violations> {
        rules.check(&GivenFields::from(self.clone())).or(())
    }
}

impl From<NewClient> for GivenFields {
    fn from(new: NewClient) -> Self {
        Self {
            email: Some(new.email),
            name: Some(new.name),
            surname: Some(new.surname),
            phone: Some(new.phone),
            address: Some(new.address),
            city: Some(new.city),
            country: Some(new.country),
            postal_code: Some(new.postal_code),
            gender: Some(new.gender),
            birth_date: Some(new.birth_date),
            status: Some(new.status),
            avatar: Some(new.avatar),
            document_type: Some(new.document_type),
            document_number: Some(new.document_number),
        }
    }
}

impl fmt::Debug for NewClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewClient").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Reads like [`NewClient::from_json`], but rejects duplicate fields.
impl<'de> Deserialize<'de> for NewClient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys: BTreeMap<String, serde_json::Value> = unique_keys(deserializer)?;
        Self::read(Unread::keys(&keys), &ClientRules::default()).map_err(serde::de::Error::custom)
    }
}
