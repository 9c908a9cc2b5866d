//! Actors, the callers who make requests, and their roles.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::text_visitor::TextVisitor;

/// The caller who makes a request, already authenticated by the host. `Debug` hides the IP address and the user agent.
///
/// ```
/// use client_lifecycle::domain::Actor;
/// let actor = Actor::new("rob", "RESALE").scope("reseller-7").ip("203.0.113.9");
/// assert!(!format!("{actor:?}").contains("203.0.113.9"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Actor {
    /// The actor's id in the host's system; empty if the caller is not signed in.
    pub id: String,
    /// The actor's roles.
    #[serde(default)]
    pub roles: BTreeSet<Role>,
    /// The scopes the actor manages. If empty, the actor's id is its only scope.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    /// The address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The user agent that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl Actor {
    /// Makes an actor with one role.
    #[must_use]
    pub fn new(id: impl Into<String>, role: impl Into<Role>) -> Self {
        Self::with_roles(id, [role.into()])
    }

    /// Makes an actor with several roles.
    #[must_use]
    pub fn with_roles(id: impl Into<String>, roles: impl IntoIterator<Item = Role>) -> Self {
        Self {
            id: id.into(),
            roles: roles.into_iter().collect(),
            scopes: BTreeSet::new(),
            ip: None,
            user_agent: None,
        }
    }

    /// Makes an actor for a caller who is not signed in.
    ///
    /// Requests of an anonymous actor are refused like requests without an actor. The audit log records their address
    /// and user agent.
    ///
    /// ```
    /// use client_lifecycle::domain::Actor;
    /// let visitor = Actor::anonymous().ip("203.0.113.9");
    /// assert!(visitor.is_anonymous());
    /// ```
    #[must_use]
    pub fn anonymous() -> Self {
        Self::with_roles("", [])
    }

    /// Returns whether the actor has no id, whatever roles it claims.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.id.is_empty()
    }

    /// Adds a scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.insert(scope.into());
        self
    }

    /// Sets the address that the request came from.
    #[must_use]
    pub fn ip(mut self, ip: impl Into<String>) -> Self {
        self.ip = Some(ip.into());
        self
    }

    /// Sets the user agent that the request came from.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Returns the scopes the actor manages: its own, or its id if it has none.
    pub fn managed(&self) -> impl Iterator<Item = &str> {
        let own = self.scopes.is_empty().then_some(self.id.as_str());
        self.scopes.iter().map(String::as_str).chain(own)
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor")
            .field("id", &self.id)
            .field("roles", &self.roles)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

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
