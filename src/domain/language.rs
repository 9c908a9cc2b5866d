//! Languages in which people are answered.

use serde::{Deserialize, Serialize};

/// A language in which people are answered: Spanish or English.
///
/// ```
/// use client_lifecycle::domain::Language;
/// assert_eq!(Language::default(), Language::English);
/// assert_eq!(serde_json::to_string(&Language::Spanish)?, "\"es\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Language {
    /// Spanish, as the clinic's API answers.
    #[serde(rename = "es")]
    Spanish,
    /// English, as the other three answer.
    #[default]
    #[serde(rename = "en")]
    English,
}
