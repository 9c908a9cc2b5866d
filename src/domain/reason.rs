//! Reasons for a request.

use super::words::words;

words! {
    /// The reason for a request. The request's note has room for details.
    ///
    /// ```
    /// use client_lifecycle::domain::Reason;
    /// assert_eq!("privacy_request".parse(), Ok(Reason::PrivacyRequest));
    /// ```
    #[non_exhaustive]
    pub enum Reason: "reason" {
        /// The person asked for it under data protection law.
        PrivacyRequest = "privacy_request",
        /// The record was created for a test.
        TestData = "test_data",
        /// The record is a duplicate.
        Duplicate = "duplicate",
        /// The record was created to deceive.
        Fraud = "fraud",
        /// An administrator cleans up.
        AdministrativeCleanup = "administrative_cleanup",
        /// The account is no longer used: a workflow of the host ends with it.
        Deactivation = "deactivation",
        /// The user asked for the account to be deleted.
        UserInitiated = "user_initiated",
        /// Another reason, described in the note.
        Other = "other",
    }
}
