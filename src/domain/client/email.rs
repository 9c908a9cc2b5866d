//! E-mail addresses as they are compared.

/// The address as it is compared with others: without white space around it, in lower case.
///
/// For comparison only. A client keeps the address as it was given; one with white space around it is refused.
///
/// ```
/// use client_lifecycle::domain::normalised_email;
/// assert_eq!(normalised_email(" Maria@Example.ORG "), "maria@example.org");
/// ```
#[must_use]
pub fn normalised_email(email: &str) -> String {
    email.trim().to_lowercase()
}
