//! Languages of messages.

use crate::domain::words::words;

words! {
    /// The language of messages: Spanish or English.
    ///
    /// ```
    /// use client_lifecycle::clients::Language;
    /// assert_eq!(Language::default(), Language::English);
    /// assert_eq!(serde_json::to_string(&Language::Spanish)?, "\"es\"");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Language: "language" {
        /// Spanish, the language of the clinic's API.
        Spanish = "es",
        /// English, the language of the other three systems.
        #[default]
        English = "en",
    }
}
