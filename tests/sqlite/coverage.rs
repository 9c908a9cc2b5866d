//! The findings of `check`: an example of each code, and policies without findings.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::sql::{FindingCode, findings};
use serde_json::{Value, json};

use crate::world::*;

const CLIENTS: &str = "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT);";
const DEBTS: &str =
    "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients, status TEXT);
     CREATE INDEX debts_by_client ON debts (client_id);";

fn document() -> Value {
    json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

async fn found_by(document: Value, ddl: &str) -> Vec<String> {
    let world = World::new(ddl).await;
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let catalogue = world.store.catalogue().await.unwrap();
    let found = findings(&policy, &catalogue);
    assert!(found.iter().all(|finding| !finding.remedy.is_empty()));
    found.iter().map(|finding| format!("{} {}: {}", finding.code, finding.path, finding.message)).collect()
}

/// Returns the findings for a clinic with additional tables.
async fn found(more: &str) -> Vec<String> {
    found_by(document(), &[CLIENTS, DEBTS, more].concat()).await
}

/// Returns the findings for a clinic whose table of debts is defined by `debts`.
async fn with_debts(debts: &str) -> Vec<String> {
    found_by(document(), &[CLIENTS, debts].concat()).await
}

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn a_policy_that_covers_everything_has_no_findings() {
    let found = found(
        "CREATE TABLE drugs (id INTEGER PRIMARY KEY, name TEXT, code TEXT UNIQUE);
         CREATE TABLE recipes (id INTEGER PRIMARY KEY, drug_id INTEGER REFERENCES drugs);
         CREATE VIEW owing AS SELECT client_id FROM debts;",
    );
    assert_eq!(found.await, NOTHING);
}

#[tokio::test]
async fn a_table_with_a_foreign_key_to_the_subject_is_uncovered() {
    let found = found("CREATE TABLE Bills (id INTEGER PRIMARY KEY, payer INTEGER REFERENCES CLIENTS);");
    assert_eq!(
        found.await,
        [
            "uncovered_table kinds.Bills: the table is neither declared nor excluded: `payer` refers to `clients`"
        ]
    );
}

#[tokio::test]
async fn a_table_below_an_uncovered_table_is_uncovered_too() {
    let found = found(
        "CREATE TABLE bills (id INTEGER PRIMARY KEY, payer INTEGER REFERENCES clients);
         CREATE TABLE lines (id INTEGER PRIMARY KEY, bill INTEGER REFERENCES bills);",
    );
    assert_eq!(
        found.await,
        [
            "uncovered_table kinds.bills: the table is neither declared nor excluded: `payer` refers to `clients`",
            "uncovered_table kinds.lines: the table is neither declared nor excluded: `bill` refers to `bills`",
        ]
    );
}

#[tokio::test]
async fn a_table_with_a_column_named_like_a_reference_is_uncovered() {
    let found = found(
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, client_id INTEGER);
         CREATE TABLE mails (id INTEGER PRIMARY KEY, clientId TEXT);
         CREATE TABLE parts (id INTEGER PRIMARY KEY, debt_id INTEGER);",
    );
    assert_eq!(
        found.await,
        [
            "uncovered_table kinds.logs: the table is neither declared nor excluded: `client_id` is named like \
             `debts.client_id`",
            "uncovered_table kinds.mails: the table is neither declared nor excluded: `clientId` is named like \
             `debts.client_id`",
            "uncovered_table kinds.parts: the table is neither declared nor excluded: `debt_id` is named like an id \
             of `debts`",
        ]
    );
}

#[tokio::test]
async fn a_column_with_a_foreign_key_is_not_suspected_by_its_name() {
    let found = found(
        "CREATE TABLE agencies (id INTEGER PRIMARY KEY);
         CREATE TABLE ads (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES agencies);",
    );
    assert_eq!(found.await, NOTHING);
}

#[tokio::test]
async fn excluded_parts_are_not_findings() {
    let ddl = [
        CLIENTS,
        DEBTS,
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, client_id INTEGER);
         CREATE TABLE bills (id INTEGER PRIMARY KEY, client INTEGER REFERENCES clients);
         ALTER TABLE debts ADD COLUMN paid_by INTEGER REFERENCES clients;",
    ]
    .concat();
    let mut document = document();
    document["excluded"] = json!([
        { "table": "LOGS", "because": "pseudonymous" }, { "reference": "bills.client", "because": "may dangle" },
        { "reference": "debts.paid_by", "because": "may dangle" } ]);
    assert_eq!(found_by(document, &ddl).await, NOTHING);
}

#[tokio::test]
async fn an_undecided_foreign_key_of_a_declared_table_is_uncovered() {
    let found = found("ALTER TABLE debts ADD COLUMN paid_by INTEGER REFERENCES clients;");
    assert_eq!(
        found.await,
        ["uncovered_reference references.debts.paid_by: the foreign key refers to `clients`, but the \
          reference is neither declared nor excluded"]
    );
}

#[tokio::test]
async fn a_column_named_like_a_reference_in_a_declared_table_is_uncovered() {
    let mut document = document();
    document["kinds"]["notes"] = json!({});
    let ddl = [CLIENTS, DEBTS, "CREATE TABLE notes (id INTEGER PRIMARY KEY, client_id INTEGER);"];
    assert_eq!(
        found_by(document, &ddl.concat()).await,
        [
            "uncovered_reference references.notes.client_id: the column is named like `debts.client_id`, but it is \
          neither declared nor excluded"
        ]
    );
}

#[tokio::test]
async fn a_reference_without_foreign_key_and_lock_is_unprotected() {
    let debts = "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL);
                 CREATE INDEX debts_by_client ON debts (client_id);";
    let found = with_debts(debts).await;
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("unprotected_reference references.debts.client_id: "), "{found:?}");

    let mut locked = document();
    locked["references"][0]["lock"] = json!("writer");
    assert_eq!(found_by(locked, &[CLIENTS, debts].concat()).await, NOTHING);
}

#[tokio::test]
async fn a_foreign_key_to_another_table_does_not_protect_the_reference() {
    let found = with_debts(
        "CREATE TABLE agencies (id INTEGER PRIMARY KEY);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL UNIQUE REFERENCES agencies);",
    );
    assert_eq!(
        found.await,
        [
            "foreign_key_mismatch references.debts.client_id: the foreign key refers to `agencies` (`id`), but the \
          policy says `clients` (`id`)"
        ]
    );
}

#[tokio::test]
async fn an_index_that_does_not_start_with_the_reference_does_not_count() {
    let table = "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients, a INTEGER";
    for (end, expected) in [
        (");", 1),
        ("); CREATE INDEX i ON debts (a, client_id);", 1),
        ("); CREATE INDEX i ON debts (client_id) WHERE a = 1;", 1),
        ("); CREATE INDEX i ON debts (abs(client_id));", 1),
        ("); CREATE INDEX i ON debts (client_id, a);", 0),
        (", UNIQUE (client_id, a));", 0),
    ] {
        let found = with_debts(&format!("{table}{end}")).await;
        assert_eq!(found.len(), expected, "{end}: {found:?}");
        assert!(found.iter().all(|one| one.starts_with("missing_index references.debts.client_id: ")));
    }
}

#[tokio::test]
async fn text_that_refers_to_integers_is_a_type_mismatch() {
    let found = with_debts(
        "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT NOT NULL UNIQUE REFERENCES clients);",
    )
    .await;
    assert!(
        found[0].starts_with("type_mismatch references.debts.client_id: the column is TEXT, but the ids"),
        "{found:?}"
    );
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn a_declared_type_that_differs_from_the_column_is_a_type_mismatch() {
    let mut document = document();
    document["kinds"]["clients"]["fields"] = json!({ "name": "integer" });
    assert_eq!(
        found_by(document, &[CLIENTS, DEBTS].concat()).await,
        ["type_mismatch kinds.clients.fields.name: declared as integer but the column is TEXT"]
    );
}

#[tokio::test]
async fn a_difference_in_nullability_is_found() {
    let found = with_debts(
        "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER UNIQUE REFERENCES clients);",
    );
    assert_eq!(
        found.await,
        ["nullability_mismatch references.debts.client_id: declared mandatory but the column can be NULL"]
    );
    let mut document = document();
    document["references"][0]["nullable"] = json!(true);
    assert_eq!(
        found_by(document, &[CLIENTS, DEBTS].concat()).await,
        ["nullability_mismatch references.debts.client_id: declared nullable but the column is NOT NULL"]
    );
}

#[tokio::test]
async fn an_id_that_is_a_part_of_the_key_is_reported() {
    let found = found(
        "CREATE TABLE tags (client_id INTEGER REFERENCES clients, tag TEXT, PRIMARY KEY (tag, client_id));",
    );
    assert_eq!(
        found.await,
        [
            "uncovered_table kinds.tags: the table is neither declared nor excluded: `client_id` refers to `clients`",
        ]
    );
    let mut document = document();
    document["kinds"]["debts"] = json!({ "id": "a" });
    let ddl = "CREATE TABLE debts (client_id INTEGER NOT NULL REFERENCES clients, a INTEGER, PRIMARY KEY (client_id, a));";
    assert_eq!(
        found_by(document, &[CLIENTS, ddl].concat()).await,
        ["composite_key kinds.debts.id: the column `a` is only a part of the primary key (`client_id`, `a`)"]
    );
}

/// The kind has a column of another name, and another kind refers to it.
#[tokio::test]
async fn the_remedy_of_a_part_of_a_key_can_be_followed() {
    let ddl = "CREATE TABLE clients (id INTEGER PRIMARY KEY);
        CREATE TABLE debts (tenant INTEGER NOT NULL, no INTEGER NOT NULL, client_id INTEGER NOT NULL REFERENCES clients,
            PRIMARY KEY (tenant, no));
        CREATE TABLE items (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, debt INTEGER NOT NULL,
            FOREIGN KEY (tenant, debt) REFERENCES debts);
        CREATE INDEX d ON debts (client_id); CREATE INDEX i ON items (tenant, debt);";
    let mut document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "debts": { "id": "number", "fields": { "number": { "column": "no" } } }, "items": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "items.debt", "to": "debts" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let world = World::new(ddl).await;
    let catalogue = world.store.catalogue().await.unwrap();
    let policy = |document: &Value| DeletionPolicy::from_json(&document.to_string()).unwrap();
    let found = findings(&policy(&document), &catalogue);
    let part = found.iter().find(|finding| finding.code == FindingCode::CompositeKey).unwrap();
    assert_eq!(
        part.remedy,
        "declare `\"id\": [\"tenant\", \"number\"]`; write 2 fields in `from` of `items.debt`, in this order"
    );
    document["kinds"]["debts"]["id"] = json!(["tenant", "number"]);
    document["references"][1]["from"] = json!(["items.tenant", "items.debt"]);
    assert_eq!(findings(&policy(&document), &catalogue), []);
}

#[tokio::test]
async fn an_id_column_that_is_not_unique_is_ambiguous() {
    let debts = "CREATE TABLE debts (id INTEGER, client_id INTEGER NOT NULL UNIQUE REFERENCES clients);";
    assert_eq!(with_debts(debts).await, ["ambiguous_id kinds.debts.id: the column `id` is not unique"]);
}

/// What the database does over such a key is in every plan, so it only has to be decided.
#[tokio::test]
async fn a_key_with_an_action_is_found_unless_it_is_excluded() {
    let logs =
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, who INTEGER REFERENCES clients ON DELETE CASCADE);";
    assert_eq!(
        found(logs).await,
        ["uncovered_table kinds.logs: the table is neither declared nor excluded: `who` refers to `clients`"]
    );
    let mut document = document();
    document["excluded"] = json!([ { "table": "logs", "because": "no personal data" } ]);
    assert_eq!(found_by(document, &[CLIENTS, DEBTS, logs].concat()).await, NOTHING);
}

#[tokio::test]
async fn a_trigger_is_found_if_the_policy_fires_it() {
    let found = found(
        "CREATE TRIGGER \"on delete\" AFTER DELETE ON debts BEGIN SELECT 1; END;
         CREATE TRIGGER noted AFTER INSERT ON debts BEGIN SELECT 1; END;
         CREATE TABLE drugs (id INTEGER PRIMARY KEY);
         CREATE TRIGGER other AFTER DELETE ON drugs BEGIN SELECT 1; END;",
    );
    assert_eq!(
        found.await,
        [
            "trigger kinds.debts: the trigger `on delete` fires on DELETE of `debts`: its effects are in no plan \
          and no receipt"
        ]
    );
}

#[tokio::test]
async fn missing_tables_and_columns_are_found() {
    let mut document = document();
    document["kinds"]["cars"] = json!({});
    document["kinds"]["clients"] = json!({ "deleted_at": "gone" });
    assert_eq!(
        found_by(document, &[CLIENTS, DEBTS].concat()).await,
        [
            "missing_table kinds.cars: the table `cars` does not exist",
            "missing_column kinds.clients.fields.gone: the table `clients` has no column `gone`",
        ]
    );
}

#[tokio::test]
async fn system_tables_and_broken_views_are_ignored() {
    let found = found(
        "CREATE TABLE tmp (client_id INTEGER); CREATE VIEW old AS SELECT client_id FROM tmp; DROP TABLE tmp;",
    );
    assert_eq!(found.await, NOTHING);
}

#[tokio::test]
async fn a_mask_of_one_entry_among_several_is_named_by_its_position() {
    let mut document = document();
    document["kinds"]["debts"] = json!({ "fields": { "status": "text" } });
    document["modes"]["hard_delete"]["rules"] = json!({ "debts.client_id": [
        { "when": { "field": "status", "eq": "PAID" }, "then": "cascade" },
        { "anonymize": { "status": { "text": "anonymized" } }, "on_survive": "set_null" } ] });
    document["references"][0]["nullable"] = json!(true);
    let debts = "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients, status VARCHAR(4));
                 CREATE INDEX debts_by_client ON debts (client_id);";
    let found = found_by(document, &[CLIENTS, debts].concat()).await;
    assert_eq!(
        found,
        [
            "mask_too_long modes.hard_delete.rules.debts.client_id[1].anonymize.status: the mask has at least 10 \
          characters, but the column is VARCHAR(4)"
        ]
    );
}

#[tokio::test]
async fn rows_to_which_only_the_subject_refers_are_owned_or_stay_behind() {
    let ddl = "CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT);
         CREATE TABLE users (id INTEGER PRIMARY KEY, avatar_id INTEGER REFERENCES files, address_id INTEGER REFERENCES files);
         CREATE INDEX u1 ON users (avatar_id); CREATE INDEX u2 ON users (address_id);";
    let mut document = json!({
        "subject": "users", "kinds": { "users": {}, "files": {} },
        "references": [ { "from": "users.avatar_id", "to": "files", "nullable": true },
                        { "from": "users.address_id", "to": "files", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    assert_eq!(
        found_by(document.clone(), ddl).await,
        [
            "unreached_kind kinds.files: no request removes rows of `files`, which are referred to by `users.address_id`, `users.avatar_id`"
        ]
    );
    for reference in document["references"].as_array_mut().unwrap() {
        reference["owned"] = json!(true);
    }
    assert_eq!(found_by(document, ddl).await, NOTHING);
}

#[tokio::test]
async fn a_column_named_like_several_ids_may_hold_a_list() {
    let found = found(
        "CREATE TABLE products (id INTEGER PRIMARY KEY);
         CREATE TABLE rooms (id INTEGER PRIMARY KEY, client_ids TEXT, editorIds JSON, product_ids TEXT, kids TEXT, seat_ids INTEGER);",
    );
    assert_eq!(
        found.await,
        [
            "uncovered_table kinds.rooms: the table is neither declared nor excluded: `client_ids` may hold a list of ids: it \
             is named like `debts.client_id`, in the plural, `editorIds` may hold a list of ids of `clients`"
        ]
    );
}

/// Rows that the condition leaves out block, so a key that would delete them is no finding.
#[tokio::test]
async fn a_key_that_also_covers_rows_beside_a_condition_is_no_finding() {
    let notes = |action: &str| {
        format!(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, k TEXT, client_id INTEGER REFERENCES clients {action});
             CREATE INDEX notes_by_client ON notes (client_id);"
        )
    };
    let mut document = json!({
        "subject": "clients", "kinds": { "clients": {}, "notes": {} },
        "references": [ { "from": "notes.client_id", "to": "clients", "nullable": true, "if": { "field": "k", "eq": "a" } } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "restrict" } } }
    });
    for action in ["ON DELETE CASCADE", ""] {
        assert_eq!(found_by(document.clone(), &[CLIENTS, &notes(action)].concat()).await, NOTHING);
    }
    let reference = document["references"][0].as_object_mut().unwrap();
    document["kinds"]["notes"]["filter"] = reference.remove("if").unwrap();
    assert_eq!(found_by(document, &[CLIENTS, &notes("ON DELETE CASCADE")].concat()).await, NOTHING);
}

#[tokio::test]
async fn a_key_to_another_table_is_refused_whatever_the_condition() {
    let ddl = "CREATE TABLE others (id INTEGER PRIMARY KEY);
         CREATE TABLE notes (id INTEGER PRIMARY KEY, k TEXT, client_id INTEGER REFERENCES others);
         CREATE INDEX notes_by_client ON notes (client_id);";
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "notes": {} },
        "references": [ { "from": "notes.client_id", "to": "clients", "nullable": true, "if": { "field": "k", "eq": "a" } } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let found = found_by(document, &[CLIENTS, ddl].concat()).await;
    assert!(
        found.iter().any(|one| one.starts_with("foreign_key_mismatch") || one.contains("others")),
        "{found:#?}"
    );
}
