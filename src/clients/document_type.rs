//! Identity documents and their check letters.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The type of a client's identity document.
///
/// ```
/// use client_lifecycle::clients::DocumentType;
/// assert_eq!("NIE".parse::<DocumentType>()?, DocumentType::Nie);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum DocumentType {
    /// The Spanish national identity document.
    Dni,
    /// A passport.
    Passport,
    /// The Spanish identity number of foreigners.
    Nie,
}

/// A text that is not `DNI`, `PASSPORT` or `NIE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown document type; expected `DNI`, `PASSPORT` or `NIE`")]
pub struct UnknownDocumentType;

impl DocumentType {
    /// Returns `DNI`, `PASSPORT` or `NIE`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dni => "DNI",
            Self::Passport => "PASSPORT",
            Self::Nie => "NIE",
        }
    }

    /// Returns whether a number has the form of this type and the letter that goes with its digits.
    ///
    /// A DNI has eight digits and a letter. A NIE has `X`, `Y` or `Z` (which count as the digits 0, 1 and 2),
    /// seven digits and a letter. The letter is the remainder of the digits modulo 23, looked up in
    /// `TRWAGMYFPDXBNJZSQVHLCKE`. Upper and lower case are equal; spaces and hyphens are not part of a number.
    /// Passports have no common form, so every number fits.
    ///
    /// The letter is defined by Real Decreto 1553/2005, article 11. The Spanish authorities publish the calculation
    /// as "Cálculo del dígito de control del NIF/NIE".
    ///
    /// ```
    /// use client_lifecycle::clients::DocumentType;
    /// assert!(DocumentType::Dni.letter_fits("12345678Z"));
    /// assert!(!DocumentType::Dni.letter_fits("12345678A"));
    /// assert!(DocumentType::Nie.letter_fits("x1234567l"));
    /// ```
    #[must_use]
    pub fn letter_fits(self, number: &str) -> bool {
        let number = number.to_ascii_uppercase();
        match self {
            Self::Passport => true,
            Self::Dni => fits(&number),
            Self::Nie => ["X", "Y", "Z"]
                .iter()
                .zip(["0", "1", "2"])
                .filter_map(|(letter, digit)| Some(format!("{digit}{}", number.strip_prefix(letter)?)))
                .any(|number| fits(&number)),
        }
    }
}

/// Checks eight digits against their letter.
fn fits(number: &str) -> bool {
    /// The letters by remainder modulo 23.
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let Some((digits, letter)) = number.split_at_checked(8) else { return false };
    // `parse` accepts a sign, which is not a digit.
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let expected = digits.parse::<usize>().ok().and_then(|digits| LETTERS.get(digits % LETTERS.len()));
    all_digits && expected.is_some_and(|expected| letter.as_bytes() == [*expected])
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
