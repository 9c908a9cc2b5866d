//! Identity documents and their check letters.

use crate::domain::words::words;

words! {
    /// The type of a client's identity document.
    ///
    /// ```
    /// use client_lifecycle::DocumentType;
    /// assert_eq!("NIE".parse::<DocumentType>()?, DocumentType::Nie);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[non_exhaustive]
    pub enum DocumentType: "document type" {
        /// The Spanish national identity document.
        Dni = "DNI",
        /// A passport.
        Passport = "PASSPORT",
        /// The Spanish identity number of foreigners.
        Nie = "NIE",
    }
}

impl DocumentType {
    /// Returns whether a number has the format of this type, with the right check letter.
    ///
    /// A DNI has eight digits and a letter. A NIE has `X`, `Y` or `Z` (which count as 0, 1 and 2), seven digits and a
    /// letter. The remainder of the digits modulo 23 is the position of the letter in `TRWAGMYFPDXBNJZSQVHLCKE`. Case
    /// does not matter; spaces and hyphens are not allowed. Passports have no common format, so every number is
    /// accepted.
    ///
    /// The letter is defined by Real Decreto 1553/2005, article 11. The Spanish authorities publish the calculation
    /// as "Cálculo del dígito de control del NIF/NIE".
    ///
    /// ```
    /// use client_lifecycle::DocumentType;
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

/// Returns whether eight digits and a letter belong together.
fn fits(number: &str) -> bool {
    /// The check letters, by remainder modulo 23.
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let Some((digits, letter)) = number.split_at_checked(8) else { return false };
    // `parse` would also accept a sign.
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let expected = digits.parse::<usize>().ok().and_then(|digits| LETTERS.get(digits % LETTERS.len()));
    all_digits && expected.is_some_and(|expected| letter.as_bytes() == [*expected])
}
