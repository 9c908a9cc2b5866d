//! What is to change of a client.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize};

use super::field::ClientField;
use super::parts::Parts;
use super::read::Unread;
use super::rules::ClientRules;
use super::violation::ViolationCode;
use super::violations::Violations;
use crate::domain::unique_keys::unique_keys;
use crate::domain::{DocumentType, FieldName, Status, Value};

/// What is to change of a client: the fields that are given, and no other.
///
/// A field that is left out stays as it is; none can be `null`. The id, the role, the avatar, the password and
/// the two timestamps cannot be changed in this way. `Debug` shows the names of the fields, no value.
///
/// ```
/// use client_lifecycle::domain::{ClientPatch, Status};
/// let patch = ClientPatch::new().with_phone("+34634567890").with_status(Status::Off);
/// let read = ClientPatch::from_json(&serde_json::json!({ "phone": "+34634567890", "status": "OFF" }))?;
/// assert_eq!(patch, read);
/// assert_eq!(patch.without_status().values().len(), 1);
/// # Ok::<(), client_lifecycle::domain::Violations>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct ClientPatch(pub(super) Parts);

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $field:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $field: impl Into<String>) -> Self {
            self.0.$field = Some($field.into());
            self
        }
    )*};
}

impl ClientPatch {
    /// Nothing is to change.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a patch from the body of a request, and checks it against the default rules.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_json(body: &serde_json::Value) -> Result<Self, Violations> {
        Self::from_json_under(body, &ClientRules::default())
    }

    /// Reads a patch from the body of a request, and checks it against rules.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_json_under(body: &serde_json::Value, rules: &ClientRules) -> Result<Self, Violations> {
        Self::read(Unread::of(body)?, rules)
    }

    fn read(mut body: Unread<'_>, rules: &ClientRules) -> Result<Self, Violations> {
        let parts = body.parts();
        body.refuse(ViolationCode::NotUpdatable).and(parts.check(rules)).or(Self(parts))
    }

    /// Checks the values that are given.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn validate(&self, rules: &ClientRules) -> Result<(), Violations> {
        self.0.check(rules).or(())
    }

    setters! {
        /// The same with an e-mail address.
        with_email: email;
        /// The same with a first name.
        with_name: name;
        /// The same with a last name.
        with_surname: surname;
        /// The same with a phone number.
        with_phone: phone;
        /// The same with a street address.
        with_address: address;
        /// The same with a city.
        with_city: city;
        /// The same with a country.
        with_country: country;
        /// The same with a postal code.
        with_postal_code: postal_code;
        /// The same with a gender.
        with_gender: gender;
        /// The same with the number of an identity document.
        with_document_number: document_number;
    }

    /// The same with a date of birth.
    #[must_use]
    pub fn with_birth_date(mut self, birth_date: NaiveDate) -> Self {
        self.0.birth_date = Some(birth_date);
        self
    }

    /// The same with a type of identity document.
    #[must_use]
    pub fn with_document_type(mut self, document_type: DocumentType) -> Self {
        self.0.document_type = Some(document_type);
        self
    }

    /// The same with a status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.0.status = Some(status);
        self
    }

    /// The same without a status.
    #[must_use]
    pub fn without_status(mut self) -> Self {
        self.0.status = None;
        self
    }

    /// Whether nothing is to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The e-mail address, if it is given.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// The status, if it is given.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.0.status
    }

    /// What is written: the given fields in their order, without the status, whose change is the deletion
    /// policy's, and without `updated_at`.
    #[must_use]
    pub fn values(&self) -> Vec<(FieldName, Value)> {
        let Parts {
            email,
            name,
            surname,
            phone,
            address,
            city,
            country,
            postal_code,
            gender,
            birth_date,
            status: _,
            avatar: _,
            document_type,
            document_number,
        } = &self.0;
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let values = [
            (ClientField::Email, text(email)),
            (ClientField::Name, text(name)),
            (ClientField::Surname, text(surname)),
            (ClientField::Phone, text(phone)),
            (ClientField::Address, text(address)),
            (ClientField::City, text(city)),
            (ClientField::Country, text(country)),
            (ClientField::PostalCode, text(postal_code)),
            (ClientField::Gender, text(gender)),
            (ClientField::BirthDate, birth_date.map(Value::from)),
            (ClientField::DocumentType, document_type.map(|one| one.as_str().into())),
            (ClientField::DocumentNumber, text(document_number)),
        ];
        values.into_iter().filter_map(|(field, value)| Some((field.as_str().into(), value?))).collect()
    }
}

impl fmt::Debug for ClientPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("ClientPatch");
        if let Some(status) = self.0.status {
            fields.field("status", &status);
        }
        let names: Vec<_> = self.values().into_iter().map(|(name, _)| name).collect();
        fields.field("fields", &names).finish_non_exhaustive()
    }
}

/// As [`ClientPatch::from_json`], and a field that is given twice is an error.
impl<'de> Deserialize<'de> for ClientPatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys: BTreeMap<String, serde_json::Value> = unique_keys(deserializer)?;
        Self::read(Unread::keys(&keys), &ClientRules::default()).map_err(serde::de::Error::custom)
    }
}
