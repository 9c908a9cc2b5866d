//! Databases of many tables with keys of every kind: single and composite ones, keys shared with a parent, link tables,
//! tables without a key, other unique keys, cycles and, on PostgreSQL, partitions.

use std::fmt::Write;

/// A database as statements, and the names of its tables.
pub(crate) struct Generated {
    pub(crate) statements: String,
    pub(crate) tables: Vec<String>,
}

/// The number of rows of the first table. Rows of other tables refer to rows of earlier ones.
const ROWS: usize = 6;
/// The number of tables that depend on the clients, directly or through others.
const TABLES: usize = 60;

#[derive(Clone, Copy, PartialEq)]
enum Key {
    Single,
    /// Two columns of the table itself.
    Pair,
    /// The key of the first parent.
    Shared,
    /// The columns of two parents.
    Link,
    None,
}

struct Table {
    key: Key,
    parents: Vec<usize>,
    rows: usize,
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

/// Returns the name of a table. Each schema has tables of the same names; the clients are in the search path.
fn name(table: usize, schemas: &[&str]) -> String {
    let Some(at) = table.checked_sub(1) else { return "clients".into() };
    let (number, schema) = (at / (schemas.len() + 1), at % (schemas.len() + 1));
    let schema = schema.checked_sub(1).map(|at| format!("{}.", schemas[at]));
    format!("{}t{number}", schema.unwrap_or_default())
}

/// Returns the values of the key of a row.
fn key_of(tables: &[Table], table: usize, row: usize) -> Vec<usize> {
    match tables[table].key {
        Key::Pair => vec![row / 2, row % 2],
        Key::Shared => key_of(tables, tables[table].parents[0], row),
        _ => vec![row],
    }
}

fn columns_of(tables: &[Table], table: usize) -> Vec<String> {
    match tables[table].key {
        Key::Pair => vec!["a".into(), "b".into()],
        Key::Shared => {
            (0..key_of(tables, tables[table].parents[0], 0).len()).map(|at| format!("k{at}")).collect()
        }
        _ => vec!["id".into()],
    }
}

/// Makes a database. `schemas` are the schemas with tables beside the one in the search path. `with_partitions` says whether
/// tables with two key columns are partitioned.
pub(crate) fn generated(seed: u64, with_partitions: bool, schemas: &[&str]) -> Generated {
    generated_with(seed, with_partitions, schemas, &[""])
}

/// Makes a database whose foreign keys have these actions in turn. Columns that cannot be null have the first.
pub(crate) fn generated_with(
    seed: u64,
    with_partitions: bool,
    schemas: &[&str],
    actions: &[&str],
) -> Generated {
    let name = |table: usize| name(table, schemas);
    let mut numbers = Numbers(seed);
    let mut tables = vec![Table { key: Key::Single, parents: Vec::new(), rows: ROWS }];
    for at in 1..=TABLES {
        // Tables without one key of their own cannot be referred to.
        let referable = |table: &usize| !matches!(tables[*table].key, Key::Link | Key::None);
        let candidates: Vec<usize> = (0..at).filter(referable).collect();
        let key = match numbers.below(10) {
            0..=3 => Key::Single,
            4 | 5 => Key::Pair,
            6 => Key::Shared,
            7 | 8 => Key::Link,
            _ => Key::None,
        };
        let wanted = if key == Key::Link { 2 } else { 1 + numbers.below(2) };
        let parents: Vec<usize> = (0..wanted).map(|_| candidates[numbers.below(candidates.len())]).collect();
        let rows = if key == Key::Shared { tables[parents[0]].rows } else { 1 + numbers.below(2 * ROWS) };
        tables.push(Table { key, parents, rows });
    }

    let mut statements = String::new();
    for schema in schemas {
        writeln!(statements, "CREATE SCHEMA {schema};").unwrap();
    }
    let mut inserts = String::new();
    for (at, table) in tables.iter().enumerate() {
        let (mut columns, mut constraints) = (Vec::new(), Vec::new());
        let own = columns_of(&tables, at);
        let mut held: Vec<Vec<String>> = Vec::new();
        for (number, parent) in table.parents.iter().enumerate() {
            let key = columns_of(&tables, *parent);
            let fields: Vec<String> = match (table.key, number) {
                (Key::Shared, 0) => own.clone(),
                _ => (0..key.len()).map(|part| format!("p{number}_{part}")).collect(),
            };
            let is_nullable = table.key != Key::Link && !(table.key == Key::Shared && number == 0);
            let action = if is_nullable { actions[(at + number) % actions.len()] } else { actions[0] };
            constraints.push(format!(
                "FOREIGN KEY ({}) REFERENCES {} ({}) {action}",
                fields.join(", "),
                name(*parent),
                key.join(", ")
            ));
            held.push(fields);
        }
        let is_key = |field: &String| own.contains(field) && !matches!(table.key, Key::Link | Key::None);
        if !matches!(table.key, Key::Link | Key::None) {
            columns.extend(own.iter().map(|column| format!("{column} bigint NOT NULL")));
            constraints.push(format!("PRIMARY KEY ({})", own.join(", ")));
        }
        for field in held.iter().flatten().filter(|field| !is_key(field)) {
            let not_null = if table.key == Key::Link { " NOT NULL" } else { "" };
            columns.push(format!("{field} bigint{not_null}"));
        }
        if table.key == Key::Link {
            // A number makes each row of the link different.
            columns.push("number bigint NOT NULL".into());
            constraints.push(format!("PRIMARY KEY ({}, number)", held.concat().join(", ")));
        }
        // Every fifth table refers to itself.
        if at % 5 == 0 && table.key == Key::Single {
            columns.push("above bigint".into());
            let action = actions[at % actions.len()];
            constraints.push(format!("FOREIGN KEY (above) REFERENCES {} (id) {action}", name(at)));
        }
        let partitioned = with_partitions && table.key == Key::Pair;
        let suffix = if partitioned { " PARTITION BY HASH (a, b)" } else { "" };
        let all = [columns, constraints].concat().join(", ");
        writeln!(statements, "CREATE TABLE {} ({all}){suffix};", name(at)).unwrap();
        for part in (0..2).filter(|_| partitioned) {
            let table = name(at);
            writeln!(statements, "CREATE TABLE {table}_part{part} PARTITION OF {table} FOR VALUES WITH (MODULUS 2, REMAINDER {part});").unwrap();
        }
        for row in 0..table.rows {
            let mut values: Vec<(String, String)> = Vec::new();
            if !matches!(table.key, Key::Link | Key::None) {
                let key = key_of(&tables, at, row).into_iter().map(|value| value.to_string());
                values.extend(own.iter().cloned().zip(key));
            }
            for (number, (parent, fields)) in table.parents.iter().zip(&held).enumerate() {
                if table.key == Key::Shared && number == 0 {
                    continue;
                }
                let target = numbers.below(tables[*parent].rows);
                let is_null = table.key != Key::Link && numbers.below(8) == 0;
                let key = key_of(&tables, *parent, target).into_iter();
                let key = key.map(|value| if is_null { "NULL".into() } else { value.to_string() });
                values.extend(fields.iter().cloned().zip(key));
            }
            if table.key == Key::Link {
                values.push(("number".into(), row.to_string()));
            }
            if at % 5 == 0 && table.key == Key::Single && row > 0 {
                values.push(("above".into(), numbers.below(row).to_string()));
            }
            let (names, values): (Vec<String>, Vec<String>) = values.into_iter().unzip();
            let (table, names, values) = (name(at), names.join(", "), values.join(", "));
            writeln!(inserts, "INSERT INTO {table} ({names}) VALUES ({values});").unwrap();
        }
    }
    statements.push_str(&inserts);
    Generated { statements, tables: (0..tables.len()).map(name).collect() }
}

/// Takes half of the references and a third of the kinds out of a policy document. Tables without a kind are excluded.
pub(crate) fn leave_out(document: &mut serde_json::Value) {
    use serde_json::{Value, json};
    let subject = document["subject"].as_str().unwrap().to_owned();
    let kinds = document["kinds"].as_object_mut().unwrap();
    let names = kinds.keys().filter(|kind| **kind != subject).cloned().enumerate();
    let left_out: Vec<String> = names.filter(|(at, _)| at % 3 == 0).map(|(_, kind)| kind).collect();
    let mut excluded = Vec::new();
    for kind in &left_out {
        let declared = kinds.remove(kind).unwrap();
        let table = declared.get("table").cloned().unwrap_or_else(|| json!(kind));
        excluded.push(json!({ "table": table, "because": "only structure" }));
    }
    let kinds: Vec<String> = kinds.keys().cloned().collect();
    let kind_of = |name: &Value| {
        let name = name.as_str().or_else(|| name[0].as_str()).unwrap();
        let of_field = name.rsplit_once('.').map(|(kind, _)| kind.to_owned());
        if kinds.iter().any(|kind| kind == name) { Some(name.to_owned()) } else { of_field }
    };
    let is_left = |name: &Value| kind_of(name).is_some_and(|kind| kinds.contains(&kind));
    let references = document["references"].as_array_mut().unwrap();
    references.retain(|reference| is_left(&reference["from"]) && is_left(&reference["to"]));
    let mut at = 0;
    references.retain(|_| {
        at += 1;
        at % 2 == 0
    });
    document["excluded"] = excluded.into();
}
