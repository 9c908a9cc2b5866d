//! Identity documents.

use super::words::words;

words! {
    /// The type of identity document a client has shown.
    ///
    /// ```
    /// use client_lifecycle::domain::DocumentType;
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
