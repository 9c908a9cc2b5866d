//! The tables of the benchmark: clients, ten references to them or to their dependents, and an index on every
//! reference.

/// A database system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Postgres,
    Sqlite,
}

/// What the foreign keys do when a client is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForeignKeys {
    Cascade,
    NoAction,
}

/// A table and the table it refers to.
pub(crate) struct Relation {
    pub(crate) table: &'static str,
    pub(crate) field: &'static str,
    pub(crate) to: &'static str,
}

const fn relation(table: &'static str, field: &'static str, to: &'static str) -> Relation {
    Relation { table, field, to }
}

/// All references, parents before children.
pub(crate) const RELATIONS: [Relation; 10] = [
    relation("consents", "client_id", "clients"),
    relation("questionnaires", "client_id", "clients"),
    relation("revokes", "client_id", "clients"),
    relation("bookings", "client_id", "clients"),
    relation("booking_items", "booking_id", "bookings"),
    relation("debts", "client_id", "clients"),
    relation("invoices", "client_id", "clients"),
    relation("invoice_lines", "invoice_id", "invoices"),
    relation("sessions", "client_id", "clients"),
    relation("devices", "client_id", "clients"),
];

/// The table whose rows stay; their `client_id` becomes null.
pub(crate) const SURVIVING: &str = "invoices";

/// Returns the statements that create the tables.
pub(crate) fn tables(system: System, keys: ForeignKeys) -> String {
    let (id, at) = match system {
        System::Postgres => ("uuid", "timestamptz"),
        System::Sqlite => ("TEXT", "TEXT"),
    };
    let mut sql = format!(
        "CREATE TABLE clients (id {id} PRIMARY KEY NOT NULL, cohort text NOT NULL, email text NOT NULL, \
         name text NOT NULL, created_at {at} NOT NULL);\n"
    );
    for Relation { table, field, to } in &RELATIONS {
        let action = match (keys, *table) {
            (ForeignKeys::NoAction, _) => "NO ACTION",
            (ForeignKeys::Cascade, SURVIVING) => "SET NULL",
            (ForeignKeys::Cascade, _) => "CASCADE",
        };
        let null = if *table == SURVIVING { "" } else { " NOT NULL" };
        sql.push_str(&format!(
            "CREATE TABLE {table} (id {id} PRIMARY KEY NOT NULL, {field} {id}{null} REFERENCES {to} (id) ON DELETE {action}, \
             number integer NOT NULL, status text NOT NULL, note text NOT NULL, created_at {at} NOT NULL);\n"
        ));
    }
    sql
}

/// Returns the statements that index every reference.
pub(crate) fn indexes() -> String {
    let index = |Relation { table, field, .. }: &Relation| {
        format!("CREATE INDEX {table}_{field} ON {table} ({field});\n")
    };
    RELATIONS.iter().map(index).collect()
}

/// Returns the names of all tables.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    RELATIONS.iter().map(|relation| relation.table).chain(["clients"])
}
