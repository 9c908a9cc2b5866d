//! Patches, which change clients.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize};

use super::field::ClientField;
use super::given::{ClientRules, GivenFields, Unread};
use crate::clients::DocumentType;
use crate::domain::unique_keys::unique_keys;
use crate::domain::{FieldName, Status, Value, ViolationCode, Violations};

/// New values for some fields of a client.
///
/// Omitted fields stay unchanged. No field can be set to `null`. The id, the role, the avatar, the password and the
/// timestamps cannot be changed. `Debug` shows the names of the fields, but no values.
///
/// ```
/// use client_lifecycle::clients::ClientPatch;
/// use client_lifecycle::Status;
/// let patch = ClientPatch::new().with_phone("+34634567890").with_status(Status::Off);
/// let read = ClientPatch::from_json(&serde_json::json!({ "phone": "+34634567890", "status": "OFF" }))?;
/// assert_eq!(patch, read);
/// assert_eq!(patch.without_status().values().len(), 1);
/// # Ok::<(), client_lifecycle::domain::Violations>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct ClientPatch(pub(super) GivenFields);

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
    /// Makes a patch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a patch from the body of a request, and checks it against the default rules.
    ///
    /// # Errors
    /// [`Violations`] with all problems.
    pub fn from_json(body: &serde_json::Value) -> Result<Self, Violations> {
        Self::from_json_under(body, &ClientRules::default())
    }

    /// Reads a patch from the body of a request, and checks it against these rules.
    ///
    /// # Errors
    /// [`Violations`] with all problems.
    pub fn from_json_under(body: &serde_json::Value, rules: &ClientRules) -> Result<Self, Violations> {
        Self::read(Unread::of(body)?, rules)
    }

    fn read(mut body: Unread<'_>, rules: &ClientRules) -> Result<Self, Violations> {
        let given = body.given();
        body.refuse(ViolationCode::NotUpdatable).and(rules.check(&given)).or(Self(given))
    }

    /// Checks the given values against these rules.
    ///
    /// # Errors
    /// [`Violations`] with all problems.
    pub fn validate(&self, rules: &ClientRules) -> Result<(), Violations> {
        rules.check(&self.0).or(())
    }

    setters! {
        /// Sets the e-mail address.
        with_email: email;
        /// Sets the first name.
        with_name: name;
        /// Sets the last name.
        with_surname: surname;
        /// Sets the phone number.
        with_phone: phone;
        /// Sets the street address.
        with_address: address;
        /// Sets the city.
        with_city: city;
        /// Sets the country.
        with_country: country;
        /// Sets the postal code.
        with_postal_code: postal_code;
        /// Sets the gender.
        with_gender: gender;
        /// Sets the number of the identity document.
        with_document_number: document_number;
    }

    /// Sets the date of birth.
    #[must_use]
    pub fn with_birth_date(mut self, birth_date: NaiveDate) -> Self {
        self.0.birth_date = Some(birth_date);
        self
    }

    /// Sets the type of the identity document.
    #[must_use]
    pub fn with_document_type(mut self, document_type: DocumentType) -> Self {
        self.0.document_type = Some(document_type);
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Removes the status from the patch.
    #[must_use]
    pub fn without_status(mut self) -> Self {
        self.0.status = None;
        self
    }

    /// Returns whether the patch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the new e-mail address, if the patch sets one.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Returns the new status, if the patch sets one.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.0.status
    }

    /// Returns the values to write, in field order. `updated_at` and the status are not included; a plan under the
    /// deletion policy writes the status.
    #[must_use]
    pub fn values(&self) -> Vec<(FieldName, Value)> {
        let GivenFields { birth_date, document_type, .. } = &self.0;
        let texts = self.0.texts().map(|(field, text)| (field, text.map(Value::from)));
        let others = [
            (ClientField::BirthDate, birth_date.map(Value::from)),
            (ClientField::DocumentType, document_type.map(|of| of.as_str().into())),
        ];
        let mut values: Vec<_> = texts.into_iter().chain(others).collect();
        values.sort_by_key(|(field, _)| *field);
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

/// Reads like [`ClientPatch::from_json`], but rejects duplicate fields.
impl<'de> Deserialize<'de> for ClientPatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys: BTreeMap<String, serde_json::Value> = unique_keys(deserializer)?;
        Self::read(Unread::keys(&keys), &ClientRules::default()).map_err(serde::de::Error::custom)
    }
}
