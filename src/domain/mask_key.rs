//! The key of keyed pseudonyms.

use std::fmt::{self, Write};
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{FieldName, KindName, ParseError};

/// The host's key for the mask [`Hmac`](super::Mask::Hmac): at least 32 random bytes, kept with the host's other
/// secrets.
///
/// A pseudonym is the HMAC-SHA-256 of the kind, the field and the value, as 64 lower-case hexadecimal digits. Equal
/// values of one field have equal pseudonyms, so rows that belonged together can still be joined. Equal values of
/// different fields have different pseudonyms, so they cannot be joined. With the key, a pseudonym can be traced by
/// trying values; without it, it cannot.
///
/// The pseudonyms change with the key, and with the name of the kind or field in the data map.
///
/// The key is never in a document, plan, digest, audit entry or error, and `Debug` does not show it.
///
/// ```
/// use client_lifecycle::domain::MaskKey;
/// let key = MaskKey::new([7; 32])?;
/// let pseudonym = key.pseudonym(&"clients".into(), &"phone".into(), "600123456");
/// assert_eq!(pseudonym.len(), 64);
/// assert_eq!(format!("{key:?}"), "MaskKey(..)");
/// assert!(MaskKey::new("too short").is_err());
/// # Ok::<(), client_lifecycle::domain::ParseError>(())
/// ```
#[derive(Clone)]
pub struct MaskKey(Arc<Hmac<Sha256>>);

impl MaskKey {
    /// The minimum number of bytes, which is the output size of SHA-256.
    pub const LENGTH: usize = 32;

    /// Makes a key of these bytes.
    ///
    /// # Errors
    /// [`ParseError`] for fewer than 32. It does not repeat them.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, ParseError> {
        let bytes = bytes.as_ref();
        let (least, found) = (Self::LENGTH, bytes.len());
        let short =
            || ParseError::new(format!("a mask key needs at least {least} bytes; this one has {found}"));
        if found < least {
            return Err(short());
        }
        // HMAC accepts keys of any length.
        let keyed = Hmac::new_from_slice(bytes).map_err(|_| short())?;
        Ok(Self(Arc::new(keyed)))
    }

    /// Returns the replacement for a text in a field of a kind.
    #[must_use]
    pub fn pseudonym(&self, kind: &KindName, field: &FieldName, text: &str) -> String {
        let mut mac = (*self.0).clone();
        for name in [kind.as_str(), field.as_str()] {
            // The length prevents two pairs of names from hashing the same bytes.
            mac.update(&(name.len() as u64).to_be_bytes());
            mac.update(name.as_bytes());
        }
        mac.update(text.as_bytes());
        let code = mac.finalize().into_bytes();
        code.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '\0\0\0\0\0\0\0\7clients\0\0\0\0\0\0\0\5emaila@x' | openssl dgst -sha256 -mac HMAC -macopt hexkey:07…`
    #[test]
    fn a_pseudonym_is_the_hmac_of_kind_field_and_value() {
        let key = MaskKey::new([7; 32]).unwrap();
        let found = key.pseudonym(&"clients".into(), &"email".into(), "a@x");
        assert_eq!(found, "eea6962402121ed300703296939217cb3d7bfd4c632527d90b348c501c8e8c9b");
    }

    #[test]
    fn fields_kinds_and_keys_have_different_pseudonyms() {
        let (key, other) = (MaskKey::new([7; 32]).unwrap(), MaskKey::new([7; 33]).unwrap());
        let made = [
            key.pseudonym(&"clients".into(), &"email".into(), "a@x"),
            key.pseudonym(&"clients".into(), &"phone".into(), "a@x"),
            key.pseudonym(&"users".into(), &"email".into(), "a@x"),
            key.pseudonym(&"client".into(), &"semail".into(), "a@x"),
            key.pseudonym(&"clients".into(), &"email".into(), "A@x"),
            other.pseudonym(&"clients".into(), &"email".into(), "a@x"),
        ];
        let distinct: std::collections::BTreeSet<_> = made.iter().collect();
        assert_eq!(distinct.len(), made.len());
    }

    #[test]
    fn a_key_of_fewer_than_32_bytes_is_refused() {
        assert_eq!(
            MaskKey::new([7; 31]).unwrap_err().to_string(),
            "a mask key needs at least 32 bytes; this one has 31"
        );
    }
}
