//! Generated tables with rows, and the policy over them.

use std::ops::RangeInclusive;

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Request};
use serde_json::{Map, Value, json};

use crate::tables::System;

/// Tables with rows, a policy over them, and the request to measure.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    tables: Vec<Table>,
    /// The ids of the clients to delete are 1 to this number.
    subjects: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Table {
    name: String,
    /// The ids are 1 to this number.
    rows: usize,
    fields: Vec<Reference>,
    /// Members of the kind's description in the policy.
    kind: Value,
}

#[derive(Debug, Clone)]
struct Reference {
    field: String,
    to: String,
    /// The SQL expression for the id that row `i` refers to.
    held: String,
    rule: Value,
    has_index: bool,
    has_key: bool,
    is_nullable: bool,
}

impl Table {
    /// Makes a table with an id and a text (`w0` to `w999`, in turns). Its kind has the members of `kind` in the
    /// policy.
    pub(super) fn new(name: impl Into<String>, rows: usize) -> Self {
        Self { name: name.into(), rows, fields: Vec::new(), kind: json!({ "fields": { "word": "text" } }) }
    }

    /// Replaces the description of the kind.
    pub(super) fn kind(mut self, kind: Value) -> Self {
        self.kind = kind;
        self
    }

    /// Adds a reference with an index and a foreign key. Row `i` refers to `held`.
    pub(super) fn refers(mut self, field: &str, to: &str, held: &str, rule: impl Into<Value>) -> Self {
        self.fields.push(Reference {
            field: field.into(),
            to: to.into(),
            held: held.into(),
            rule: rule.into(),
            has_index: true,
            has_key: true,
            is_nullable: true,
        });
        self
    }

    /// Removes the index of the last reference.
    pub(super) fn without_index(mut self) -> Self {
        self.fields.last_mut().unwrap().has_index = false;
        self
    }

    /// Declares the last reference as mandatory.
    pub(super) fn mandatory(mut self) -> Self {
        self.fields.last_mut().unwrap().is_nullable = false;
        self
    }

    /// Removes the foreign key of the last reference.
    pub(super) fn without_key(mut self) -> Self {
        self.fields.last_mut().unwrap().has_key = false;
        self
    }
}

impl World {
    /// Makes a world of a table `clients`. The first `subjects` of its rows are deleted.
    pub(super) fn new(clients: usize, subjects: usize) -> Self {
        Self { tables: vec![Table::new("clients", clients)], subjects }
    }

    /// Sets the description of the kind of the clients.
    pub(super) fn subject(mut self, kind: Value) -> Self {
        self.tables[0].kind = kind;
        self
    }

    pub(super) fn with(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// Returns the statements that create the tables and indexes.
    pub(super) fn ddl(&self, system: System) -> String {
        let settings = match system {
            System::Postgres => " WITH (autovacuum_enabled = off)",
            System::Sqlite => "",
        };
        let mut sql = String::new();
        for Table { name, fields, .. } in &self.tables {
            sql.push_str(&format!("CREATE TABLE {name} (id integer PRIMARY KEY NOT NULL"));
            for Reference { field, to, has_key, is_nullable, .. } in fields {
                let null = if *is_nullable { "" } else { " NOT NULL" };
                let key = if *has_key { format!(" REFERENCES {to} (id)") } else { String::new() };
                sql.push_str(&format!(", {field} integer{null}{key}"));
            }
            sql.push_str(&format!(", word text){settings};\n"));
            for Reference { field, .. } in fields.iter().filter(|reference| reference.has_index) {
                sql.push_str(&format!("CREATE INDEX {name}_{field} ON {name} ({field});\n"));
            }
        }
        sql
    }

    /// Returns the statements that insert the rows with these ids, from `series`, which holds the numbers from 1 in its
    /// column `i`.
    pub(super) fn fill(&self, ids: RangeInclusive<usize>) -> String {
        let mut sql = String::new();
        for Table { name, rows, fields, .. } in &self.tables {
            let held: String = fields.iter().map(|reference| format!("{}, ", reference.held)).collect();
            let (first, last) = (ids.start(), ids.end().min(rows));
            sql.push_str(&format!(
                "INSERT INTO {name} SELECT i, {held}'w' || (i % 1000) FROM series \
                 WHERE i BETWEEN {first} AND {last} ORDER BY i;\n"
            ));
        }
        sql
    }

    /// Returns the largest number of rows of a table.
    pub(super) fn longest(&self) -> usize {
        self.tables.iter().map(|table| table.rows).max().unwrap_or_default()
    }

    pub(super) fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.tables.iter().map(|table| table.name.as_str())
    }

    pub(super) fn policy(&self) -> DeletionPolicy {
        let kinds: Map<String, Value> =
            self.tables.iter().map(|table| (table.name.clone(), table.kind.clone())).collect();
        let (mut references, mut rules) = (Vec::new(), Map::new());
        for Table { name, fields, .. } in &self.tables {
            for Reference { field, to, rule, is_nullable, .. } in fields {
                let from = format!("{name}.{field}");
                references.push(json!({ "from": from, "to": to, "nullable": is_nullable }));
                rules.insert(from, rule.clone());
            }
        }
        let document = json!({
            "subject": "clients",
            "kinds": kinds,
            "references": references,
            "modes": { "hard_delete": { "allow": "any", "rules": rules } }
        });
        DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
    }

    pub(super) fn request(&self) -> Request {
        let ids = (1..=i64::try_from(self.subjects).unwrap()).collect::<Vec<_>>();
        Request::batch(Mode::HardDelete, "clients", ids).by(Actor::new("ana", "ADMIN"))
    }
}
