//! Masks: replacements for personal values.

use serde::{Deserialize, Serialize};

/// The replacement for a personal value when its row is anonymized. Masks are computed from the row; `hmac` also
/// needs the host's key.
///
/// ```
/// use client_lifecycle::domain::Mask;
/// let mask: Mask = serde_json::from_str(r#"{"text": "anonymized"}"#)?;
/// assert_eq!(mask, Mask::Text("anonymized".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// Null.
    Null,
    /// The same text in every row.
    Text(String),
    /// 1 January of the date's year.
    Year,
    /// The first characters only.
    Truncate(u16),
    /// `<record id>@anonymized.invalid`, which is unique and can never receive mail (RFC 2606).
    PlaceholderEmail,
    /// A pseudonym of a text under a [`MaskKey`](super::MaskKey) of the host: 64 hexadecimal digits. Equal values
    /// have equal pseudonyms, and null stays null. There is no unkeyed hash, because guessing reverses it for
    /// low-entropy values.
    Hmac,
}

impl Mask {
    /// Returns whether different values stay different, or become null.
    pub(crate) fn keeps_unique(&self) -> bool {
        match self {
            Self::Null | Self::PlaceholderEmail | Self::Hmac => true,
            Self::Text(_) | Self::Year | Self::Truncate(_) => false,
        }
    }
}
