//! Random rows for tests of a host's own policy.

mod assembly;
mod boundaries;
mod keys;
mod layout;
mod placement;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::model::Rows;
use super::strategies::rows_document;
use crate::domain::{DataMap, KindName, Record, RecordId};
use crate::policy::DeletionPolicy;
use assembly::{RowSeed, Seeds, rows};
use keys::ID_TYPES;
use layout::{KindLayout, Layout, MOST_ROWS};

/// A few rows of every kind of a policy, made by [`rows_for`]. `Debug` prints the rows as JSON.
#[derive(Clone)]
pub struct Population {
    map: Arc<DataMap>,
    subject: KindName,
    now: DateTime<Utc>,
    rows: Rows,
}

impl Population {
    /// Returns the rows of a kind, by id. An unknown kind has no rows.
    pub fn rows(&self, kind: &str) -> impl Iterator<Item = &Record> {
        self.rows.get(kind).into_iter().flat_map(BTreeMap::values)
    }

    /// Returns the ids of the subjects of the policy.
    #[must_use]
    pub fn subjects(&self) -> Vec<RecordId> {
        self.rows(self.subject.as_str()).map(|row| row.id.clone()).collect()
    }

    /// Returns the rows of all kinds, as the [`model`](super::model) takes them.
    #[must_use]
    pub fn all(&self) -> &Rows {
        &self.rows
    }

    /// Returns the number of rows of all kinds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.values().map(BTreeMap::len).sum()
    }

    /// Returns the instant around which the rows were made.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Returns the rows as a document: `{"clients": [{"id": "clients-1", …}], …}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        rows_document(&self.map, &self.rows)
    }
}

impl fmt::Debug for Population {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.now, self.to_json())
    }
}

/// Generates rows for a policy: up to four of each kind, and at least one subject where the map allows it.
///
/// The rows are valid for the data map. Ids are text, integers or UUIDs, in one field or several, or none; ids and
/// unique fields are unique. A reference leads to a row, or is null where it can be null. A field is null only where it
/// is declared nullable, where the policy tests whether it is null, or where a mask makes it null.
///
/// The values lie at the boundaries of what the policy compares, in every mode:
///
/// | the policy compares a field with | values |
/// |---|---|
/// | a number or an instant | equal, just below, just above |
/// | a text, for its order | equal, just below, just above |
/// | a text, or one of several | each of them, and another |
/// | a period, also that of a retention | the day on which a period that ends at `now` begins, the day before and the day after; on these days, a second before and after midnight and the time of day of `now` |
/// | null | null |
///
/// Some rows meet the condition of a reference (`if`), and others do not. The others often hold the key of a row all
/// the same.
///
/// A failing test shrinks towards few rows, the first of several targets, and values that no condition mentions.
///
/// # Example
///
/// The law says that invoices stay for ten years. This test checks what the policy does, not how it is written. It
/// deletes every subject, and checks that no young invoice is deleted.
///
/// ```
/// use client_lifecycle::DeletionPolicy;
/// use client_lifecycle::domain::{Actor, FieldType, Period, Request};
/// use client_lifecycle::policy::retain;
/// use client_lifecycle::testing::{Population, Scenario, rows_for};
/// use proptest::prelude::*;
/// use proptest::test_runner::{Config, TestRunner};
///
/// fn policy(period: &str) -> DeletionPolicy {
///     let policy = DeletionPolicy::of("clients")
///         .kind("invoices", |kind| kind.field("issued_on", FieldType::Date))
///         .reference_with("invoices.client_id", "clients", |reference| reference.nullable())
///         .hard_delete(|mode| mode.allow("ADMIN").rule(
///             "invoices.client_id", retain(period).from("issued_on").basis("Código de Comercio art. 30")))
///         .build();
///     policy.unwrap_or_else(|faults| panic!("{faults}"))
/// }
///
/// fn keeps_invoices_for_ten_years(policy: &DeletionPolicy, rows: &Population) -> Result<(), TestCaseError> {
///     for client in rows.subjects() {
///         let request = Request::hard_delete("clients", client).by(Actor::new("ana", "ADMIN"));
///         let result = Scenario::of(policy).given_all(rows).when(request).then_matches_model();
///         for invoice in rows.rows("invoices") {
///             let issued: chrono::NaiveDate = invoice.get("issued_on").as_text().unwrap().parse().unwrap();
///             let is_due = issued + chrono::Months::new(120) <= rows.now().date_naive();
///             let is_left = result.store().rows("invoices").iter().any(|row| row.id == invoice.id);
///             prop_assert!(is_due || is_left, "deleted an invoice of {issued}");
///         }
///     }
///     Ok(())
/// }
///
/// let now = "2026-03-01T12:00:00Z".parse().unwrap();
/// let test = |policy: DeletionPolicy| {
///     let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(200) });
///     runner.run(&rows_for(&policy, now), |rows| keeps_invoices_for_ten_years(&policy, &rows))
/// };
/// assert!(test(policy("P10Y")).is_ok());
/// // One client with one invoice, issued less than ten but more than nine years ago.
/// let error = test(policy("P9Y")).unwrap_err().to_string();
/// assert!(error.contains("deleted an invoice of 2017-0"), "{error}");
/// ```
pub fn rows_for(policy: &DeletionPolicy, now: DateTime<Utc>) -> BoxedStrategy<Population> {
    let layout = Arc::new(Layout::of(policy, now));
    let key_types = std::iter::repeat_n(0..ID_TYPES.len(), layout.keys.count()).collect::<Vec<_>>();
    let kinds: Vec<_> = layout.kinds.iter().map(rows_of_kind).collect();
    let seeds = (key_types, kinds).prop_map(|(key_types, kinds)| Seeds { key_types, kinds });
    let population = seeds.prop_map(move |seeds| Population {
        map: layout.map.clone(),
        subject: layout.subject.clone(),
        now,
        rows: rows(&layout, &seeds),
    });
    population.boxed()
}

fn rows_of_kind(layout: &KindLayout) -> BoxedStrategy<Vec<RowSeed>> {
    let own: Vec<_> = layout.own.iter().map(|field| 0..field.choices()).collect();
    let targets = std::iter::repeat_n((0..60_usize, 0..3_usize), layout.references.len()).collect::<Vec<_>>();
    let row = (own, targets).prop_map(|(own, targets)| RowSeed { own, targets });
    let others = vec(option::weighted(layout.density, row.clone()), MOST_ROWS - layout.fewest);
    let rows = (vec(row, layout.fewest), others);
    rows.prop_map(|(rows, others)| rows.into_iter().chain(others.into_iter().flatten()).collect()).boxed()
}
