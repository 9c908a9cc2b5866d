//! E-mail addresses in the form in which they are compared.

/// Returns the address in the form in which it is compared: trimmed, with ASCII letters in lower case.
///
/// Other letters stay unchanged, as in databases. The Kelvin sign `\u{212a}` is not equal to `k`, so an address that
/// only looks like a client's does not find the client.
///
/// For comparison only: a client keeps the address as it was given, and an address with surrounding white space is
/// invalid.
///
/// ```
/// use client_lifecycle::clients::normalised_email;
/// assert_eq!(normalised_email(" Maria@Example.ORG "), "maria@example.org");
/// ```
#[must_use]
pub fn normalised_email(email: &str) -> String {
    email.trim().to_ascii_lowercase()
}
