//! E-mail addresses as they are compared.

/// Returns the address as it is compared with others: without white space around it, ASCII letters in lower case.
///
/// Other letters stay as they are, as in databases. The Kelvin sign `\u{212a}` is not equal to `k`, so an address that
/// only looks like a client's does not find the client.
///
/// For comparison only: a client keeps the address as it was given, and one with white space around it is invalid.
///
/// ```
/// use client_lifecycle::clients::normalised_email;
/// assert_eq!(normalised_email(" Maria@Example.ORG "), "maria@example.org");
/// ```
#[must_use]
pub fn normalised_email(email: &str) -> String {
    email.trim().to_ascii_lowercase()
}
