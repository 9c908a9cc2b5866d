//! The request, as the arguments of `plan`, `apply` and `restore`.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use client_lifecycle::domain::{Actor, Mode, OperationId, Reason, RecordId, ReferenceName, Role};
use client_lifecycle::lifecycle::Environment;
use client_lifecycle::{DeletionPolicy, Lifecycle, Request, Store};

use crate::arguments::{Shared, operation};
use crate::failure::Failure;
use crate::mask_key;

#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    /// The kind of the records, such as `clients`
    pub(crate) kind: String,
    /// The ids of the records; the request is carried out for all of them or for none
    #[arg(value_name = "ID", required_unless_present = "undoes", allow_negative_numbers = true)]
    pub(crate) ids: Vec<String>,
    /// What to do with the records
    #[arg(long, value_parser = PossibleValuesParser::new(modes())
        .try_map(|name| name.parse::<Mode>()))]
    pub(crate) mode: Mode,
    /// With `--mode restore`: the soft deletion to take back, with all of its records, instead of the ids of records
    #[arg(long, value_name = "UUID", value_parser = operation, conflicts_with = "ids")]
    pub(crate) undoes: Option<OperationId>,
    /// The new target of a reference whose rule is `reassign`; may be repeated
    #[arg(long, value_name = "REFERENCE=ID", value_parser = new_target)]
    pub(crate) reassign: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) options: RequestOptions,
}

/// Who makes a request, and why.
#[derive(Debug, Args)]
pub(crate) struct RequestOptions {
    /// The id of the actor who makes the request
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    actor: Option<String>,
    /// A role of the actor; may be repeated
    #[arg(long = "role", value_name = "ROLE", requires = "actor", value_parser = NonEmptyStringValueParser::new())]
    roles: Vec<String>,
    /// The scopes of the actor, by default its own id; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", requires = "actor", value_parser = NonEmptyStringValueParser::new())]
    scopes: Vec<String>,
    /// The IP address of the actor
    #[arg(long, requires = "actor")]
    ip: Option<IpAddr>,
    /// The user agent of the actor
    #[arg(long, requires = "actor")]
    user_agent: Option<String>,
    /// The reason for the request
    #[arg(long, value_parser = PossibleValuesParser::new(Reason::ALL.iter().map(|reason| reason.as_str()))
        .try_map(|name| name.parse::<Reason>()))]
    pub(crate) reason: Option<Reason>,
    /// An explanation, stored only in the audit log
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// The name of a warning to acknowledge; may be repeated
    #[arg(long, value_name = "WARNING")]
    acknowledge: Vec<String>,
    /// The environment of the records: in production no record is deleted as test data
    #[arg(long, default_value_t, value_parser = PossibleValuesParser::new(Environment::ALL.iter().map(|environment| environment.as_str()))
        .try_map(|name| name.parse::<Environment>()))]
    pub(crate) environment: Environment,
    /// The time as of which the request is judged, such as `2026-11-20T10:00:00Z`; by default now. `apply` on a database
    /// takes it only with `--environment non-production`
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    now: Option<DateTime<Utc>>,
}

impl RequestArguments {
    pub(crate) fn request(&self) -> Request {
        let mut request = Request::batch(self.mode, self.kind.as_str(), self.ids.iter().cloned());
        request.undoes = self.undoes;
        self.options.complete(&mut request);
        for (reference, target) in &self.reassign {
            let target = RecordId::from(target.as_str());
            request.reassign.insert(ReferenceName::from(reference.as_str()), target);
        }
        request
    }
}

impl RequestOptions {
    fn complete(&self, request: &mut Request) {
        request.actor = self.actor();
        request.reason = self.reason;
        request.note.clone_from(&self.note);
        request.acknowledged.extend(self.acknowledge.iter().cloned());
    }

    /// Opens the lifecycle that judges the request.
    pub(crate) async fn lifecycle(
        &self,
        store: Arc<dyn Store>,
        policy: DeletionPolicy,
        shared: &Shared,
    ) -> Result<Lifecycle<Arc<dyn Store>>, Failure> {
        let lifecycle = mask_key::given(Lifecycle::open(store, policy).await?, shared)?;
        let lifecycle = lifecycle.with_environment(self.environment);
        Ok(match self.now {
            Some(now) => lifecycle.as_of(now),
            None => lifecycle,
        })
    }

    /// Refuses a time of its own for a request that is carried out on the records of real people: it would end
    /// retentions early.
    pub(crate) fn refuse_now_in_production(&self) -> Result<(), Failure> {
        if self.now.is_none() || self.environment != Environment::Production {
            return Ok(());
        }
        let message = "in production, `apply` judges a request as of the time of the machine, so it does not take `--now`";
        Err(Failure::usage(message).remedy(
            "leave out `--now`, or add `--environment non-production`; `plan` takes `--now` everywhere",
        ))
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

/// Returns the names of the modes that carry no values. The command line has no options for values.
fn modes() -> impl Iterator<Item = &'static str> {
    Mode::ALL.iter().copied().filter(|mode| !mode.carries_values()).map(Mode::as_str)
}

fn new_target(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((reference, target)) if !reference.is_empty() && !target.is_empty() => {
            Ok((reference.to_owned(), target.to_owned()))
        }
        _ => Err("expected a reference and an id, such as `debts.client_id=c2`".into()),
    }
}

/// Parses RFC 3339 only. `str::parse` accepts more forms, which other programs might not read.
fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| "expected a time in RFC 3339, such as `2026-11-20T10:00:00Z`".into())
}
