//! PostgreSQL tables for clients with all their fields, and a policy for them.

use serde_json::{Value, json};

pub(crate) const TABLES: &str = "
    CREATE TABLE clients (user_id uuid PRIMARY KEY, email text NOT NULL, name text NOT NULL DEFAULT 'Maria',
        surname text NOT NULL DEFAULT 'Garcia', phone text NOT NULL DEFAULT '+34634567890',
        address text NOT NULL DEFAULT '', city text NOT NULL DEFAULT '', country text NOT NULL DEFAULT '',
        postal_code text NOT NULL DEFAULT '', gender text NOT NULL DEFAULT '', birth_date date DEFAULT '1990-05-15',
        role text NOT NULL DEFAULT 'USER', status text NOT NULL DEFAULT 'ON', avatar text NOT NULL DEFAULT '',
        document_type text NOT NULL DEFAULT 'DNI', document_number text NOT NULL DEFAULT '12345678A',
        created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
        version bigint NOT NULL DEFAULT 1);
    CREATE TABLE debts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid NOT NULL REFERENCES clients);
    CREATE INDEX ON clients (lower(email COLLATE \"C\")); CREATE INDEX ON debts (client_id);";

pub(crate) fn document() -> Value {
    let any = json!({ "allow": "any" });
    let kept = json!({ "allow": "any", "rules": { "*": "keep" }, "effects": [ { "topic": "status" } ] });
    json!({
        "subject": "clients",
        "kinds": { "clients": { "id": "user_id", "status": "status", "created_at": "created_at",
                                "updated_at": "updated_at", "version": "version",
                                "fields": { "birth_date": { "type": "date", "nullable": true } } }, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": {
            "create": any, "update": any, "deactivate": kept, "reactivate": kept,
            "reassign": { "allow": "any", "rules": { "debts.client_id": "reassign" } },
            "hard_delete": { "allow": "any", "rules": { "debts.client_id": "cascade" } } }
    })
}
