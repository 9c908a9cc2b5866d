//! Parameters of a request that are not in its body: the query and `Idempotency-Key`.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use client_lifecycle::Lifecycle;
use client_lifecycle::Request;
use client_lifecycle::domain::{OperationId, Reason};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::Refusal;
use client_lifecycle::protocol::{Digest, Receipt};
use client_lifecycle::store::Store;

use crate::database::Database;

/// The header with the operation id. Requests with the same id are carried out once.
const KEY: &str = "idempotency-key";

/// The maximum number of characters in a note. Notes are kept as long as the audit log.
const NOTE: usize = 1_000;

/// The parameters that every request that changes data accepts.
const ALWAYS: [&str; 3] = ["acknowledge", "reason", "note"];

/// The parameters of a request outside its body, as they were sent.
pub(crate) struct Asked {
    /// The pairs of the query; `None` if it cannot be parsed.
    query: Option<Vec<(String, String)>>,
    key: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let key = parts.headers.get(KEY).map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
        Ok(Self { query: Query::try_from_uri(&parts.uri).ok().map(|Query(pairs)| pairs), key })
    }
}

impl Asked {
    /// Adds the parameters to a request. Refuses parameters that are neither common to all requests nor listed in
    /// `also`.
    pub(crate) fn complete(&self, request: Request, also: &[&str]) -> Result<Request, Refusal> {
        let known: Vec<&str> = ALWAYS.iter().chain(also).copied().collect();
        self.only(&known)?;
        let mut request = request;
        for name in self.all("acknowledge") {
            request = request.acknowledge(name);
        }
        if let Some(reason) = self.one("reason")? {
            let reason = reason.parse::<Reason>();
            request = request.with_reason(reason.map_err(|_| {
                let known: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
                invalid("unknown reason", format!("give one of {}", known.join(", ")))
            })?);
        }
        if let Some(note) = self.one("note")? {
            if note.chars().count() > NOTE {
                return Err(invalid("the note is too long", format!("use at most {NOTE} characters")));
            }
            request = request.note(note);
        }
        if let Some(key) = &self.key {
            let key = key.parse::<OperationId>();
            request =
                request.operation(key.map_err(|_| {
                    invalid("the header Idempotency-Key is not a UUID", "send your own UUID")
                })?);
        }
        Ok(request)
    }

    /// Refuses the request if it has a parameter that is not in `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let pairs = self.query.as_ref();
        let pairs = pairs.ok_or_else(|| invalid("the query cannot be read", "encode it as a form"))?;
        if pairs.iter().all(|(name, _)| known.contains(&name.as_str())) {
            return Ok(());
        }
        Err(invalid("a parameter of the query is unknown", format!("known are {}", known.join(", "))))
    }

    /// Returns the value of a parameter. Refuses a parameter that is given twice.
    pub(crate) fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(invalid(format!("{name} is given twice"), "give it once")),
        }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.query.iter().flatten();
        pairs.filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) fn invalid(message: impl Into<String>, remedy: impl Into<String>) -> Refusal {
    Refusal::Invalid { message: message.into(), remedy: remedy.into() }
}

/// Carries out a removal. If the query has the digest of a plan, carries out exactly that plan or nothing. Once values
/// are erased, they are also removed from the log of the database.
pub(crate) async fn remove(
    database: &Database,
    lifecycle: &Lifecycle<impl Store>,
    request: Request,
    asked: &Asked,
    also: &[&str],
) -> Result<Receipt, Error> {
    let known: Vec<&str> = also.iter().chain(&["digest"]).copied().collect();
    let complete = asked.complete(request.clone(), &known).and_then(|request| {
        let shown = asked.one("digest")?.map(Digest::try_from).transpose();
        let shown = shown.map_err(|bad| invalid(bad.to_string(), "give the digest of the plan"))?;
        Ok((request, shown))
    });
    let receipt = match complete {
        Ok((request, None)) => lifecycle.execute(&request).await,
        Ok((request, Some(shown))) => lifecycle.confirm(&request, &shown).await,
        Err(why) => Err(lifecycle.reject(&request, why).await),
    }?;
    if receipt.mode.erases() {
        database.empty_log();
    }
    Ok(receipt)
}
