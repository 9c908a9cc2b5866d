//! Rows that a new target would make equal under a unique key are deleted where the policy says so.

use crate::common::backend::{Backend, On, on_every_store};
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::{OnClash, cascade, keep, reassign};
use client_lifecycle::protocol::Disposition;
use serde_json::{Value, json};

fn policy(rule: &Value) -> DeletionPolicy {
    let document = json!({
        "subject": "users",
        "kinds": { "users": { "fields": { "id": "integer" } },
            "views": { "fields": { "id": "integer", "case_id": { "type": "integer", "nullable": true } } },
            "profiles": { "fields": { "id": "integer" } } },
        "references": [ { "from": "views.user_id", "to": "users" }, { "from": "profiles.user_id", "to": "users" } ],
        "modes": {
            "hard_delete": { "allow": "any", "rules": { "views.user_id": rule, "profiles.user_id": "cascade" } },
            "reassign": { "allow": "any", "rules": { "views.user_id":
                { "then": "reassign", "on_clash": { "then": "delete", "unique": ["user_id", "case_id"] } },
                "profiles.user_id": "keep" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn by_request() -> Value {
    json!({ "then": "reassign", "on_clash": { "then": "delete", "unique": ["user_id", "case_id"] } })
}

/// 100 and 103 repeat what user 2 has, 105 repeats 102, and a view without a case equals none.
fn rows() -> Value {
    json!({
        "users": [{ "id": 1 }, { "id": 2 }, { "id": 3 }],
        "views": [
            { "id": 100, "user_id": 1, "case_id": 10 }, { "id": 101, "user_id": 2, "case_id": 10 },
            { "id": 102, "user_id": 1, "case_id": 11 }, { "id": 103, "user_id": 3, "case_id": 10 },
            { "id": 104, "user_id": 1, "case_id": null }, { "id": 105, "user_id": 3, "case_id": 11 },
            { "id": 106, "user_id": 2, "case_id": null } ],
        "profiles": [{ "id": 200, "user_id": 1 }, { "id": 201, "user_id": 2 }]
    })
}

async fn backend(on: On, policy: &DeletionPolicy) -> Backend {
    let backend = Backend::with(on, policy, &rows()).await;
    add_key(&backend, "CREATE UNIQUE INDEX one_view ON views (case_id, user_id)").await;
    backend
}

#[allow(clippy::unused_async, reason = "databases are asynchronous")]
async fn add_key(backend: &Backend, sql: &str) {
    match backend {
        Backend::Memory(..) => _ = sql,
        #[cfg(feature = "sqlite")]
        Backend::Sqlite(file) => file.run(sql).await,
        #[cfg(feature = "postgres")]
        Backend::Postgres(tables) => tables.run(sql).await,
    }
}

async fn views(backend: &Backend) -> Value {
    let rows = backend.rows("views").await;
    rows.as_array().unwrap().iter().map(|row| json!([row["id"], row["user_id"]])).collect()
}

fn ana() -> Actor {
    Actor::new("ana", "ADMIN")
}

on_every_store! {
    async fn duplicates_go_and_the_first_of_equal_rows_moves(on: On) {
        let policy = policy(&by_request());
        let requests = [
            Request::batch(Mode::HardDelete, "users", [1, 3]),
            Request::batch(Mode::Reassign, "users", [1, 3]),
        ];
        for request in requests {
            let request = request.by(ana()).reassign("views.user_id", 2);
            let backend = backend(on, &policy).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let plan = lifecycle.plan(&request).await.unwrap();
            assert!(plan.is_executable(), "{plan}");
            let found: Vec<_> = plan.steps.iter().filter(|step| step.key.kind == "views").collect();
            let found: Vec<_> =
                found.iter().map(|step| (step.key.disposition, step.key.rule.as_str(), step.count)).collect();
            assert_eq!(found, [(Disposition::Delete, "on_clash", 3), (Disposition::Reassign, "reassign", 2)], "{plan}");
            let receipt = lifecycle.apply(&request, &plan).await.unwrap();
            let deleted = receipt.steps.iter().find(|step| step.kind == "views").unwrap();
            assert_eq!((deleted.disposition, deleted.actual), (Disposition::Delete, 3), "{receipt}");
            assert_eq!(views(&backend).await, json!([[101, 2], [102, 2], [104, 2], [106, 2]]));
        }
    }

    async fn a_fixed_target_and_a_default_are_compared_too(on: On) {
        let clash = json!({ "then": "delete", "unique": ["user_id", "case_id"] });
        for rule in [
            json!({ "reassign": { "to": 2 }, "on_clash": clash }),
            json!({ "set_default": 2, "on_clash": clash }),
            json!([{ "when": { "field": "case_id", "eq": 12 }, "then": "delete" }, { "reassign": { "to": 2 }, "on_clash": clash }]),
        ] {
            let policy = policy(&rule);
            let backend = backend(on, &policy).await;
            let lifecycle = backend.lifecycle(&policy).await;
            lifecycle.execute(&Request::hard_delete("users", 1).by(ana())).await.unwrap();
            assert_eq!(views(&backend).await, json!([[101, 2], [102, 2], [103, 3], [104, 2], [105, 3], [106, 2]]));
        }
    }

    async fn a_new_duplicate_changes_the_plan(on: On) {
        let policy = policy(&by_request());
        let request = Request::hard_delete("users", 1).by(ana()).reassign("views.user_id", 2);
        let backend = backend(on, &policy).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let plan = lifecycle.plan(&request).await.unwrap();
        backend.insert("views", json!({ "id": 107, "user_id": 2, "case_id": 11 })).await;
        let done = lifecycle.apply(&request, &plan).await;
        assert!(matches!(done, Err(Error::Conflict { .. })), "{done:?}");
        let again = lifecycle.plan(&request).await.unwrap();
        assert_ne!(again.digest, plan.digest);
        lifecycle.apply(&request, &again).await.unwrap();
        assert_eq!(views(&backend).await, json!([[101, 2], [103, 3], [104, 2], [105, 3], [106, 2], [107, 2]]));
    }

    async fn a_key_of_the_reference_alone_leaves_one_row(on: On) {
        let policy = DeletionPolicy::of("users")
            .reference("views.user_id", "users")
            .reference("profiles.user_id", "users")
            .hard_delete(|mode| mode
                .allow("ADMIN")
                .rule("views.user_id", cascade())
                .rule("profiles.user_id", reassign().on_clash(OnClash::delete(["user_id"]))))
            .build()
            .unwrap();
        let backend = Backend::with(on, &policy, &rows()).await;
        add_key(&backend, "CREATE UNIQUE INDEX one_profile ON profiles (user_id)").await;
        let lifecycle = backend.lifecycle(&policy).await;
        let request = Request::hard_delete("users", 1).by(ana()).reassign("profiles.user_id", 2);
        lifecycle.execute(&request).await.unwrap();
        assert_eq!(backend.rows("profiles").await, json!([{ "id": 201, "user_id": 2 }]));
        // Without a row of the new target, the row moves.
        let request = Request::hard_delete("users", 2).by(ana()).reassign("profiles.user_id", 3);
        lifecycle.execute(&request).await.unwrap();
        assert_eq!(backend.rows("profiles").await, json!([{ "id": 201, "user_id": 3 }]));
    }
}

/// A row that another reference decides about is not deleted as a duplicate.
#[tokio::test]
async fn a_row_that_another_reference_keeps_moves_in_any_case() {
    let policy = DeletionPolicy::of("users")
        .reference("views.user_id", "users")
        .reference_with("views.owner_id", "users", |reference| reference.nullable())
        .hard_delete(|mode| {
            mode.allow("ADMIN")
                .rule("views.user_id", reassign().on_clash(OnClash::delete(["user_id", "case_id"])))
                .rule("views.owner_id", keep())
        })
        .build()
        .unwrap();
    let rows = json!({
        "users": [{ "id": 1 }, { "id": 2 }],
        "views": [
            { "id": 100, "user_id": 1, "case_id": 10, "owner_id": 1 }, { "id": 101, "user_id": 2, "case_id": 10, "owner_id": null },
            { "id": 102, "user_id": 1, "case_id": 10, "owner_id": 2 } ]
    });
    let backend = Backend::with(On::Memory, &policy, &rows).await;
    let lifecycle = backend.lifecycle(&policy).await;
    let request = Request::hard_delete("users", 1).by(ana()).reassign("views.user_id", 2);
    lifecycle.execute(&request).await.unwrap();
    assert_eq!(views(&backend).await, json!([[100, 2], [101, 2]]));
}

#[test]
fn the_builder_and_the_document_say_the_same() {
    let built = reassign().on_clash(OnClash::delete(["user_id", "case_id"]));
    let policy_of = |rule| {
        DeletionPolicy::of("users")
            .reference("views.user_id", "users")
            .hard_delete(|mode| mode.allow("ADMIN").rule("views.user_id", rule))
            .build()
            .unwrap()
    };
    let document = serde_json::to_value(policy_of(built)).unwrap();
    assert_eq!(document["modes"]["hard_delete"]["rules"]["views.user_id"], by_request());
    let read = DeletionPolicy::from_json(&document.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), document);
    let version = policy_of(reassign()).version().to_owned();
    assert_ne!(read.version(), version, "what becomes of duplicates is part of the version");
}

/// A database whose key compares other rows than the policy says.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_database_without_the_key_does_not_open() {
    use crate::common::sqlite::File;
    let policy = policy(&by_request());
    for key in [
        "SELECT 1",
        "CREATE UNIQUE INDEX one_view ON views (user_id, case_id) WHERE case_id > 10",
        "CREATE UNIQUE INDEX one_view ON views (user_id, lower(case_id))",
        "CREATE INDEX one_view ON views (user_id, case_id)",
        "CREATE UNIQUE INDEX one_view ON views (user_id, case_id, id)",
    ] {
        let file = File::with(policy.map(), &rows()).await;
        file.run(key).await;
        let error =
            client_lifecycle::Lifecycle::open(file.store(), policy.clone()).await.unwrap_err().to_string();
        let place = "modes.hard_delete.rules.views.user_id.on_clash.unique";
        assert!(error.contains(place) && error.contains("no unique key on exactly"), "{key}: {error}");
        let findings = file.store().findings(&policy).await.unwrap();
        assert!(findings.iter().any(|finding| finding.path == place), "{key}: {findings:#?}");
    }
}

/// A table that the policy does not declare refers to the duplicates.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_foreign_key_to_the_duplicates_does_not_open() {
    use crate::common::sqlite::File;
    let policy = policy(&by_request());
    let file = File::with(policy.map(), &rows()).await;
    file.run("CREATE UNIQUE INDEX one_view ON views (user_id, case_id)").await;
    file.run(
        "CREATE TABLE likes (id INTEGER PRIMARY KEY, view_id INTEGER REFERENCES views ON DELETE CASCADE)",
    )
    .await;
    let error =
        client_lifecycle::Lifecycle::open(file.store(), policy.clone()).await.unwrap_err().to_string();
    assert!(
        error.contains("cannot be deleted on a clash: other rows refer to them over `likes.view_id`"),
        "{error}"
    );
}

/// Random worlds in which a reference gets a fixed target, and duplicates are deleted.
#[cfg(feature = "testing")]
mod random {
    use std::cell::Cell;

    use client_lifecycle::domain::{FieldName, Kind, Reference};
    use client_lifecycle::testing::model::{self, Verdict};
    use client_lifecycle::testing::strategies::RandomWorld;
    use client_lifecycle::{DeletionPolicy, MemoryStore};
    use serde_json::{Value, json};

    use super::Disposition;
    use crate::common::compare::{agrees, memory};
    use crate::common::random::for_random_worlds_in;
    use crate::common::{effort, sorted};

    /// A world whose policy deletes duplicates, its verdict, and the definition of the unique key.
    pub(super) struct WithKey {
        pub(super) case: RandomWorld,
        pub(super) verdict: Verdict,
        #[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases have unique keys"))]
        pub(super) sql: String,
    }

    impl WithKey {
        pub(super) fn of(case: &RandomWorld, number: usize) -> Option<Self> {
            let map = case.policy.map().clone();
            let is_usable = |reference: &&Reference| {
                let kind = map.kind(&reference.from);
                !reference.each
                    && !reference.owned
                    && reference.key.is_none()
                    && map.references_to(&reference.from).next().is_none()
                    && kind.is_some_and(|kind| !reference.fields.iter().any(|field| kind.id.contains(field)))
            };
            let references: Vec<&Reference> = map.references().filter(is_usable).collect();
            let reference = *references.get(number % references.len().max(1))?;
            let kind: &Kind = map.kind(&reference.from)?;
            let target = case.rows.get(&reference.to)?.keys().last()?;
            let mut unique: Vec<String> = reference.fields.iter().map(ToString::to_string).collect();
            if !number.is_multiple_of(3) {
                unique.push("state".into());
            }
            let entry =
                json!({ "reassign": { "to": target }, "on_clash": { "then": "delete", "unique": unique } });
            let mut document = case.document.clone();
            let rules = &mut document["modes"][case.request.mode.as_str()]["rules"];
            rules[reference.name.as_str()] = if number.is_multiple_of(4) {
                json!([{ "when": { "field": "state", "eq": "B" }, "then": "delete" }, entry])
            } else {
                entry
            };
            let policy = DeletionPolicy::from_json(&document.to_string()).ok()?;
            let mut case = case.clone();
            (case.document, case.policy) = (document, policy);
            // Half of the rows refer to the new target, the others to the first record. The rows that are there already
            // are not equal.
            let first = case.rows.get(&reference.to)?.keys().next()?.clone();
            let target = target.clone();
            let table = case.rows.get_mut(&reference.from)?;
            let mut seen = std::collections::BTreeSet::new();
            for (at, row) in table.values_mut().enumerate() {
                let to = if at.is_multiple_of(2) { &first } else { &target };
                for (field, part) in reference.fields.iter().zip(to.parts()) {
                    row.fields.insert(field.clone(), part.into());
                }
            }
            for (at, row) in table.values_mut().enumerate() {
                let values = unique.iter().map(|field| json!(row.get(FieldName::from(field.as_str()))));
                let values: Vec<Value> = values.collect();
                if !values.iter().any(Value::is_null) && !seen.insert(json!(values).to_string()) {
                    if unique.len() == reference.fields.len() {
                        return None;
                    }
                    row.fields.insert("state".into(), format!("D{at}").into());
                }
            }
            let verdict =
                model::judge(&case.policy, &case.rows, &case.request, case.now, Some(&case.mask_key))?;
            let quoted: Vec<String> = unique.iter().map(|field| format!("\"{field}\"")).collect();
            let sql =
                format!("CREATE UNIQUE INDEX the_index ON \"{}\" ({})", kind.table_name(), quoted.join(", "));
            Some(Self { case, verdict, sql })
        }

        pub(super) fn deletes(&self) -> bool {
            self.verdict.executable
                && self.verdict.steps.keys().any(|(_, disposition, reference, entry)| {
                    let reference = reference.as_ref().filter(|_| *disposition == Disposition::Delete);
                    let mode = self.case.policy.mode(self.case.request.mode);
                    let entries = reference.and_then(|name| mode?.rules.entries(name));
                    entries.and_then(|entries| entries.get(*entry)).is_some_and(|one| one.on_clash.is_some())
                })
        }
    }

    #[test]
    fn the_model_and_the_memory_store_agree_on_duplicates() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (turn, deleted) = (Cell::new(0_usize), Cell::new(0));
        for_random_worlds_in(&runtime, effort::worlds(), 500, async |case, _| {
            turn.set(turn.get() + 1);
            let Some(world) = WithKey::of(case, turn.get()) else { return Ok(()) };
            let left = async |store: &MemoryStore| sorted(&store.to_json());
            agrees(&world.case, &world.verdict, memory(&world.case), left).await?;
            deleted.set(deleted.get() + u32::from(world.deletes()));
            Ok(())
        });
        eprintln!("{} plans delete duplicates", deleted.get());
        assert!(deleted.get() > 0 || effort::worlds() < 1_000, "no world has duplicates");
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_plan_on_sqlite_deletes_the_duplicates_of_the_model() {
        use crate::common::sqlite::File;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let turn = Cell::new(0_usize);
        for_random_worlds_in(&runtime, effort::worlds(), 300, async |case, _| {
            turn.set(turn.get() + 1);
            let Some(world) = WithKey::of(case, turn.get()) else { return Ok(()) };
            let WithKey { case, verdict, sql } = &world;
            let file = File::with(case.policy.map(), &case.rows_document()).await;
            file.run(sql).await;
            super::applied(case, verdict, file.store(), async || file.rows().await).await
        });
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_plan_on_postgres_deletes_the_duplicates_of_the_model() {
        use std::cell::RefCell;

        use crate::common::postgres::{PLAIN, dropping, rows, run, script, tidy};
        use crate::common::server::Schema;
        use client_lifecycle::postgres::PostgresStore;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let Some(schema) = runtime.block_on(Schema::with_connections(1)) else { return };
        runtime.block_on(PostgresStore::new(schema.pool.clone()).migrate()).unwrap();
        let (turn, last) = (Cell::new(0_usize), RefCell::new(None));
        for_random_worlds_in(&runtime, effort::worlds() / 2, 50, async |case, _| {
            turn.set(turn.get() + 1);
            let Some(world) = WithKey::of(case, turn.get()) else { return Ok(()) };
            let WithKey { case, verdict, sql } = &world;
            let (map, pool) = (case.policy.map(), &schema.pool);
            if turn.get().is_multiple_of(100) {
                tidy(&mut pool.acquire().await.unwrap()).await;
            }
            let mut tx = pool.begin().await.unwrap();
            if let Some(before) = last.replace(Some(map.clone())) {
                run(&mut tx, &dropping(&before)).await;
            }
            run(&mut tx, &format!("{};\n{sql}", script(map, &case.rows_document(), PLAIN))).await;
            tx.commit().await.unwrap();
            let left = async || rows(&mut pool.acquire().await.unwrap(), map).await;
            super::applied(case, verdict, PostgresStore::new(pool.clone()), left).await
        });
    }
}

/// Plans and applies the request on a database with the unique key. What the key does not allow in any case blocks.
#[cfg(all(feature = "testing", any(feature = "sqlite", feature = "postgres")))]
async fn applied<S: client_lifecycle::Store>(
    case: &client_lifecycle::testing::strategies::RandomWorld,
    verdict: &client_lifecycle::testing::model::Verdict,
    store: S,
    left: impl AsyncFn() -> Value,
) -> Result<(), proptest::test_runner::TestCaseError> {
    use crate::common::compare::{expected_rows, opened, planned};
    use crate::common::sorted;
    use proptest::prelude::*;
    let lifecycle = opened(case, store).await?;
    let plan = planned(case, &lifecycle).await?;
    let is_clash = plan.blockers.iter().any(|blocker| blocker.message.contains("unique"));
    let done = lifecycle.apply(&case.request, &plan).await;
    if is_clash {
        prop_assert!(matches!(done, Err(Error::Blocked(_))), "{:?}", done);
        return Ok(());
    }
    prop_assert_eq!(verdict.difference(&case.policy, &plan), None, "{}", plan);
    if verdict.executable {
        prop_assert!(done.is_ok(), "{:?}\n{}", done, plan);
    }
    prop_assert_eq!(sorted(&left().await), expected_rows(case, verdict), "{}", plan);
    Ok(())
}
