//! Actors: who asks.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Role;

/// Who asks, already authenticated by the host. `Debug` hides the IP address and the user agent.
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
    /// The actor's id in the host's system; empty for somebody who has not signed in.
    pub id: String,
    /// The actor's roles.
    #[serde(default)]
    pub roles: BTreeSet<Role>,
    /// What the actor manages. Where this is empty the actor's id stands for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    /// The address the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The program the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl Actor {
    /// An actor with one role.
    #[must_use]
    pub fn new(id: impl Into<String>, role: impl Into<Role>) -> Self {
        Self::with_roles(id, [role.into()])
    }

    /// An actor with any number of roles.
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

    /// Somebody who has not signed in, of whom at most the address and the program are known.
    ///
    /// A request by nobody in particular is refused like one that names no actor, and the audit log says where it
    /// came from.
    ///
    /// ```
    /// use client_lifecycle::domain::Actor;
    /// let somebody = Actor::anonymous().ip("203.0.113.9");
    /// assert!(somebody.is_anonymous());
    /// ```
    #[must_use]
    pub fn anonymous() -> Self {
        Self::with_roles("", [])
    }

    /// Whether nobody has signed in. An actor without an id is nobody, whatever roles it claims.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.id.is_empty()
    }

    /// The same with one more scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.insert(scope.into());
        self
    }

    /// The same with the address the request came from.
    #[must_use]
    pub fn ip(mut self, ip: impl Into<String>) -> Self {
        self.ip = Some(ip.into());
        self
    }

    /// The same with the program the request came from.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// What the actor manages: its scopes, or its id where it has none.
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
