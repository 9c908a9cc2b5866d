//! E-mail addresses as they are compared.

/// The address as it is compared with others: without white space around it, ASCII letters in lower case.
///
/// Other letters stay as they are, as in stores: `\u{212a}` (the Kelvin sign) is no `k`, though that is its lower
/// case, so nobody is found by an address that only looks like theirs.
///
/// For comparison only. A client keeps the address as it was given; one with white space around it is refused.
///
/// ```
/// use client_lifecycle::domain::normalised_email;
/// assert_eq!(normalised_email(" Maria@Example.ORG "), "maria@example.org");
/// ```
#[must_use]
pub fn normalised_email(email: &str) -> String {
    email.trim().to_ascii_lowercase()
}
