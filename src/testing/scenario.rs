//! Tests of a policy in the form given, when, then.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::{Population, ScenarioResult};
use crate::domain::{DataMap, Kind, KindName, MaskKey, Request};
use crate::lifecycle::Lifecycle;
use crate::memory::MemoryStore;
use crate::policy::DeletionPolicy;

/// A test of a policy: given these rows, when this request is made, then check the result.
///
/// Runs on a store in memory, without an async runtime. An unexpected result fails the test and prints the plan.
/// Keyed masks have a fixed key. For random rows, see [`rows_for`](super::rows_for).
///
/// ```
/// use client_lifecycle::domain::{Actor, Request, eq};
/// use client_lifecycle::policy::{cascade, restrict};
/// use client_lifecycle::testing::Scenario;
/// use client_lifecycle::DeletionPolicy;
/// use serde_json::json;
///
/// let policy = DeletionPolicy::of("clients")
///     .reference("debts.client_id", "clients")
///     .hard_delete(|mode| mode.allow("ADMIN").rule(
///         "debts.client_id", restrict().when(eq("status", "PENDING")).otherwise(cascade())))
///     .build()?;
/// let request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
///
/// Scenario::of(&policy)
///     .given("clients", [json!({ "id": "c1" })])
///     .given("debts", [json!({ "id": "d1", "client_id": "c1", "status": "PAID" })])
///     .when(request.clone())
///     .then_deletes("debts", 1)
///     .then_keeps("clients", 0);
///
/// Scenario::of(&policy)
///     .given("clients", [json!({ "id": "c1" })])
///     .given("debts", [json!({ "id": "d1", "client_id": "c1", "status": "PENDING" })])
///     .when(request)
///     .then_blocked_by("debts.client_id", 1)
///     .then_left("debts", ["d1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing runs until `when`"]
#[derive(Clone)]
pub struct Scenario {
    policy: DeletionPolicy,
    rows: BTreeMap<KindName, Vec<Json>>,
    now: Option<DateTime<Utc>>,
}

impl Scenario {
    /// Starts with a policy and no rows.
    pub fn of(policy: &DeletionPolicy) -> Self {
        let kinds = policy.map().kinds();
        Self {
            policy: policy.clone(),
            rows: kinds.map(|kind| (kind.name.clone(), Vec::new())).collect(),
            now: None,
        }
    }

    /// Adds rows: JSON objects, each with its id.
    ///
    /// A personal field that no row of its kind has is null in all of them, as in a table whose column is nullable.
    /// This is an error if one of the rows has a field that the policy does not know, because that may be the misspelt
    /// personal field.
    ///
    /// # Panics
    /// If the policy has no such kind.
    #[track_caller]
    pub fn given(mut self, kind: impl Into<KindName>, rows: impl IntoIterator<Item = Json>) -> Self {
        let kind = kind.into();
        match self.rows.get_mut(&kind) {
            Some(all) => all.extend(rows),
            None => panic!("the policy has no kind `{kind}`"),
        }
        self
    }

    /// Adds the rows of a population, and sets the instant of the request to the one around which they were made.
    ///
    /// # Panics
    /// If the policy does not have a kind of the population.
    #[track_caller]
    pub fn given_all(mut self, population: &Population) -> Self {
        self.now = Some(population.now());
        let rows = population.to_json();
        for (kind, rows) in rows.as_object().into_iter().flatten() {
            self = self.given(kind.as_str(), rows.as_array().into_iter().flatten().cloned());
        }
        self
    }

    /// Sets the instant of the request, in RFC 3339, such as `2026-03-01T00:00:00Z`. The default is now.
    ///
    /// # Panics
    /// If the text is not an instant.
    #[track_caller]
    pub fn at(mut self, instant: &str) -> Self {
        match instant.parse() {
            Ok(instant) => self.now = Some(instant),
            Err(error) => {
                panic!("`{instant}` is not an instant such as 2026-03-01T00:00:00Z: {error}")
            }
        }
        self
    }

    /// Makes the request: plans it, and applies the plan if nothing blocks it.
    ///
    /// # Panics
    /// If the rows are malformed, or do not fit the policy.
    #[track_caller]
    pub fn when(self, request: impl Borrow<Request>) -> ScenarioResult {
        let Self { policy, mut rows, now } = self;
        let map = policy.map_to_check();
        for kind in map.kinds() {
            add_personal_fields(&map, kind, rows.entry(kind.name.clone()).or_default());
        }
        let rows = rows.into_iter();
        let rows: Json = rows.map(|(kind, rows)| (kind.to_string(), Json::Array(rows))).collect();
        let store = match MemoryStore::from_json(policy.map(), &rows) {
            Ok(store) => store,
            Err(faults) => panic!("the given rows are wrong:\n{faults}"),
        };
        let lifecycle = match super::run(Lifecycle::open(store, policy)) {
            Ok(lifecycle) => lifecycle,
            Err(error) => panic!("{error}"),
        };
        let lifecycle = match now {
            Some(now) => lifecycle.with_clock(now),
            None => lifecycle,
        };
        let lifecycle = match mask_key() {
            Some(key) => lifecycle.with_mask_key(key),
            None => lifecycle,
        };
        ScenarioResult::new(lifecycle, request.borrow())
    }
}

/// Returns the key of keyed masks in scenarios.
pub(super) fn mask_key() -> Option<MaskKey> {
    MaskKey::new([0x5c; MaskKey::LENGTH]).ok()
}

/// Adds null for each personal field that no row has, unless a row has a field that the map does not know.
fn add_personal_fields(map: &DataMap, kind: &Kind, rows: &mut [Json]) {
    let objects = rows.iter().filter_map(Json::as_object);
    let given: BTreeSet<String> = objects.flat_map(|row| row.keys().cloned()).collect();
    let known: BTreeSet<&str> = map.fields_of(kind).map(|field| field.as_str()).collect();
    if given.iter().any(|field| !known.contains(&**field)) {
        return;
    }
    for field in kind.personal.keys().filter(|field| !given.contains(field.as_str())) {
        for row in rows.iter_mut().filter_map(Json::as_object_mut) {
            row.insert(field.to_string(), Json::Null);
        }
    }
}

/// Shows the names of the kinds, but not their rows.
impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("kinds", &self.rows.keys())
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
