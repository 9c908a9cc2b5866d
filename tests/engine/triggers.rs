//! Random triggers on the tables of random worlds: an operation either does what its plan says, or names the trigger and
//! changes nothing.
#![cfg(all(feature = "testing", any(feature = "sqlite", feature = "postgres")))]

use std::cell::Cell;
use std::error::Error as _;
use std::fmt::Write as _;

use client_lifecycle::domain::{DataMap, Kind, KindName, Record, RecordId, Reference};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::protocol::Disposition;
use client_lifecycle::store::StoreError;
use client_lifecycle::testing::model::{Rows, Verdict};
use client_lifecycle::testing::strategies::RandomWorld;
use client_lifecycle::{MemoryStore, Store};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::compare::{expected_rows, opened, planned};
use crate::common::random::for_random_worlds_in;
use crate::common::{effort, may_have_key, referred, sorted};

/// The name of the trigger in every world.
const NAME: &str = "the trigger";

/// A random trigger: when it fires and what it does.
struct Trigger {
    kind: KindName,
    event: &'static str,
    action: Action,
}

enum Action {
    /// Inserts a row into the table of a kind.
    Insert(KindName, Value),
    /// Deletes a row.
    Delete(KindName, RecordId),
    /// Gives a field of a row a value.
    Update(KindName, RecordId, String, Value),
    Raise,
    /// Writes to a table that no policy knows.
    Log,
}

impl Action {
    /// Returns whether the operation must succeed: the trigger writes no row of the world.
    fn is_harmless(&self) -> bool {
        matches!(self, Self::Log)
    }
}

/// Chooses from a list by a number; every number chooses one.
fn choose<T>(number: usize, from: Vec<T>) -> Option<T> {
    let at = number.checked_rem(from.len())?;
    from.into_iter().nth(at)
}

impl Trigger {
    /// Makes a trigger on a table that the request writes; `None` if it writes none.
    fn random(case: &RandomWorld, verdict: &Verdict, number: usize) -> Option<Self> {
        let steps = verdict.steps.keys();
        let written = steps
            .filter(|(_, disposition, ..)| !matches!(disposition, Disposition::Keep | Disposition::Retain));
        let (kind, disposition, ..) = choose(number / 7, written.collect())?;
        let event = if *disposition == Disposition::Delete { "DELETE" } else { "UPDATE" };
        Some(Self { kind: kind.clone(), event, action: action(case, verdict, number)? })
    }
}

fn action(case: &RandomWorld, verdict: &Verdict, number: usize) -> Option<Action> {
    let map = case.policy.map();
    let has_id = |kind: &KindName| map.kind(kind).is_some_and(|kind| kind.id.only().is_some());
    let rows = case.rows.iter().filter(|(kind, _)| has_id(kind));
    let rows: Vec<(&KindName, &RecordId)> =
        rows.flat_map(|(kind, rows)| rows.keys().map(move |id| (kind, id))).collect();
    let is_removed = |kind: &KindName, id: &RecordId| !verdict.rows[kind].contains_key(id);
    Some(match number % 7 {
        0 | 1 => {
            // A copy of a row, mostly of one that refers to a removed row.
            let (kind, id) = choose(number / 11, rows)?;
            let document = case.rows_document();
            let field = map.kind(kind)?.id.only()?.as_str();
            let all = document[kind.as_str()].as_array()?;
            let mut copy = all.iter().find(|row| row[field] == json!(id))?.clone();
            copy[field] =
                if copy[field].is_number() { json!(990_000 + number) } else { json!(format!("n{number}")) };
            Action::Insert(kind.clone(), copy)
        }
        2 | 3 => {
            let (kind, id) = choose(number / 11, rows)?;
            Action::Delete(kind.clone(), id.clone())
        }
        4 => {
            let plain = |one: &&Reference| {
                may_have_key(one)
                    && one.only_field().is_some()
                    && has_id(&one.from)
                    && !map.kind(&one.from).unwrap().id.contains(one.only_field().unwrap())
            };
            let reference = choose(number / 11, map.references().filter(plain).collect())?;
            let (id, _) = choose(number / 13, case.rows[&reference.from].iter().collect())?;
            let to = case.rows[&reference.to].iter();
            let (removed, kept): (Vec<_>, Vec<_>) = to.partition(|(id, _)| is_removed(&reference.to, id));
            let (_, target) = choose(number / 17, removed).or_else(|| choose(number / 17, kept))?;
            let key = map.kind(&reference.to)?.value_of(target, map.key_of(reference).first()?).into_owned();
            let field = reference.only_field()?.to_string();
            Action::Update(reference.from.clone(), id.clone(), field, json!(key))
        }
        5 => Action::Raise,
        _ => Action::Log,
    })
}

fn rows_of(map: &DataMap, document: &Value) -> Rows {
    let store = MemoryStore::from_json(map, document).unwrap();
    let rows = |kind: &Kind| {
        let rows: Vec<Record> = store.rows(kind.name.as_str());
        (kind.name.clone(), rows.into_iter().map(|row| (row.id.clone(), row)).collect())
    };
    map.kinds().map(rows).collect()
}

/// Checks that every row that has to stay is there, that every other row is gone, and that no row refers to a row that
/// is gone.
fn holds(case: &RandomWorld, verdict: &Verdict, document: &Value) -> Result<(), TestCaseError> {
    let map = case.policy.map();
    let after = rows_of(map, document);
    for kind in map.kinds() {
        let (before, expected, found) =
            (&case.rows[&kind.name], &verdict.rows[&kind.name], &after[&kind.name]);
        if kind.id.is_none() {
            prop_assert!(found.len() >= expected.len(), "rows of `{}` are lost", kind.name);
            continue;
        }
        for id in before.keys() {
            prop_assert_eq!(
                found.keys().any(|known| known.to_string() == id.to_string()),
                expected.contains_key(id),
                "`{}` of `{}`",
                id,
                kind.name
            );
        }
    }
    for reference in map.references() {
        let from = map.kind(&reference.from).unwrap();
        for row in after[&reference.from].values() {
            let meets = |when| client_lifecycle::domain::Condition::holds(when, from, row, case.now);
            if reference.when.as_ref().is_some_and(|when| !matches!(meets(when), Ok(Some(true)))) {
                continue;
            }
            for (key, target) in referred(map, &after, row, reference) {
                let had_one = || {
                    let before = referred(map, &case.rows, row, reference);
                    before.iter().any(|(known, target)| *known == key && target.is_some())
                };
                prop_assert!(target.is_some() || !had_one(), "{} of `{}` dangles", reference.name, row.id);
            }
        }
    }
    Ok(())
}

/// Returns an error with all of its causes.
fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        write!(text, ": {error}").unwrap();
        source = error.source();
    }
    text
}

/// Applies the request of a world whose tables have the trigger.
async fn check<S: Store>(
    case: &RandomWorld,
    verdict: &Verdict,
    trigger: &Trigger,
    store: S,
    left: impl AsyncFn() -> Value,
) -> Result<(), TestCaseError> {
    let lifecycle = opened(case, store).await?;
    let plan = planned(case, &lifecycle).await?;
    let done = lifecycle.apply(&case.request, &plan).await;
    let found = left().await;
    match &done {
        Ok(_) if trigger.action.is_harmless() => {
            prop_assert_eq!(sorted(&found), expected_rows(case, verdict), "{}", plan);
        }
        Ok(_) => holds(case, verdict, &found)?,
        Err(error @ Error::Store(StoreError::Interference { .. } | StoreError::Refused { .. })) => {
            let text = whole(error);
            prop_assert!(text.contains(NAME), "{}", text);
            prop_assert!(!error.is_retryable() && !trigger.action.is_harmless(), "{}", text);
            if matches!(trigger.action, Action::Raise) {
                prop_assert!(text.contains("not on mondays"), "{}", text);
            }
            prop_assert_eq!(sorted(&found), sorted(&case.rows_document()), "{}\n{}", text, plan);
        }
        Err(error) => return Err(TestCaseError::fail(format!("{error:?}\n{plan}"))),
    }
    Ok(())
}

#[cfg(feature = "sqlite")]
#[test]
fn an_operation_on_sqlite_does_what_it_says_or_names_the_trigger() {
    use crate::common::sqlite::File;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let turn = Cell::new(0_usize);
    for_random_worlds_in(&runtime, effort::worlds() / 2, 300, async |case, verdict| {
        turn.set(turn.get() + 1);
        let trigger = Trigger::random(case, verdict, turn.get()).filter(|_| verdict.executable);
        let Some(trigger) = trigger else { return Ok(()) };
        let map = case.policy.map();
        let file = File::with(map, &case.rows_document()).await;
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let id = |kind: &KindName| quote(map.kind(kind).unwrap().id.only().unwrap().as_str());
        let table = |kind: &KindName| quote(&map.kind(kind).unwrap().table_name().table);
        let literal = |value: &Value| match value {
            Value::Null => "NULL".into(),
            Value::Bool(value) => i32::from(*value).to_string(),
            Value::String(text) => format!("'{}'", text.replace('\'', "''")),
            Value::Number(number) => number.to_string(),
            list => format!("'{}'", list.to_string().replace('\'', "''")),
        };
        let body = match &trigger.action {
            Action::Insert(kind, row) => {
                let (names, values): (Vec<_>, Vec<_>) = row
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, value)| (quote(name), literal(value)))
                    .unzip();
                format!("INSERT INTO {} ({}) VALUES ({})", table(kind), names.join(", "), values.join(", "))
            }
            Action::Delete(kind, row) => {
                format!("DELETE FROM {} WHERE {} = {}", table(kind), id(kind), literal(&json!(row)))
            }
            Action::Update(kind, row, field, value) => format!(
                "UPDATE {} SET {} = {} WHERE {} = {}",
                table(kind),
                quote(field),
                literal(value),
                id(kind),
                literal(&json!(row))
            ),
            Action::Raise => "SELECT raise(ABORT, 'not on mondays')".into(),
            Action::Log => "INSERT INTO the_log VALUES ('written')".into(),
        };
        let when = if turn.get().is_multiple_of(2) { "BEFORE" } else { "AFTER" };
        file.run("CREATE TABLE the_log (what TEXT)").await;
        file.run(&format!(
            "CREATE TRIGGER \"{NAME}\" {when} {} ON {} BEGIN {body}; END",
            trigger.event,
            table(&trigger.kind)
        ))
        .await;
        // Without foreign keys, nothing else prevents references to deleted rows.
        let keys = if turn.get().is_multiple_of(3) { "ON" } else { "OFF" };
        file.run(&format!("PRAGMA foreign_keys = {keys}")).await;
        let checked = check(case, verdict, &trigger, file.store(), async || file.rows().await).await;
        checked.map_err(|error| {
            TestCaseError::fail(format!(
                "{when} {} ON {}: {body}, foreign keys {keys}: {error}",
                trigger.event, trigger.kind
            ))
        })
    });
}

#[cfg(feature = "postgres")]
#[test]
fn an_operation_on_postgres_does_what_it_says_or_names_the_trigger() {
    use crate::common::postgres::{PLAIN, dropping, insert, literal, quote, rows, run, script, tidy};
    use crate::common::server::Schema;
    use client_lifecycle::postgres::PostgresStore;
    use client_lifecycle::sql::Dialect;
    use std::cell::RefCell;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::with_connections(1)) else { return };
    runtime.block_on(PostgresStore::new(schema.pool.clone()).migrate()).unwrap();
    runtime.block_on(schema.run("CREATE TABLE the_log (what text)"));
    let turn = Cell::new(0_usize);
    let last = RefCell::new(None);
    for_random_worlds_in(&runtime, effort::worlds() / 2, 50, async |case, verdict| {
        turn.set(turn.get() + 1);
        let trigger = Trigger::random(case, verdict, turn.get()).filter(|_| verdict.executable);
        let Some(trigger) = trigger else { return Ok(()) };
        let (map, pool) = (case.policy.map(), &schema.pool);
        if turn.get().is_multiple_of(100) {
            tidy(&mut pool.acquire().await.unwrap()).await;
        }
        let document = case.rows_document();
        let table = |kind: &KindName| Dialect::Postgres.table(map.kind(kind).unwrap().table_name());
        let id = |kind: &KindName| quote(map.kind(kind).unwrap().id.only().unwrap().as_str());
        let body = match &trigger.action {
            Action::Insert(kind, row) => insert(map.kind(kind).unwrap(), row),
            Action::Delete(kind, row) => {
                format!("DELETE FROM {} WHERE {} = {}", table(kind), id(kind), literal(&json!(row)))
            }
            Action::Update(kind, row, field, value) => format!(
                "UPDATE {} SET {} = {} WHERE {} = {}",
                table(kind),
                quote(field),
                literal(value),
                id(kind),
                literal(&json!(row))
            ),
            Action::Raise => "RAISE EXCEPTION 'not on mondays'".into(),
            Action::Log => "INSERT INTO the_log VALUES ('written')".into(),
        };
        let (create, rest) = match turn.get() % 5 {
            0 => ("CREATE TRIGGER", "BEFORE"),
            1 | 2 => ("CREATE TRIGGER", "AFTER"),
            3 => ("CREATE CONSTRAINT TRIGGER", "AFTER"),
            _ => ("CREATE TRIGGER", "AFTER STATEMENT"),
        };
        let each = match (create, rest) {
            ("CREATE CONSTRAINT TRIGGER", _) => "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
            (_, "AFTER STATEMENT") => "FOR EACH STATEMENT",
            _ => "FOR EACH ROW",
        };
        let when = rest.split(' ').next().unwrap();
        // Without foreign keys, nothing else prevents references to deleted rows.
        let with_keys = turn.get().is_multiple_of(3);
        let tables = script(map, &document, PLAIN);
        let tables: Vec<&str> =
            tables.split(";\n").filter(|part| with_keys || !part.contains(" ADD FOREIGN KEY ")).collect();
        let mut tx = pool.begin().await.unwrap();
        if let Some(before) = last.replace(Some(map.clone())) {
            run(&mut tx, &dropping(&before)).await;
        }
        run(&mut tx, &tables.join(";\n")).await;
        run(&mut tx, &format!(
            "CREATE OR REPLACE FUNCTION triggered() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN {body}; \
             IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $body$; \
             {create} \"{NAME}\" {when} {} ON {} {each} EXECUTE FUNCTION triggered()",
            trigger.event,
            table(&trigger.kind)
        )).await;
        tx.commit().await.unwrap();
        // The result is the same for every number of rows.
        let at_once = if turn.get() % 7 < 4 { u64::MAX } else { 0 };
        let store = PostgresStore::new(pool.clone()).single_statement_limit(at_once);
        let left = async || rows(&mut pool.acquire().await.unwrap(), map).await;
        let checked = check(case, verdict, &trigger, store, left).await;
        checked.map_err(|error| {
            TestCaseError::fail(format!(
                "{create} {when} {} ON {} {each}: {body}, foreign keys {with_keys}: {error}",
                trigger.event, trigger.kind
            ))
        })
    });
}
