//! The prefix that keeps the library's tables apart from the host's.

use std::fmt;
use std::sync::Arc;

use crate::store::StoreError;

/// The names that follow a prefix: tables, an index, and what single statements and transactions hold.
const OWN: [&str; 10] = [
    "schema",
    "operations",
    "audit",
    "audit_by_record",
    "outbox",
    "marks",
    "marked",
    "members",
    "pseudonyms",
    "walk",
];
/// The same with a number after it.
const NUMBERED: [&str; 4] = ["set_", "walk_", "gone_", "kept_"];

/// What the names of the library's tables begin with: `lifecycle_` unless said otherwise.
///
/// ```
/// use client_lifecycle::sql::Prefix;
/// assert_eq!(Prefix::default().as_str(), "lifecycle_");
/// assert!(Prefix::new("my app").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prefix(Arc<str>);

impl Prefix {
    /// A prefix of letters, digits and underscores, which does not begin with a digit.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for anything else.
    pub fn new(prefix: &str) -> Result<Self, StoreError> {
        let named = prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let first = prefix.chars().next();
        // `sqlite_` and `pg_` belong to the databases.
        let reserved = ["sqlite_", "pg_"].iter().any(|own| prefix.to_ascii_lowercase().starts_with(own));
        if !named || reserved || prefix.len() > 30 || first.is_none_or(|first| first.is_ascii_digit()) {
            return Err(StoreError::Unsupported(format!(
                "`{prefix}` as the prefix of tables; use up to 30 letters, digits and underscores"
            )));
        }
        Ok(Self(prefix.into()))
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether statements of the library mean something of its own by this name.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let own = name.strip_prefix(&self.0.to_ascii_lowercase());
        own.is_some_and(|own| {
            let number = NUMBERED.iter().find_map(|what| own.strip_prefix(what));
            OWN.contains(&own) || number.is_some_and(|number| number.parse::<u16>().is_ok())
        })
    }

    /// The name of a table of the library.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}{name}", self.0)
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("lifecycle_".into())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
