//! Identity documents.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The sort of identity document a client has shown.
///
/// ```
/// use client_lifecycle::domain::DocumentType;
/// assert_eq!("NIE".parse::<DocumentType>()?, DocumentType::Nie);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DocumentType {
    /// The Spanish national identity document.
    Dni,
    /// A passport.
    Passport,
    /// The Spanish identity number of foreigners.
    Nie,
}

/// Text that is none of `DNI`, `PASSPORT`, `NIE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a document type is `DNI`, `PASSPORT` or `NIE`")]
pub struct UnknownDocumentType;

impl DocumentType {
    /// `DNI`, `PASSPORT` or `NIE`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dni => "DNI",
            Self::Passport => "PASSPORT",
            Self::Nie => "NIE",
        }
    }
}

impl fmt::Display for DocumentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DocumentType {
    type Err = UnknownDocumentType;
    fn from_str(text: &str) -> Result<Self, UnknownDocumentType> {
        match text {
            "DNI" => Ok(Self::Dni),
            "PASSPORT" => Ok(Self::Passport),
            "NIE" => Ok(Self::Nie),
            _ => Err(UnknownDocumentType),
        }
    }
}
