//! Compares the final state of the database with the responses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use uuid::Uuid;

use super::worker::{Attempt, Wish};
use crate::database::Database;

/// The clients before the first attempt, by id.
pub(super) type Before = BTreeMap<String, Value>;

/// The fields that the workers update.
const FIELDS: [&str; 4] = ["city", "address", "email", "status"];

/// The number of attempts by their outcome.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// The number of attempts by requested operation and response status.
    answers: BTreeMap<(&'static str, u16), usize>,
    pub(super) attempts: usize,
    pub(super) entries: usize,
    pub(super) lost: u32,
    pub(super) away: u32,
    repeated: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answers, attempts, entries, lost, away, repeated } = self;
        let answers: Vec<String> =
            answers.iter().map(|((wish, status), count)| format!("{wish} {status}: {count}")).collect();
        let answers = answers.join(", ");
        write!(
            f,
            "{attempts} attempts ({answers}); {entries} audit entries; of the attempts {repeated} were sent \
             again ({lost} requests without answer, {away} answered with 503)"
        )
    }
}

/// Returns the clients by id, with the fields to compare.
pub(super) fn clients(database: &Database) -> BTreeMap<String, Value> {
    let rows = database.texts(
        "SELECT json_build_object('id', user_id, 'city', city, 'address', address, 'email', email, 'status', status, \
             'version', version)::text FROM clients WHERE role = 'USER'",
    );
    let rows = rows.iter().map(|row| serde_json::from_str::<Value>(row).unwrap());
    rows.map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect()
}

/// Compares all responses with the audit log and the final rows.
pub(super) fn verdict(database: &Database, before: &Before, attempts: &[Attempt]) -> Figures {
    let after = clients(database);
    let mut outcomes: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for entry in database.texts("SELECT operation || ' ' || outcome FROM lifecycle_audit") {
        let (key, outcome) = entry.split_once(' ').unwrap();
        outcomes.entry(key.parse().unwrap()).or_default().push(outcome.to_owned());
    }
    let mut figures = Figures { attempts: attempts.len(), ..Figures::default() };
    figures.entries = outcomes.values().map(Vec::len).sum();
    let mut accepted: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts {
        *figures.answers.entry((attempt.wish.name(), attempt.status)).or_default() += 1;
        figures.lost += attempt.lost;
        figures.away += attempt.away;
        figures.repeated += usize::from(!attempt.is_plain());
        let of = outcomes.remove(&attempt.key).unwrap_or_default();
        recorded(attempt, &of);
        if of.iter().any(|outcome| outcome == "done") {
            accepted.entry(&attempt.client).or_default().push(attempt);
        }
    }
    assert!(outcomes.is_empty(), "recorded without a request: {outcomes:?}");
    let ids: BTreeSet<&str> = before.keys().map(String::as_str).chain(accepted.keys().copied()).collect();
    for id in ids {
        let of = accepted.get(id).map(Vec::as_slice).unwrap_or_default();
        client(before.get(id), of, after.get(id), id);
    }
    let known = |id: &String| before.contains_key(id) || accepted.contains_key(&**id);
    assert!(after.keys().all(known), "an unknown client");
    let addresses: BTreeSet<String> =
        after.values().map(|client| client["email"].as_str().unwrap().to_ascii_lowercase()).collect();
    assert_eq!(addresses.len(), after.len(), "an e-mail address of two clients");
    assert_eq!(database.dangling(), 0);
    figures
}

/// Checks that the audit log has an entry with the outcome of the attempt's response. A repeated request may add
/// entries, but is carried out at most once.
fn recorded(attempt: &Attempt, outcomes: &[String]) {
    let done = outcomes.iter().filter(|outcome| *outcome == "done").count();
    let expected: &[&str] = match attempt.status {
        200 | 201 => &["done"],
        404 => &["not_found"],
        _ => &["conflict", "failed"],
    };
    if attempt.is_plain() {
        assert_eq!(outcomes.len(), 1, "{attempt:?}: {outcomes:?}");
        assert!(expected.contains(&&*outcomes[0]), "{attempt:?}: {outcomes:?}");
        return;
    }
    assert!(done <= 1 && !outcomes.is_empty(), "{attempt:?}: {outcomes:?}");
    // If another request deleted the client in the meantime, a repeated request gets 404.
    let answered =
        outcomes.iter().any(|outcome| expected.contains(&&**outcome)) || attempt.status == 404 && done == 1;
    assert!(answered, "{attempt:?}: {outcomes:?}");
}

/// Checks that the final row of a client can result from the accepted attempts.
fn client(before: Option<&Value>, accepted: &[&Attempt], after: Option<&Value>, id: &str) {
    let details = || format!("{id}: {before:?}, {after:?}, {accepted:#?}");
    let deletions: Vec<_> = accepted.iter().filter(|attempt| attempt.wish == Wish::Delete).collect();
    assert_eq!(deletions.len(), usize::from(after.is_none()), "{}", details());
    if let [deletion] = &*deletions {
        let later = accepted.iter().find(|attempt| attempt.from > deletion.until);
        assert!(later.is_none(), "accepted after the deletion: {later:?}");
    }
    let Some(after) = after else { return };
    let updates = accepted.iter().filter(|attempt| matches!(attempt.wish, Wish::Set(..)));
    assert_eq!(after["version"], 1 + updates.count(), "{}", details());
    for field in FIELDS {
        let writes: Vec<(&Attempt, &str)> = accepted
            .iter()
            .filter_map(|attempt| match &attempt.wish {
                Wish::Set(name, value) if *name == field => Some((*attempt, value.as_str())),
                _ => None,
            })
            .collect();
        let held = after[field].as_str().unwrap();
        if writes.is_empty() {
            assert!(before.is_none_or(|before| before[field] == held), "{}", details());
            continue;
        }
        // A write may be the last write unless another write started after its response.
        let may_be_last = |write: &Attempt| writes.iter().all(|(other, _)| other.from <= write.until);
        let stands = writes.iter().any(|(write, value)| *value == held && may_be_last(write));
        assert!(stands, "the last accepted {field} is lost: {}", details());
    }
}
