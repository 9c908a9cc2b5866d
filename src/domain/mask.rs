//! What takes the place of a personal value.

use serde::{Deserialize, Serialize};

/// What takes the place of a personal value when its row is anonymized. Each is computed from the row, and
/// `hmac` from the host's key too.
///
/// ```
/// use client_lifecycle::domain::Mask;
/// let mask: Mask = serde_json::from_str(r#"{"text": "anonymized"}"#)?;
/// assert_eq!(mask, Mask::Text("anonymized".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum Mask {
    /// Nothing.
    Null,
    /// The same text in every row.
    Text(String),
    /// The first of January of the date's year.
    Year,
    /// The first characters only.
    Truncate(u16),
    /// `<record id>@anonymized.invalid`, which is unique and can never receive mail (RFC 2606).
    PlaceholderEmail,
    /// A pseudonym of a text under a [`MaskKey`](super::MaskKey) of the host: 64 hexadecimal digits, equal
    /// where two rows had the same value. Null stays null. An unkeyed hash is not offered: values of low
    /// entropy can be guessed back from it.
    Hmac,
}

impl Mask {
    /// Whether two rows with different values have different values afterwards too, or none.
    pub(crate) fn keeps_unique(&self) -> bool {
        match self {
            Self::Null | Self::PlaceholderEmail | Self::Hmac => true,
            Self::Text(_) | Self::Year | Self::Truncate(_) => false,
        }
    }
}
