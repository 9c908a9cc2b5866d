//! Known deletion cases as data: references with rules, rows, one deletion, and the remaining rows. `common` explains
//! the notation.

use crate::common::{Expected, World, judge, sorted};
use serde_json::{Value, json};

use Expected::{Left, Refused};

async fn on_memory(world: World, id: &str, expected: Expected) {
    let store = world.memory(world.policy().map());
    judge(store, &world, id, &expected, async |store| sorted(&store.to_json())).await;
}

#[cfg(feature = "sqlite")]
async fn on_sqlite(world: World, id: &str, expected: Expected) {
    use crate::common::sqlite::{File, Schema};
    for on_delete in ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"] {
        for reversed in [false, true] {
            let schema = Schema { on_delete, reversed };
            let file = File::with_schema(world.policy().map(), &world.rows, schema).await;
            judge(file.store(), &world, id, &expected, async |_| sorted(&file.rows().await)).await;
        }
    }
}

#[cfg(feature = "postgres")]
async fn on_postgres(world: World, id: &str, expected: Expected) {
    use crate::common::postgres::{Keys, rows, script};
    use client_lifecycle::postgres::PostgresStore;
    use client_lifecycle::sql::Dialect;
    let Some(schema) = crate::common::server::Schema::with_connections(2).await else {
        return;
    };
    PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
    let policy = world.policy();
    let tables: Vec<String> =
        policy.map().kinds().map(|kind| Dialect::Postgres.table(kind.table_name())).collect();
    let actions = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"];
    for (turn, on_delete) in actions.into_iter().enumerate() {
        let checked = ["", "DEFERRABLE INITIALLY DEFERRED"][turn % 2];
        let keys = Keys { on_delete, checked, reversed: turn % 2 == 0 };
        schema.run(&script(policy.map(), &world.rows, keys)).await;
        let store = PostgresStore::new(schema.pool.clone());
        let left = async |_: &_| {
            let mut connection = schema.pool.acquire().await.unwrap();
            sorted(&rows(&mut connection, policy.map()).await)
        };
        judge(store, &world, id, &expected, left).await;
        schema.run(&format!("DROP TABLE {} CASCADE", tables.join(", "))).await;
    }
}

fn world(subject: &'static str, references: &[(&'static str, &'static str, Value)], rows: Value) -> World {
    let references = references
        .iter()
        .map(|(name, to, rule)| match name.strip_suffix('?') {
            Some(name) => (name, *to, true, rule.clone()),
            None => (*name, *to, false, rule.clone()),
        })
        .collect();
    World { subject, references, rows }
}

/// Makes a module for each case, with one test for each store. `"a.r?"` is a nullable reference.
macro_rules! cases {
    ($($name:ident: delete $subject:literal $id:literal
        $references:tt
        $rows:tt
        => $expected:expr;)*) => {$(
        mod $name {
            use super::*;

            fn case() -> (World, Expected) {
                (world($subject, &references! $references, json!($rows)), $expected)
            }

            #[tokio::test]
            async fn memory() {
                let (world, expected) = case();
                on_memory(world, $id, expected).await;
            }

            #[cfg(feature = "sqlite")]
            #[tokio::test]
            async fn sqlite_with_foreign_keys_of_any_action_in_any_order() {
                let (world, expected) = case();
                on_sqlite(world, $id, expected).await;
            }

            #[cfg(feature = "postgres")]
            #[tokio::test]
            async fn postgres_with_foreign_keys_of_any_action_in_any_order() {
                let (world, expected) = case();
                on_postgres(world, $id, expected).await;
            }
        }
    )*};
}

macro_rules! references {
    ($($name:literal -> $to:literal: $rule:tt),* $(,)?) => {
        [$(($name, $to, json!($rule))),*]
    };
}

cases! {
    case_01_cascade: delete "r" "r1"
        ("a.r" -> "r": "cascade")
        { "r": [{"id": "r1"}], "a": [{"id": "a1", "r": "r1"}] }
        => Left(json!({ "r": [], "a": [] }));

    case_02_a_nullable_reference_does_not_soften_cascade: delete "r" "r1"
        ("a.r?" -> "r": "cascade")
        { "r": [{"id": "r1"}], "a": [{"id": "a1", "r": "r1"}] }
        => Left(json!({ "r": [], "a": [] }));

    case_03_set_null: delete "r" "r1"
        ("a.r?" -> "r": "set_null")
        { "r": [{"id": "r1"}], "a": [{"id": "a1", "r": "r1"}] }
        => Left(json!({ "r": [], "a": [{"id": "a1"}] }));

    case_04_set_default: delete "r" "r1"
        ("a.r" -> "r": {"set_default": "r0"})
        { "r": [{"id": "r0"}, {"id": "r1"}], "a": [{"id": "a1", "r": "r1"}] }
        => Left(json!({ "r": [{"id": "r0"}], "a": [{"id": "a1", "r": "r0"}] }));

    case_05_set_default_without_a_default: delete "r" "r1"
        ("a.r?" -> "r": {"set_default": null})
        { "r": [{"id": "r1"}], "a": [{"id": "a1", "r": "r1"}] }
        => Left(json!({ "r": [], "a": [{"id": "a1"}] }));

    case_07_set_null_of_a_one_to_one: delete "r" "r1"
        ("a.r?" -> "r": "set_null")
        { "r": [{"id": "r1"}, {"id": "r2"}], "a": [{"id": "a1", "r": "r1"}, {"id": "a2", "r": "r2"}] }
        => Left(json!({ "r": [{"id": "r2"}], "a": [{"id": "a1"}, {"id": "a2", "r": "r2"}] }));

    case_08_protect: delete "r" "r1"
        ("a.r?" -> "r": "protect")
        { "r": [{"id": "r1"}], "a": [{"id": "a1", "r": "r1"}] }
        => Refused(vec![("a.r", 1, vec!["a1"])]);

    case_09_every_protecting_reference_is_named: delete "r" "r1"
        ("a.r" -> "r": "protect", "b.r" -> "r": "protect")
        { "r": [{"id": "r1"}], "a": [{"id": "a1", "r": "r1"}], "b": [{"id": "b1", "r": "r1"}] }
        => Refused(vec![("a.r", 1, vec!["a1"]), ("b.r", 1, vec!["b1"])]);

    case_10_a_blocker_two_levels_down: delete "p" "p1"
        ("r.p?" -> "p": "cascade", "a.r" -> "r": "protect")
        { "p": [{"id": "p1"}], "r": [{"id": "r1", "p": "p1"}], "a": [{"id": "a1", "r": "r1"}] }
        => Refused(vec![("a.r", 1, vec!["a1"])]);

    case_11_restrict: delete "r" "r1"
        ("a.r?" -> "r": "restrict")
        { "r": [{"id": "r1"}], "a": [{"id": "a1", "r": "r1"}] }
        => Refused(vec![("a.r", 1, vec!["a1"])]);

    case_12_every_restricting_reference_is_named: delete "r" "r1"
        ("a.r" -> "r": "restrict", "b3.r" -> "r": "restrict")
        { "r": [{"id": "r1"}], "a": [{"id": "a1", "r": "r1"}], "b3": [{"id": "b3", "r": "r1"}] }
        => Refused(vec![("a.r", 1, vec!["a1"]), ("b3.r", 1, vec!["b3"])]);

    case_16_restrict_that_the_other_path_does_not_clear: delete "p" "p1"
        ("r.p?" -> "p": "cascade", "a.restrict" -> "r": "restrict", "a.cascade" -> "r": "cascade")
        { "p": [{"id": "p1"}], "r": [{"id": "r1", "p": "p1"}, {"id": "r2", "p": null}],
          "a": [{"id": "a1", "restrict": "r1", "cascade": "r2"}] }
        => Refused(vec![("a.restrict", 1, vec!["a1"])]);

    case_17_restrict_that_the_other_path_clears: delete "p" "p1"
        ("r.p?" -> "p": "cascade", "a.restrict" -> "r": "restrict", "a.cascade" -> "r": "cascade")
        { "p": [{"id": "p1"}], "r": [{"id": "r1", "p": "p1"}, {"id": "r2", "p": "p1"}],
          "a": [{"id": "a1", "restrict": "r1", "cascade": "r2"}] }
        => Left(json!({ "p": [], "r": [], "a": [] }));

    case_18_restrict_that_the_root_clears: delete "p" "p1"
        ("r.p?" -> "p": "cascade", "a.restrict" -> "r": "restrict", "a.cascade_p" -> "p": "cascade")
        { "p": [{"id": "p1"}], "r": [{"id": "r1", "p": "p1"}],
          "a": [{"id": "a1", "restrict": "r1", "cascade_p": "p1"}] }
        => Left(json!({ "p": [], "r": [], "a": [] }));

    case_19_a_diamond_deleted_from_its_side: delete "b1" "b1"
        ("b1.t" -> "top": "cascade", "b2.t" -> "top": "cascade",
         "bot.b1" -> "b1": "restrict", "bot.b2" -> "b2": "cascade")
        { "top": [{"id": "t1"}], "b1": [{"id": "b1", "t": "t1"}], "b2": [{"id": "b2", "t": "t1"}],
          "bot": [{"id": "bot1", "b1": "b1", "b2": "b2"}] }
        => Refused(vec![("bot.b1", 1, vec!["bot1"])]);

    case_20_a_diamond_deleted_from_its_top: delete "top" "t1"
        ("b1.t" -> "top": "cascade", "b2.t" -> "top": "cascade",
         "bot.b1" -> "b1": "restrict", "bot.b2" -> "b2": "cascade")
        { "top": [{"id": "t1"}], "b1": [{"id": "b1", "t": "t1"}], "b2": [{"id": "b2", "t": "t1"}],
          "bot": [{"id": "bot1", "b1": "b1", "b2": "b2"}] }
        => Left(json!({ "top": [], "b1": [], "b2": [], "bot": [] }));

    case_33_a_link_table_from_one_side: delete "r" "r1"
        ("mr.m" -> "m": "cascade", "mr.r" -> "r": "cascade")
        { "m": [{"id": "m1"}], "r": [{"id": "r1"}], "mr": [{"id": "l1", "m": "m1", "r": "r1"}] }
        => Left(json!({ "m": [{"id": "m1"}], "r": [], "mr": [] }));

    case_34_a_link_table_from_the_other_side: delete "m" "m1"
        ("mr.m" -> "m": "cascade", "mr.r" -> "r": "cascade")
        { "m": [{"id": "m1"}], "r": [{"id": "r1"}], "mr": [{"id": "l1", "m": "m1", "r": "r1"}] }
        => Left(json!({ "m": [], "r": [{"id": "r1"}], "mr": [] }));

    case_35_an_implicit_link_table_keyed_by_number: delete "m" "1"
        ("m_r.m" -> "m": "cascade", "m_r.r" -> "r": "cascade")
        { "m": [{"id": 1}], "r": [{"id": 1}, {"id": 2}],
          "m_r": [{"id": 1, "m": 1, "r": 1}, {"id": 2, "m": 1, "r": 2}] }
        => Left(json!({ "m": [], "r": [{"id": 1}, {"id": 2}], "m_r": [] }));

    case_36_a_link_table_with_set_null: delete "r" "r1"
        ("mr.m" -> "m": "cascade", "mr.r?" -> "r": "set_null")
        { "m": [{"id": "m1"}], "r": [{"id": "r1"}], "mr": [{"id": "l1", "m": "m1", "r": "r1"}] }
        => Left(json!({ "m": [{"id": "m1"}], "r": [], "mr": [{"id": "l1", "m": "m1"}] }));

    case_37_a_link_table_with_a_child: delete "toy" "t1"
        ("played.child" -> "child": "cascade", "played.toy" -> "toy": "cascade",
         "note.played" -> "played": "cascade")
        { "child": [{"id": "c1"}], "toy": [{"id": "t1"}],
          "played": [{"id": "p1", "child": "c1", "toy": "t1"}], "note": [{"id": "n1", "played": "p1"}] }
        => Left(json!({ "child": [{"id": "c1"}], "toy": [], "played": [], "note": [] }));

    case_38_a_link_table_to_the_base_of_an_extension: delete "contact" "c1"
        ("email.contact" -> "contact": "cascade", "rc.researcher" -> "researcher": "cascade",
         "rc.contact" -> "contact": "cascade")
        { "contact": [{"id": "c1"}], "email": [{"id": "e1", "contact": "c1"}],
          "researcher": [{"id": "s1"}], "rc": [{"id": "l1", "researcher": "s1", "contact": "c1"}] }
        => Left(json!({ "contact": [], "email": [], "researcher": [{"id": "s1"}], "rc": [] }));

    case_39_only_the_referring_column_is_emptied: delete "c" "c1"
        ("res.primary?" -> "c": "set_null", "res.secondary?" -> "c": "set_null")
        { "c": [{"id": "c1"}, {"id": "c2"}],
          "res": [{"id": "r1", "primary": "c1", "secondary": "c2"},
                  {"id": "r2", "primary": "c2", "secondary": "c1"}] }
        => Left(json!({ "c": [{"id": "c2"}],
                        "res": [{"id": "r1", "secondary": "c2"}, {"id": "r2", "primary": "c2"}] }));

    case_40_two_references_to_one_row_are_redirected_separately: delete "loc" "1"
        ("item.loc?" -> "loc": "set_null", "item.loc_value" -> "loc": {"set_default": 42},
         "item.version" -> "v": "cascade")
        { "loc": [{"id": 1}, {"id": 42}], "v": [{"id": 7}],
          "item": [{"id": 5, "loc": 1, "loc_value": 1, "version": 7}] }
        => Left(json!({ "loc": [{"id": 42}], "v": [{"id": 7}],
                        "item": [{"id": 5, "loc_value": 42, "version": 7}] }));

    case_41_a_deleted_row_is_not_redirected_first: delete "policy" "p1"
        ("version.policy" -> "policy": "cascade", "loc.version?" -> "version": "set_null",
         "item.version" -> "version": "cascade", "item.loc?" -> "loc": "set_null")
        { "policy": [{"id": "p1"}], "version": [{"id": "v1", "policy": "p1"}],
          "loc": [{"id": "l1", "version": "v1"}], "item": [{"id": "i1", "version": "v1", "loc": "l1"}] }
        => Left(json!({ "policy": [], "version": [], "loc": [{"id": "l1"}], "item": [] }));

    case_42_either_of_two_cascading_references_is_enough: delete "v" "v1"
        ("plot.lead" -> "v": "cascade", "plot.contact" -> "v": "cascade")
        { "v": [{"id": "v1"}, {"id": "v2"}], "plot": [{"id": "pl1", "lead": "v1", "contact": "v2"}] }
        => Left(json!({ "v": [{"id": "v2"}], "plot": [] }));

    case_42b_the_other_of_two_cascading_references: delete "v" "v2"
        ("plot.lead" -> "v": "cascade", "plot.contact" -> "v": "cascade")
        { "v": [{"id": "v1"}, {"id": "v2"}], "plot": [{"id": "pl1", "lead": "v1", "contact": "v2"}] }
        => Left(json!({ "v": [{"id": "v1"}], "plot": [] }));

    case_43_a_row_reached_twice_is_counted_once: delete "v" "v2"
        ("plot.lead" -> "v": "cascade", "plot.contact" -> "v": "cascade")
        { "v": [{"id": "v1"}, {"id": "v2"}], "plot": [{"id": "pl2", "lead": "v2", "contact": "v2"}] }
        => Left(json!({ "v": [{"id": "v1"}], "plot": [] }));

    case_46_a_relation_without_a_reverse: delete "r" "r1"
        ("hidden_user.r" -> "r": "cascade", "profile.user" -> "hidden_user": "cascade")
        { "r": [{"id": "r1"}], "hidden_user": [{"id": "u1", "r": "r1"}],
          "profile": [{"id": "p1", "user": "u1"}] }
        => Left(json!({ "r": [], "hidden_user": [], "profile": [] }));
}

#[test]
fn case_15_an_unknown_action_is_refused_at_its_place() {
    let world = world("r", &references!("a.r" -> "r": "casc"), json!({ "r": [], "a": [] }));
    let faults = client_lifecycle::DeletionPolicy::from_json(&world.policy_document().to_string())
        .unwrap_err()
        .to_string();
    assert!(faults.contains("modes.hard_delete.rules.a.r"), "{faults}");
    assert!(faults.contains("unknown rule `casc`"), "{faults}");
}

#[tokio::test]
async fn case_43_the_plan_shows_a_row_reached_twice_once() {
    let world = world(
        "v",
        &references!("plot.lead" -> "v": "cascade", "plot.contact" -> "v": "cascade"),
        json!({ "v": [{"id": "v2"}], "plot": [{"id": "pl2", "lead": "v2", "contact": "v2"}] }),
    );
    let policy = world.policy();
    let store = world.memory(policy.map());
    let lifecycle = client_lifecycle::Lifecycle::open(store, policy).await.unwrap();
    let plan = lifecycle.plan(&crate::common::request("v", "v2")).await.unwrap();
    let counts: Vec<_> = plan.steps.iter().map(|step| (step.key.kind.as_str(), step.count)).collect();
    assert_eq!(counts, [("plot", 1), ("v", 1)]);
}
