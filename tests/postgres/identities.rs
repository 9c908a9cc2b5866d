//! What identifies a row: columns of a unique index, a key of many columns, or nothing.

use client_lifecycle::Lifecycle;
use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::postgres::sqlx;
use serde_json::{Value, json};

use crate::world::{World, delete, policy};

/// A link table with a unique index, and without a primary key.
#[tokio::test]
async fn a_link_table_needs_no_primary_key() {
    for id in [json!(["person_id", "tag_id"]), json!(["tag_id", "person_id"]), json!([])] {
        let document = json!({
            "subject": "people", "kinds": { "people": {}, "tags": {}, "people_tags": { "id": id } },
            "references": [ { "from": "people_tags.person_id", "to": "people" },
                            { "from": "people_tags.tag_id", "to": "tags" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
        });
        let ddl = "CREATE TABLE people (id integer PRIMARY KEY);
             CREATE TABLE tags (id integer PRIMARY KEY);
             CREATE TABLE people_tags (person_id integer NOT NULL REFERENCES people ON DELETE CASCADE,
                 tag_id integer NOT NULL REFERENCES tags ON DELETE CASCADE);
             CREATE UNIQUE INDEX people_tags_ab ON people_tags (person_id, tag_id);
             CREATE INDEX people_tags_b ON people_tags (tag_id);
             INSERT INTO people VALUES (1), (2); INSERT INTO tags VALUES (1), (2);
             INSERT INTO people_tags VALUES (1, 1), (1, 2), (2, 1);";
        let Some(world) = World::new(ddl, &document).await else { return };
        let lifecycle = world.lifecycle().await;
        let request = Request::hard_delete("people", 1).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap();
        let receipt = lifecycle.apply(&request, &plan).await.unwrap();
        let actual: Vec<u64> = receipt.steps.iter().map(|step| step.actual).collect();
        assert_eq!(actual, [2, 1], "{plan}");
        assert_eq!(
            world.text("SELECT string_agg(person_id || '/' || tag_id, ' ') FROM people_tags").await,
            "2/1"
        );
    }
}

fn members() -> Value {
    json!({
        "subject": "members", "kinds": { "members": {}, "activity": {} },
        "references": [ { "from": "activity.object_id", "to": "members" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

#[tokio::test]
async fn columns_whose_types_do_not_fit_are_refused_before_anything_is_read() {
    for (id, held) in [("integer", "varchar(8)"), ("uuid", "text"), ("text", "bigint"), ("text", "uuid")] {
        let ddl = format!(
            "CREATE TABLE members (id {id} PRIMARY KEY);
             CREATE TABLE activity (id integer PRIMARY KEY, object_id {held} NOT NULL);
             CREATE INDEX ON activity (object_id);"
        );
        let Some(world) = World::new(&ddl, &members()).await else { return };
        let error = Lifecycle::open(world.store(), world.policy.clone()).await.unwrap_err().to_string();
        assert!(error.contains("references.activity.object_id: the column is "), "{id} {held}: {error}");
    }
}

#[tokio::test]
async fn text_refers_to_text_of_fixed_length_without_its_blanks() {
    let ddl = "CREATE TABLE members (id char(8) PRIMARY KEY);
         CREATE TABLE activity (id integer PRIMARY KEY, object_id varchar(8) NOT NULL);
         INSERT INTO members VALUES ('abc'), ('ab'); INSERT INTO activity VALUES (1, 'abc'), (2, 'ab')";
    let Some(world) = World::new(ddl, &members()).await else { return };
    let request = Request::hard_delete("members", "abc").by(Actor::new("ana", "ADMIN"));
    let receipt = world.lifecycle().await.execute(&request).await.unwrap();
    let actual: Vec<u64> = receipt.steps.iter().map(|step| step.actual).collect();
    assert_eq!(actual, [1, 1]);
    assert_eq!(world.number("SELECT sum(id) FROM activity").await, 2);
}

/// Returns a policy in which the key of `clients` and the reference of `debts` have so many fields, and its tables.
fn of_columns(count: usize, is_key: bool) -> (Value, String, RecordId) {
    let names: Vec<String> = (0..count).map(|at| format!("k{at}")).collect();
    let from: Vec<String> = names.iter().map(|name| format!("debts.{name}")).collect();
    let document = json!({
        "subject": "clients", "kinds": { "clients": { "id": names }, "debts": {} },
        "references": [ { "from": from, "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let columns: Vec<String> = names.iter().map(|name| format!("{name} integer NOT NULL")).collect();
    let (columns, names) = (columns.join(", "), names.join(", "));
    let row = |last: i64| {
        let values: Vec<String> = (1..count).map(|at| at.to_string()).chain([last.to_string()]).collect();
        values.join(", ")
    };
    let (one, other) = (row(1), row(2));
    let (key, foreign) = if is_key {
        (format!(", PRIMARY KEY ({names})"), format!(", FOREIGN KEY ({names}) REFERENCES clients"))
    } else {
        Default::default()
    };
    let ddl = format!(
        "CREATE TABLE clients ({columns}{key});
         CREATE TABLE debts (id integer PRIMARY KEY, {columns}{foreign});
         INSERT INTO clients VALUES ({one}), ({other}); INSERT INTO debts VALUES (1, {one}), (2, {other}), (3, {one});"
    );
    let id = (1..count).map(|at| RecordId::from(i64::try_from(at).unwrap())).chain([1.into()]);
    (document, ddl, RecordId::tuple(id))
}

/// PostgreSQL has no keys of more than 32 columns.
#[tokio::test]
async fn a_key_may_have_as_many_columns_as_postgresql_allows() {
    let (document, ddl, id) = of_columns(32, true);
    let Some(world) = World::new(&ddl, &document).await else { return };
    let lifecycle = world.lifecycle().await;
    let plan = lifecycle.plan(&delete(id.clone())).await.unwrap_or_else(|error| panic!("{error:?}"));
    lifecycle.apply(&delete(id), &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
    assert_eq!(world.number("SELECT sum(id) FROM debts").await, 2);

    let (document, ddl, _) = of_columns(100, false);
    let Some(world) = World::new(&ddl, &document).await else { return };
    let error = Lifecycle::open(world.store(), policy(&document)).await.unwrap_err().to_string();
    assert!(error.contains("are not unique together"), "{error}");
}

/// A view has no key that could be too long.
#[tokio::test]
async fn an_id_of_a_view_may_have_a_hundred_columns() {
    let (document, ddl, id) = of_columns(100, false);
    let ddl = ddl.replace("TABLE clients", "TABLE all_clients").replace("INTO clients", "INTO all_clients");
    let ddl = format!("{ddl} CREATE VIEW clients AS SELECT * FROM all_clients");
    let Some(world) = World::new(&ddl, &document).await else { return };
    let lifecycle = world.lifecycle().await;
    let plan = lifecycle.plan(&delete(id.clone())).await.unwrap_or_else(|error| panic!("{error:?}"));
    lifecycle.apply(&delete(id), &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
    assert_eq!(world.number("SELECT sum(id) FROM debts").await, 2);
}

#[tokio::test]
async fn an_id_of_several_columns_is_read_from_the_log_as_it_was_asked_for() {
    let document = json!({
        "subject": "seats", "kinds": { "seats": { "id": ["show_no", "place"] } },
        "modes": { "hard_delete": { "allow": "any", "rules": {}, "effects": [ { "topic": "free" } ] } }
    });
    let ddl = "CREATE TABLE seats (show_no integer NOT NULL, place varchar(9) NOT NULL, PRIMARY KEY (show_no, place));
        INSERT INTO seats VALUES (7, 'A1'), (7, 'A2');";
    let Some(world) = World::new(ddl, &document).await else { return };
    let (policy, store) = (world.policy.clone(), world.store());
    let lifecycle = Lifecycle::open(&store, policy).await.unwrap();
    let request = Request::hard_delete("seats", (7, "A1")).by(Actor::new("ana", "ADMIN"));
    let receipt = lifecycle.execute(&request).await.unwrap();
    for id in [RecordId::from((7, "A1")), RecordId::from("[7,\"A1\"]")] {
        let entries = store.audit(&"seats".into(), &id).await.unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].subjects, [(7, "A1").into()]);
    }
    let events = store.events(receipt.operation).await.unwrap();
    assert_eq!(events[0].record, (7, "A1").into());
}

#[tokio::test]
async fn a_key_that_is_not_unique_cannot_be_referred_to() {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "visits": {} },
        "references": [ { "from": "visits.client_code", "to": "clients.code" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY, code varchar(9) NOT NULL);
        CREATE TABLE visits (id integer PRIMARY KEY, client_code varchar(9) NOT NULL);";
    let Some(world) = World::new(ddl, &document).await else { return };
    let (policy, store) = (world.policy.clone(), world.store());
    let error = Lifecycle::open(&store, policy).await.unwrap_err().to_string();
    let expected = "references.visits.client_code: `code` of `clients` is not unique, so a row could refer to several records";
    assert!(error.contains(expected), "{error}");
}

/// An index on `lower(code)` is enough, and the only one that rules out codes that differ in case.
#[tokio::test]
async fn an_index_in_lower_case_makes_a_value_unique_in_any_case() {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "visits": {} },
        "references": [ { "from": "visits.code", "to": "clients.code", "compare": "ignore_ascii_case" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY, code varchar(9) NOT NULL);
        CREATE UNIQUE INDEX codes ON clients (lower(code COLLATE \"C\"));
        CREATE TABLE visits (id integer PRIMARY KEY, code varchar(9) NOT NULL);
        INSERT INTO clients VALUES (1, 'Abc'); INSERT INTO visits VALUES (1, 'abc');";
    let Some(world) = World::new(ddl, &document).await else { return };
    Lifecycle::open(world.store(), world.policy.clone()).await.unwrap();
    let second = sqlx::raw_sql("INSERT INTO clients VALUES (2, 'aBC')").execute(&world.schema.pool).await;
    assert!(second.is_err(), "the index refuses it");
}
