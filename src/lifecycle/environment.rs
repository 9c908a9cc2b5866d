//! The environment in which the lifecycle runs.

use std::fmt;
use std::str::FromStr;

use crate::domain::{Reason, Request};
use crate::policy::Refusal;

/// The environment in which a lifecycle runs. The host sets it; a policy cannot.
///
/// In production, no request may give test data as its reason, because what looks like a test account may be a real
/// one.
///
/// ```
/// use client_lifecycle::domain::{Actor, Reason, Record, Request};
/// use client_lifecycle::lifecycle::Environment;
/// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build()?;
/// let store = MemoryStore::new().with("clients", [Record::new("c1")]);
/// let request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN")).with_reason(Reason::TestData);
///
/// let lifecycle = Lifecycle::open(store, policy).await?;
/// assert!(lifecycle.execute(&request).await.is_err());
/// let lifecycle = lifecycle.with_environment(Environment::NonProduction);
/// assert!(lifecycle.execute(&request).await.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Environment {
    /// The data of real people.
    #[default]
    Production,
    /// Development, tests, staging.
    NonProduction,
}

impl Environment {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Production, Self::NonProduction];

    /// Returns the name on command lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::NonProduction => "non-production",
        }
    }

    /// Checks that the request's reason is possible here.
    pub(super) fn check(self, request: &Request) -> Result<(), Refusal> {
        match (self, request.reason) {
            (Self::Production, Some(Reason::TestData)) => Err(Refusal::Invalid {
                message: "there is no test data in production".into(),
                remedy: "give the real reason, or send the request to a non-production environment".into(),
            }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|environment| environment.as_str() == text);
        found
            .ok_or_else(|| format!("unknown environment `{text}`; expected `production` or `non-production`"))
    }
}
