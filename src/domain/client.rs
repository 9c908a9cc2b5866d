//! The client of the clinic: a checked record of a person.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DocumentType, Role, Status};

/// Everything a client record says. Lengths count characters.
///
/// Shape and limits are those of the clinic's API (`PUT /api/clients/{id}`); the password is not part of it.
/// `Debug` shows the id only.
#[derive(Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the names say it; the limits stand beside them")]
pub struct ClientDetails {
    #[garde(skip)]
    pub user_id: Uuid,
    #[garde(email, length(chars, max = 50))]
    pub email: String,
    #[garde(length(chars, min = 2, max = 50))]
    pub name: String,
    #[garde(length(chars, min = 2, max = 50))]
    pub surname: String,
    #[garde(length(chars, min = 6, max = 20))]
    pub phone: String,
    #[garde(length(chars, max = 255))]
    pub address: String,
    #[garde(length(chars, max = 50))]
    pub city: String,
    #[garde(length(chars, max = 50))]
    pub country: String,
    #[garde(length(chars, max = 20))]
    pub postal_code: String,
    #[garde(length(chars, max = 10))]
    pub gender: String,
    #[garde(skip)]
    pub birth_date: NaiveDate,
    #[garde(skip)]
    pub role: Role,
    #[garde(skip)]
    pub status: Status,
    #[garde(skip)]
    pub avatar: String,
    #[garde(skip)]
    pub document_type: DocumentType,
    #[garde(length(chars, max = 20))]
    pub document_number: String,
    #[garde(skip)]
    pub created_at: DateTime<Utc>,
    #[garde(skip)]
    pub updated_at: DateTime<Utc>,
}

impl fmt::Debug for ClientDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientDetails").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// A client whose details have been checked: role `USER`, valid e-mail, lengths in range.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Client(ClientDetails);

/// What is wrong with a client's details: the paths of the fields, not their values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the details of a client: {}", .fields.join(", "))]
pub struct InvalidClient {
    /// The fields at fault, in alphabetical order.
    pub fields: Vec<String>,
}

impl Client {
    /// Checks the details.
    ///
    /// # Errors
    /// [`InvalidClient`] names every field at fault.
    pub fn new(details: ClientDetails) -> Result<Self, InvalidClient> {
        let mut fields: Vec<String> = match details.validate() {
            Ok(()) => Vec::new(),
            Err(report) => report.iter().map(|(path, _)| path.to_string()).collect(),
        };
        if details.role != Role::USER {
            fields.push("role".into());
        }
        fields.sort();
        fields.dedup();
        if fields.is_empty() { Ok(Self(details)) } else { Err(InvalidClient { fields }) }
    }

    /// The details.
    #[must_use]
    pub fn details(&self) -> &ClientDetails {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("user_id", &self.0.user_id).finish_non_exhaustive()
    }
}
