//! Reasons: why something is asked for.

use super::words::words;

words! {
    /// Why something is asked for. What else there is to say belongs into the request's note.
    ///
    /// ```
    /// use client_lifecycle::domain::Reason;
    /// assert_eq!("privacy_request".parse(), Ok(Reason::PrivacyRequest));
    /// ```
    #[non_exhaustive]
    pub enum Reason: "reason" {
        /// The person asked for it under data protection law.
        PrivacyRequest = "privacy_request",
        /// The record was made for a test.
        TestData = "test_data",
        /// The record was made twice by accident.
        Duplicate = "duplicate",
        /// The record was made to deceive.
        Fraud = "fraud",
        /// An administrator cleans up.
        AdministrativeCleanup = "administrative_cleanup",
        /// The account is no longer to be used: a workflow of the host's ends with it.
        Deactivation = "deactivation",
        /// The user asked for the account to go.
        UserInitiated = "user_initiated",
        /// Something else, which the note says.
        Other = "other",
    }
}
