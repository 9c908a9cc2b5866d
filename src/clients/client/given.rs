//! The fields of a client that a request gives.

use chrono::NaiveDate;
use serde::Serialize;

use super::field::ClientField;
use crate::clients::DocumentType;
use crate::domain::Status;

/// The fields of a client that a request gives; `None` for one that it does not.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct GivenFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) birth_date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) avatar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) document_type: Option<DocumentType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) document_number: Option<String>,
}

impl GivenFields {
    /// Lists the fields that are free text, in the order of the API's response.
    pub(super) fn texts(&self) -> [(ClientField, Option<&str>); 11] {
        [
            (ClientField::Email, &self.email),
            (ClientField::Name, &self.name),
            (ClientField::Surname, &self.surname),
            (ClientField::Phone, &self.phone),
            (ClientField::Address, &self.address),
            (ClientField::City, &self.city),
            (ClientField::Country, &self.country),
            (ClientField::PostalCode, &self.postal_code),
            (ClientField::Gender, &self.gender),
            (ClientField::Avatar, &self.avatar),
            (ClientField::DocumentNumber, &self.document_number),
        ]
        .map(|(field, text)| (field, text.as_deref()))
    }
}
