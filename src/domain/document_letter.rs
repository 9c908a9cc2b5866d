//! The check letter of Spanish identity documents.

use super::DocumentType;

/// The letters by remainder modulo 23.
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

impl DocumentType {
    /// Whether a number has the form of this type and the letter that goes with its digits.
    ///
    /// A DNI has eight digits and a letter. A NIE has `X`, `Y` or `Z` (which count as the digits 0, 1 and 2),
    /// seven digits and a letter. The letter is the remainder of the digits modulo 23, looked up in
    /// `TRWAGMYFPDXBNJZSQVHLCKE`. Upper and lower case are the same; spaces and hyphens are not part of a
    /// number. Passports have no common form: every number is theirs.
    ///
    /// The check character is that of Real Decreto 1553/2005, article 11; how it is worked out is published by
    /// the Spanish authorities as "Cálculo del dígito de control del NIF/NIE".
    ///
    /// ```
    /// use client_lifecycle::domain::DocumentType;
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

/// Eight digits and their letter.
fn fits(number: &str) -> bool {
    let Some((digits, letter)) = number.split_at_checked(8) else { return false };
    // `parse` takes a sign, which is no digit.
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let expected = digits.parse::<usize>().ok().and_then(|digits| LETTERS.get(digits % LETTERS.len()));
    all_digits && expected.is_some_and(|expected| letter.as_bytes() == [*expected])
}
