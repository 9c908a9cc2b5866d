//! What a request says beside its body: in the query and in `Idempotency-Key`.

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

/// The header with the id of the operation: the same request with the same id is done once.
const KEY: &str = "idempotency-key";

/// How many characters a note may have: it is kept for as long as the audit log.
const NOTE: usize = 1_000;

/// What every request that changes something may say.
const ALWAYS: [&str; 3] = ["acknowledge", "reason", "note"];

/// What a request says beside its body, as it was sent.
pub(crate) struct Asked {
    /// `None` where it cannot be read.
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
    /// Completes the request from its parameters. A misspelt parameter is not ignored:
    /// beside those that are always there, only the ones in `also` are known.
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
                invalid("there is no such reason", format!("give one of {}", known.join(", ")))
            })?);
        }
        if let Some(note) = self.one("note")? {
            if note.chars().count() > NOTE {
                return Err(invalid("the note is too long", format!("give {NOTE} characters at most")));
            }
            request = request.note(note);
        }
        if let Some(key) = &self.key {
            let key = key.parse::<OperationId>();
            request =
                request.operation(key.map_err(|_| {
                    invalid("the header Idempotency-Key is no UUID", "give a UUID of your own")
                })?);
        }
        Ok(request)
    }

    /// Refuses every parameter but these.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let pairs = self.query.as_ref();
        let pairs = pairs.ok_or_else(|| invalid("the query cannot be read", "encode it as a form"))?;
        if pairs.iter().all(|(name, _)| known.contains(&name.as_str())) {
            return Ok(());
        }
        Err(invalid("a parameter of the query is unknown", format!("known are {}", known.join(", "))))
    }

    /// A parameter that may be given once.
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

/// Removes a record as it is asked for. With the digest of a plan that was shown exactly that plan is carried out,
/// or nothing.
pub(crate) async fn remove(
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
    match complete {
        Ok((request, None)) => lifecycle.execute(&request).await,
        Ok((request, Some(shown))) => lifecycle.confirm(&request, &shown).await,
        Err(why) => Err(lifecycle.reject(&request, why).await),
    }
}
