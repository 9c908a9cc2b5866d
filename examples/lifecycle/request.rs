//! The request, as `plan` and `apply` take it.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use client_lifecycle::domain::{Actor, Mode, Reason, RecordId, ReferenceName, Request, Role};
use client_lifecycle::lifecycle::Environment;

#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    /// The kind of the records, such as `clients`
    kind: String,
    /// The ids of the records: all of them are done, or none
    #[arg(value_name = "ID", required = true, allow_negative_numbers = true)]
    ids: Vec<String>,
    /// What is to become of the records
    #[arg(long, value_parser = PossibleValuesParser::new(modes())
        .try_map(|name| name.parse::<Mode>()))]
    mode: Mode,
    /// Who asks
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    actor: Option<String>,
    /// A role of the actor; may be repeated
    #[arg(long = "role", requires = "actor", value_parser = NonEmptyStringValueParser::new())]
    roles: Vec<String>,
    /// What the actor manages, where it is not its own id; may be repeated
    #[arg(long = "scope", requires = "actor", value_parser = NonEmptyStringValueParser::new())]
    scopes: Vec<String>,
    /// The address the actor's request came from
    #[arg(long, requires = "actor")]
    ip: Option<IpAddr>,
    /// The program the actor's request came from
    #[arg(long, requires = "actor")]
    user_agent: Option<String>,
    /// Why
    #[arg(long, value_parser = PossibleValuesParser::new(Reason::ALL.iter().map(|reason| reason.as_str()))
        .try_map(|name| name.parse::<Reason>()))]
    reason: Option<Reason>,
    /// What else there is to say; kept in the audit log and nowhere else
    #[arg(long)]
    note: Option<String>,
    /// The name of a warning that is accepted; may be repeated
    #[arg(long, value_name = "WARNING")]
    acknowledge: Vec<String>,
    /// The new target of a reference whose rule is `reassign`; may be repeated
    #[arg(long, value_name = "REFERENCE=ID", value_parser = new_target)]
    reassign: Vec<(String, String)>,
    /// Where the records are: in production nothing is deleted as test data
    #[arg(long, default_value_t, value_parser = PossibleValuesParser::new(Environment::ALL.map(Environment::as_str))
        .try_map(|name| name.parse::<Environment>()))]
    pub(crate) environment: Environment,
    /// Judge as if it were then, such as `2026-11-20T10:00:00Z`
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub(crate) now: Option<DateTime<Utc>>,
}

impl RequestArguments {
    pub(crate) fn request(&self) -> Request {
        let mut request = Request::batch(self.mode, self.kind.as_str(), self.ids.iter().cloned());
        request.actor = self.actor();
        request.reason = self.reason;
        request.note.clone_from(&self.note);
        request.acknowledged.extend(self.acknowledge.iter().cloned());
        for (reference, target) in &self.reassign {
            let target = RecordId::from(target.as_str());
            request.reassign.insert(ReferenceName::from(reference.as_str()), target);
        }
        request
    }

    fn actor(&self) -> Option<Actor> {
        let roles = self.roles.iter().map(|role| Role::from(role.as_str()));
        let mut actor = Actor::with_roles(self.actor.as_deref()?, roles);
        actor.scopes.extend(self.scopes.iter().cloned());
        actor.ip = self.ip.map(|ip| ip.to_string());
        actor.user_agent.clone_from(&self.user_agent);
        Some(actor)
    }
}

/// Modes that bring values are for programs: there is no way to give them here.
fn modes() -> impl Iterator<Item = &'static str> {
    Mode::ALL.iter().copied().filter(|mode| !mode.carries_values()).map(Mode::as_str)
}

fn new_target(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((reference, target)) if !reference.is_empty() && !target.is_empty() => {
            Ok((reference.to_owned(), target.to_owned()))
        }
        _ => Err("name a reference and an id, such as `debts.client_id=c2`".into()),
    }
}

/// Stricter than `parse`, which also takes what other programs would not read back.
fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| "an instant is written like `2026-11-20T10:00:00Z`".into())
}
