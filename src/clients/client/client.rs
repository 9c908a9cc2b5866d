//! The client: a valid record of a person.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::DocumentType;
use super::field::ClientField;
use super::given::ClientRules;
use super::new_client::NewClient;
use super::patch::ClientPatch;
use crate::domain::{Role, Status, ViolationCode, Violations, instant_text, to_milliseconds};

/// A client: a person with the role `USER`.
///
/// A client is made from a [`NewClient`], changed by a [`ClientPatch`], or read from a
/// [`Record`](crate::domain::Record). New values are validated, so only a client that was stored before may be
/// invalid. `Serialize` writes the response of the clinic's API: every field in order, timestamps in UTC with
/// milliseconds, and empty text for missing values. It has no password. `Debug` shows only the id and the status.
///
/// ```
/// use client_lifecycle::clients::{ClientPatch, ClientRules, NewClient};
/// use client_lifecycle::{Client, DocumentType};
/// let rules = ClientRules::default();
/// let (born, now) = ("1990-05-15".parse()?, "2024-01-15T10:30:00Z".parse()?);
/// let new = NewClient::new("maria@example.org", "Maria", "Garcia", "+34612345678", born, DocumentType::Dni, "12345678A");
/// let client = Client::new(new, uuid::Uuid::from_u128(1), now, &rules)?;
/// let later = "2024-03-05T15:45:00Z".parse()?;
/// let client = client.patched(&ClientPatch::new().with_phone("+34634567890"), later, &rules)?;
/// assert_eq!(client.phone(), "+34634567890");
/// assert_eq!(serde_json::to_value(&client)?["updated_at"], "2024-03-05T15:45:00.000Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    pub(super) user_id: Uuid,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) surname: String,
    pub(super) phone: String,
    pub(super) address: String,
    pub(super) city: String,
    pub(super) country: String,
    pub(super) postal_code: String,
    pub(super) gender: String,
    #[serde(serialize_with = "or_empty")]
    pub(super) birth_date: Option<NaiveDate>,
    pub(super) role: Role,
    pub(super) status: Status,
    pub(super) avatar: String,
    #[serde(serialize_with = "or_empty")]
    pub(super) document_type: Option<DocumentType>,
    pub(super) document_number: String,
    #[serde(serialize_with = "instant")]
    pub(super) created_at: DateTime<Utc>,
    #[serde(serialize_with = "instant")]
    pub(super) updated_at: DateTime<Utc>,
}

// serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn instant<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant_text(*at))
}

#[allow(clippy::ref_option, reason = "the signature that serde requires")]
fn or_empty<T: fmt::Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_str(""),
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $field:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> &str {
            &self.$field
        }
    )*};
}

impl Client {
    /// The names of the fields in the clinic's data map, in the order of the API's response.
    pub const FIELDS: [&'static str; 18] = ClientField::NAMES;

    /// Makes a client. `now`, rounded to the millisecond, is its time of creation and of its last change.
    ///
    /// # Errors
    /// [`Violations`] with all problems of the new client.
    pub fn new(
        new: NewClient,
        user_id: Uuid,
        now: DateTime<Utc>,
        rules: &ClientRules,
    ) -> Result<Self, Violations> {
        new.validate(rules)?;
        let now = to_milliseconds(now);
        Ok(Self {
            user_id,
            email: new.email,
            name: new.name,
            surname: new.surname,
            phone: new.phone,
            address: new.address,
            city: new.city,
            country: new.country,
            postal_code: new.postal_code,
            gender: new.gender,
            birth_date: Some(new.birth_date),
            role: Role::USER,
            status: new.status,
            avatar: new.avatar,
            document_type: Some(new.document_type),
            document_number: new.document_number,
            created_at: now,
            updated_at: now,
        })
    }

    /// Returns the client with the patch applied, including its status. `now`, rounded to the millisecond, becomes
    /// the time of its last change. An empty patch changes nothing.
    ///
    /// Only the values of the patch are checked. If the rules require check letters, a new document type must also
    /// fit the existing number, and a new number must fit the existing type.
    ///
    /// # Errors
    /// [`Violations`] with all problems of the patch.
    pub fn patched(
        &self,
        patch: &ClientPatch,
        now: DateTime<Utc>,
        rules: &ClientRules,
    ) -> Result<Self, Violations> {
        let mut client = self.clone();
        let mut found = rules.check(&patch.0);
        if patch.is_empty() {
            return found.or(client);
        }
        let given = patch.0.clone();
        let document_changes = given.document_type.is_some() || given.document_number.is_some();
        replace(&mut client.email, given.email);
        replace(&mut client.name, given.name);
        replace(&mut client.surname, given.surname);
        replace(&mut client.phone, given.phone);
        replace(&mut client.address, given.address);
        replace(&mut client.city, given.city);
        replace(&mut client.country, given.country);
        replace(&mut client.postal_code, given.postal_code);
        replace(&mut client.gender, given.gender);
        client.birth_date = given.birth_date.or(client.birth_date);
        replace(&mut client.status, given.status);
        client.document_type = given.document_type.or(client.document_type);
        replace(&mut client.document_number, given.document_number);
        client.updated_at = to_milliseconds(now);
        if rules.document_letters
            && document_changes
            && client.document_type.is_some_and(|of| !of.letter_fits(&client.document_number))
        {
            found.field(ClientField::DocumentNumber, ViolationCode::DocumentLetter);
        }
        found.or(client)
    }

    /// Returns the id.
    #[must_use]
    pub fn user_id(&self) -> Uuid {
        self.user_id
    }

    texts! {
        /// Returns the e-mail address as it was given.
        email;
        /// Returns the first name.
        name;
        /// Returns the last name.
        surname;
        /// Returns the phone number.
        phone;
        /// Returns the street address; may be empty.
        address;
        /// Returns the city; may be empty.
        city;
        /// Returns the country; may be empty.
        country;
        /// Returns the postal code; may be empty.
        postal_code;
        /// Returns the gender; may be empty.
        gender;
        /// Returns the URL of a picture; may be empty.
        avatar;
        /// Returns the number of the identity document.
        document_number;
    }

    /// Returns the date of birth. `None` only if the client was stored without a date of birth.
    #[must_use]
    pub fn birth_date(&self) -> Option<NaiveDate> {
        self.birth_date
    }

    /// Returns the role, which is always `USER`.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Returns whether the account is active.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// Returns the type of the identity document. `None` only if the client was stored without a type.
    #[must_use]
    pub fn document_type(&self) -> Option<DocumentType> {
        self.document_type
    }

    /// Returns when the client was created.
    #[must_use]
    pub fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    /// Returns when the client was last changed.
    #[must_use]
    pub fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }
}

fn replace<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("user_id", &self.user_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
