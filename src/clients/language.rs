//! Languages of messages.

use serde::{Deserialize, Serialize};

/// The language of messages: Spanish or English.
///
/// ```
/// use client_lifecycle::clients::Language;
/// assert_eq!(Language::default(), Language::English);
/// assert_eq!(serde_json::to_string(&Language::Spanish)?, "\"es\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Language {
    /// Spanish, the language of the clinic's API.
    #[serde(rename = "es")]
    Spanish,
    /// English, the language of the other three systems.
    #[default]
    #[serde(rename = "en")]
    English,
}
