//! `check` refuses the same policies as the commands that open a policy.

use serde_json::json;

use crate::world::World;

fn refused_alike(name: &str, tables: &str, expected: &str) {
    let world = World::of_tables(name, tables);
    let policy = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [{ "from": "debts.client_id", "to": "clients" }],
        "excluded": [{ "table": "folders", "because": "only structure" }],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    world.write("policy.json", &policy.to_string());
    let check = world.run("sqlite:app.db", "check");
    assert_eq!(check.status, 3, "{}{}", check.out, check.err);
    assert!(check.out.contains(expected), "{}", check.out);
    let plan = world.run("sqlite:app.db", "plan clients 1 --mode hard_delete --actor ana --role ADMIN");
    assert_ne!(plan.status, 0, "{}", plan.out);
    assert!(plan.err.contains(expected), "{}", plan.err);
}

#[test]
fn check_reports_a_reference_with_another_collation_than_its_ids() {
    refused_alike(
        "check-collation",
        "CREATE TABLE clients (id TEXT COLLATE NOCASE PRIMARY KEY NOT NULL);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients);
         CREATE INDEX i ON debts (client_id);",
        "the column compares by bytes, but the ids of `clients` compare without case",
    );
}

#[test]
fn check_reports_a_foreign_key_to_another_column_than_the_id() {
    refused_alike(
        "check-mismatch",
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, code INTEGER NOT NULL UNIQUE);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (code));
         CREATE INDEX i ON debts (client_id);",
        "the foreign key refers to `clients` (`code`), but the policy says `clients` (`id`)",
    );
}
