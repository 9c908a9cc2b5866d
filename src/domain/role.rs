//! Roles of actors.

use std::fmt;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::text_visitor::TextVisitor;

/// A role of an actor. The host chooses the names; the constants are the roles of the four presets.
///
/// ```
/// use client_lifecycle::domain::Role;
/// assert_eq!(Role::from("ADMIN"), Role::ADMIN);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Role(std::borrow::Cow<'static, str>);

impl Role {
    /// A client.
    pub const USER: Self = Self(std::borrow::Cow::Borrowed("USER"));
    /// An administrator.
    pub const ADMIN: Self = Self(std::borrow::Cow::Borrowed("ADMIN"));
    /// An operator above resellers.
    pub const MASTER: Self = Self(std::borrow::Cow::Borrowed("MASTER"));
    /// A reseller, who manages their own customers.
    pub const RESALE: Self = Self(std::borrow::Cow::Borrowed("RESALE"));

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Role {
    fn from(name: &str) -> Self {
        Self(name.to_owned().into())
    }
}

impl From<String> for Role {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "the name of a role, such as `ADMIN`";
        deserializer.deserialize_str(TextVisitor { expected, read: |text| Ok(text.into()) })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}
