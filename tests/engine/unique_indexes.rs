//! Random unique indexes on the tables of random worlds: a plan that nothing blocks can be carried out, and a plan is
//! blocked only if two rows would become equal.
#![cfg(all(feature = "testing", any(feature = "sqlite", feature = "postgres")))]

use std::cell::Cell;
use std::collections::BTreeSet;

use client_lifecycle::Store;
use client_lifecycle::domain::Kind;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::protocol::Disposition;
use client_lifecycle::testing::model::Verdict;
use client_lifecycle::testing::strategies::{RandomWorld, rows_document};
use proptest::prelude::*;
use serde_json::Value;

use crate::common::compare::{expected_rows, opened, planned};
use crate::common::random::for_random_worlds_in;
use crate::common::{effort, is_list, sorted};

/// A random unique index.
struct Index {
    kind: String,
    table: String,
    columns: Vec<String>,
    /// Whether the first column is compared without case.
    lower: bool,
    /// Whether only rows whose state is `A` are compared.
    partial: bool,
    nulls_are_equal: bool,
}

impl Index {
    /// Makes an index on fields that the request redirects to one record, or on other fields if it redirects none.
    fn random(case: &RandomWorld, verdict: &Verdict, number: usize) -> Option<Self> {
        let map = case.policy.map();
        let redirected = verdict.steps.keys().filter(|(_, disposition, ..)| {
            matches!(disposition, Disposition::Reassign | Disposition::SetDefault)
        });
        let mut redirected = redirected.filter_map(|(_, _, reference, _)| map.reference(reference.as_ref()?));
        if let Some(reference) = redirected.find(|reference| !reference.each) {
            let kind = map.kind(&reference.from)?;
            return Some(Self {
                kind: kind.name.to_string(),
                table: kind.table_name().to_string(),
                columns: reference.fields.iter().map(ToString::to_string).collect(),
                lower: false,
                partial: number.is_multiple_of(5),
                nulls_are_equal: number.is_multiple_of(7),
            });
        }
        let kinds: Vec<&Kind> = map.kinds().collect();
        let kind = kinds[number % kinds.len()];
        let is_usable = |field: &&client_lifecycle::domain::FieldName| {
            let text = field.as_str();
            !is_list(map, kind, field)
                && !kind.id.contains(field)
                && (["state", "status", "note", "mail", "code", "tag"].contains(&text)
                    || text.starts_with('r'))
        };
        let fields: Vec<String> = map.fields_of(kind).filter(is_usable).map(ToString::to_string).collect();
        let first = fields.get((number / 3) % fields.len().max(1))?.clone();
        let second = fields.get((number / 5) % fields.len())?.clone();
        let columns: BTreeSet<String> =
            if number.is_multiple_of(2) { [first].into() } else { [first, second].into() };
        let columns: Vec<String> = columns.into_iter().collect();
        Some(Self {
            kind: kind.name.to_string(),
            table: kind.table_name().to_string(),
            lower: number % 4 < 2 && !columns[0].starts_with('r'),
            columns,
            partial: number.is_multiple_of(5),
            nulls_are_equal: number.is_multiple_of(7),
        })
    }

    fn sql(&self, nulls: &str) -> String {
        let quote = |name: &String| format!("\"{}\"", name.replace('"', "\"\""));
        let mut columns: Vec<String> = self.columns.iter().map(quote).collect();
        if self.lower {
            columns[0] = format!("lower({})", columns[0]);
        }
        let condition = if self.partial { " WHERE state = 'A'" } else { "" };
        let nulls = if self.nulls_are_equal { nulls } else { "" };
        format!(
            "CREATE UNIQUE INDEX the_index ON \"{}\" ({}){nulls}{condition}",
            self.table,
            columns.join(", ")
        )
    }

    /// Returns whether two rows of a document are equal under the index.
    fn is_violated(&self, rows: &Value, nulls_are_equal: bool) -> bool {
        let mut seen = BTreeSet::new();
        for row in rows[self.kind.as_str()].as_array().unwrap() {
            let is_meant = !self.partial || row["state"] == "A";
            let values: Vec<&Value> = self.columns.iter().map(|column| &row[column]).collect();
            if !is_meant || (!nulls_are_equal && values.iter().any(|value| value.is_null())) {
                continue;
            }
            let mut key: Vec<String> = values.iter().map(ToString::to_string).collect();
            if self.lower {
                key[0] = key[0].to_lowercase();
            }
            if !seen.insert(key) {
                return true;
            }
        }
        false
    }
}

/// Plans and applies the request of a world whose tables have the index.
async fn check<S: Store>(
    case: &RandomWorld,
    verdict: &Verdict,
    index: &Index,
    store: S,
    nulls_are_equal: bool,
    left: impl AsyncFn() -> Value,
) -> Result<bool, TestCaseError> {
    let lifecycle = opened(case, store).await?;
    let plan = planned(case, &lifecycle).await?;
    let after = rows_document(case.policy.map(), &verdict.rows);
    let is_violated = index.is_violated(&after, nulls_are_equal);
    prop_assert_eq!(plan.is_executable(), !is_violated, "{}", plan);
    let done = lifecycle.apply(&case.request, &plan).await;
    if is_violated {
        prop_assert!(matches!(done, Err(Error::Blocked(_))), "{:?}", done);
        prop_assert!(plan.blockers.iter().any(|blocker| blocker.message.contains("unique")), "{}", plan);
        prop_assert_eq!(sorted(&left().await), sorted(&case.rows_document()), "{}", plan);
    } else {
        prop_assert!(done.is_ok(), "{:?}\n{}", done, plan);
        prop_assert_eq!(sorted(&left().await), expected_rows(case, verdict), "{}", plan);
    }
    Ok(is_violated)
}

#[cfg(feature = "sqlite")]
#[test]
fn a_plan_on_sqlite_foresees_equal_rows() {
    use crate::common::sqlite::File;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (turn, blocked) = (Cell::new(0_usize), Cell::new(0));
    for_random_worlds_in(&runtime, effort::worlds(), 300, async |case, verdict| {
        turn.set(turn.get() + 1);
        let Some(index) = Index::random(case, verdict, turn.get()).filter(|_| verdict.executable) else {
            return Ok(());
        };
        let document = case.rows_document();
        // SQLite has no NULLS NOT DISTINCT.
        if index.is_violated(&document, false) {
            return Ok(());
        }
        let file = File::with(case.policy.map(), &document).await;
        file.run(&index.sql("")).await;
        let checked = check(case, verdict, &index, file.store(), false, async || file.rows().await).await;
        let checked = checked.map_err(|error| TestCaseError::fail(format!("{}: {error}", index.sql(""))))?;
        blocked.set(blocked.get() + u32::from(checked));
        Ok(())
    });
    eprintln!("{} plans were blocked", blocked.get());
    assert!(blocked.get() > 0 || effort::worlds() < 1_000, "no world makes rows equal");
}

#[cfg(feature = "postgres")]
#[test]
fn a_plan_on_postgres_foresees_equal_rows() {
    use crate::common::postgres::{PLAIN, dropping, rows, run, script, tidy};
    use crate::common::server::Schema;
    use client_lifecycle::postgres::PostgresStore;
    use std::cell::RefCell;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::with_connections(1)) else { return };
    runtime.block_on(PostgresStore::new(schema.pool.clone()).migrate()).unwrap();
    let version = "SELECT current_setting('server_version_num')::int";
    let version: i32 = runtime
        .block_on(client_lifecycle::postgres::sqlx::query_scalar(version).fetch_one(&schema.pool))
        .unwrap();
    let (turn, blocked) = (Cell::new(0_usize), Cell::new(0));
    let last = RefCell::new(None);
    for_random_worlds_in(&runtime, effort::worlds() / 2, 50, async |case, verdict| {
        turn.set(turn.get() + 1);
        let Some(index) = Index::random(case, verdict, turn.get()).filter(|_| verdict.executable) else {
            return Ok(());
        };
        let document = case.rows_document();
        let nulls_are_equal = index.nulls_are_equal && version >= 150_000;
        if index.is_violated(&document, nulls_are_equal) {
            return Ok(());
        }
        let (map, pool) = (case.policy.map(), &schema.pool);
        if turn.get().is_multiple_of(100) {
            tidy(&mut pool.acquire().await.unwrap()).await;
        }
        let sql = index.sql(if nulls_are_equal { " NULLS NOT DISTINCT" } else { "" });
        let mut tx = pool.begin().await.unwrap();
        if let Some(before) = last.replace(Some(map.clone())) {
            run(&mut tx, &dropping(&before)).await;
        }
        run(&mut tx, &format!("{};\n{sql}", script(map, &document, PLAIN))).await;
        tx.commit().await.unwrap();
        let left = async || rows(&mut pool.acquire().await.unwrap(), map).await;
        let store = PostgresStore::new(pool.clone());
        let checked = check(case, verdict, &index, store, nulls_are_equal, left).await;
        let checked = checked.map_err(|error| TestCaseError::fail(format!("{sql}: {error}")))?;
        blocked.set(blocked.get() + u32::from(checked));
        Ok(())
    });
    eprintln!("{} plans were blocked", blocked.get());
    assert!(blocked.get() > 0 || effort::worlds() < 1_000, "no world makes rows equal");
}
