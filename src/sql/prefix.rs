//! Names: quoting, and the prefix that separates the library's tables from those of the host.

use std::fmt;
use std::sync::Arc;

use crate::store::StoreError;

/// The tables of the library, without their prefix.
pub(crate) const TABLES: [&str; 5] = ["schema", "operations", "audit", "outbox", "marks"];

/// Other names with the prefix: an index, temporary tables, and parts of single statements.
const OTHERS: [&str; 7] = ["audit_by_record", "marked", "members", "pseudonyms", "walk", "noted", "recorded"];
/// Names that end with a number.
const NUMBERED: [&str; 5] = ["set_", "walk_", "gone_", "kept_", "reported_"];

/// The prefix of the names of the library's tables; by default `lifecycle_`.
///
/// ```
/// use client_lifecycle::sql::Prefix;
/// assert_eq!(Prefix::default().as_str(), "lifecycle_");
/// assert!(Prefix::new("my app").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prefix(Arc<str>);

impl Prefix {
    /// Makes a prefix of letters, digits and underscores that does not start with a digit.
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

    /// Returns the prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the library itself uses this name in its statements.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let own = name.strip_prefix(&self.0.to_ascii_lowercase());
        own.is_some_and(|own| {
            let number = NUMBERED.iter().find_map(|what| own.strip_prefix(what));
            TABLES.contains(&own)
                || OTHERS.contains(&own)
                || number.is_some_and(|number| number.parse::<u16>().is_ok())
        })
    }

    /// Returns the name of a table of the library.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}{name}", self.0)
    }

    /// Returns the quoted name of a table of the library.
    pub(crate) fn quoted(&self, name: &str) -> String {
        quote(&self.table(name))
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

/// Quotes a name, whatever characters it contains.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
