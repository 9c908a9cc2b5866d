//! Creates the tables of a case from its policy and rows, and reads their rows as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    Sqlite,
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "there is only SQLite"))]
    Postgres,
}

#[derive(Debug)]
pub(super) struct Table {
    name: String,
    pub(super) kind: String,
    pub(super) id: String,
    columns: BTreeMap<String, Column>,
    /// Whether the rows contain instants with milliseconds.
    milliseconds: bool,
}

#[derive(Debug)]
struct Column {
    type_name: String,
    nullable: bool,
    unique: bool,
    target: Option<String>,
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(String::from)
}

fn references(policy: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = policy["references"].as_array().into_iter().flatten();
    all.filter_map(|reference| {
        let (from, field) = reference["from"].as_str()?.split_once('.')?;
        (from == kind).then(|| (field.to_owned(), reference.clone()))
    })
    .collect()
}

/// Returns a table for every kind that the policy declares or refers to, sorted by name.
pub(super) fn tables(policy: &Value, data: &Value) -> Vec<Table> {
    let mut kinds: BTreeSet<String> = policy["kinds"].as_object().unwrap().keys().cloned().collect();
    kinds.extend(text(policy, "subject"));
    for reference in policy["references"].as_array().unwrap() {
        kinds.extend(text(reference, "to"));
        kinds.insert(reference["from"].as_str().unwrap().split('.').next().unwrap().to_owned());
    }
    kinds.into_iter().map(|kind| table(policy, data, kind)).collect()
}

fn table(policy: &Value, data: &Value, kind: String) -> Table {
    let declared = &policy["kinds"][&kind];
    let id = text(declared, "id").unwrap_or_else(|| "id".into());
    let references = references(policy, &kind);
    let rows: Vec<&Map<String, Value>> =
        data[&kind].as_array().into_iter().flatten().filter_map(Value::as_object).collect();
    let mut names: BTreeSet<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
    names.insert(id.clone());
    names.extend(references.keys().cloned());
    for key in ["fields", "personal"] {
        names.extend(declared[key].as_object().into_iter().flat_map(|fields| fields.keys().cloned()));
    }
    for key in ["status", "deleted_at", "created_at", "updated_at", "version"] {
        names.extend(text(declared, key));
    }
    let column = |name: &String| {
        let field = &declared["fields"][name];
        let target = references.get(name);
        let is_instant = ["deleted_at", "created_at", "updated_at"]
            .into_iter()
            .any(|key| declared[key].as_str() == Some(name));
        let type_name = if let Some(declared) = field.as_str().or(field["type"].as_str()) {
            declared.to_owned()
        } else if is_instant {
            "timestamp".into()
        } else {
            type_of(rows.iter().filter_map(|row| row.get(name)))
        };
        let is_null = rows.iter().any(|row| row.get(name).is_none_or(Value::is_null));
        let nullable = field["nullable"] == true
            || target.is_some_and(|reference| reference["nullable"] == true)
            || declared["deleted_at"].as_str() == Some(name)
            || is_null;
        Column {
            type_name,
            nullable,
            unique: field["unique"] == true,
            target: target.and_then(|reference| text(reference, "to")),
        }
    };
    let columns = names.iter().map(|name| (name.clone(), column(name))).collect();
    Table {
        name: text(declared, "table").unwrap_or_else(|| kind.clone()),
        kind,
        id,
        columns,
        milliseconds: data.to_string().contains(".000Z"),
    }
}

fn type_of<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let mut found = values.filter(|value| !value.is_null()).peekable();
    let name = match found.peek() {
        Some(Value::Number(_)) => "integer",
        Some(Value::Bool(_)) => "boolean",
        _ => "text",
    };
    name.into()
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

impl Database {
    fn column_type(self, type_name: &str) -> &'static str {
        match (self, type_name) {
            (Self::Sqlite, "integer" | "boolean") => "INTEGER",
            (Self::Sqlite, "decimal") => "REAL",
            (Self::Postgres, "integer") => "bigint",
            (Self::Postgres, "boolean") => "boolean",
            (Self::Postgres, "decimal") => "double precision",
            (Self::Postgres, "date") => "date",
            (Self::Postgres, "timestamp") => "timestamptz",
            (Self::Sqlite, _) => "TEXT",
            (Self::Postgres, _) => "text",
        }
    }

    /// Returns the statements that create the tables with their rows, indexes and foreign keys.
    pub(super) fn script(self, tables: &[Table], data: &Value) -> String {
        let mut script = Vec::new();
        if self == Self::Sqlite {
            script.push("PRAGMA foreign_keys = OFF;\n".into());
        }
        let id_of = |kind: &str| &tables.iter().find(|table| table.kind == kind).unwrap().id;
        let mut keys = Vec::new();
        for table in tables {
            let name = quoted(&table.name);
            let mut lines = Vec::new();
            for (field, column) in &table.columns {
                let mut line = [quoted(field), self.column_type(&column.type_name).into()].join(" ");
                let facts = [
                    (*field == table.id, " PRIMARY KEY"),
                    (!column.nullable, " NOT NULL"),
                    (column.unique, " UNIQUE"),
                ];
                line.extend(facts.into_iter().filter_map(|(holds, fact)| holds.then_some(fact)));
                if let Some(target) = &column.target {
                    let to = format!(" REFERENCES {} ({})", quoted(target), quoted(id_of(target)));
                    let field = quoted(field);
                    match self {
                        Self::Sqlite => line += &to,
                        // PostgreSQL adds the keys after the rows, because rows are inserted in any order.
                        Self::Postgres => {
                            keys.push(format!("ALTER TABLE {name} ADD FOREIGN KEY ({field}){to};\n"));
                        }
                    }
                    let index = quoted(&format!("{}_{}", table.name, field.replace('"', "")));
                    keys.push(format!("CREATE INDEX {index} ON {name} ({field});\n"));
                }
                lines.push(line);
            }
            script.push(format!("CREATE TABLE {name} ({});\n", lines.join(", ")));
            script.push(self.rows(table, &data[&table.kind]));
        }
        script.concat() + &keys.concat()
    }

    fn rows(self, table: &Table, rows: &Value) -> String {
        let name = quoted(&table.name);
        let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) else { return String::new() };
        let json = |value: &Value| value.to_string().replace('\'', "''");
        if self == Self::Postgres {
            let rows = json(&Value::Array(rows.clone()));
            return format!(
                "INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, '{rows}');\n"
            );
        }
        let inserted = rows.iter().map(|row| {
            let row = row.as_object().unwrap();
            let names: Vec<_> = row.keys().map(|name| quoted(name)).collect();
            let values: Vec<_> = row.values().map(literal).collect();
            format!("INSERT INTO {name} ({}) VALUES ({});\n", names.join(", "), values.join(", "))
        });
        inserted.collect()
    }

    /// Returns the query for the rows of a table, each as JSON text.
    pub(super) fn rows_as_json(self, table: &Table) -> String {
        let pairs = table.columns.iter().map(|(name, column)| {
            let value = match (self, column.type_name.as_str()) {
                (Self::Postgres, "timestamp") => {
                    let fraction = if table.milliseconds { ".MS" } else { "" };
                    let form = format!("YYYY-MM-DD\"T\"HH24:MI:SS{fraction}\"Z\"");
                    format!("to_char({} AT TIME ZONE 'UTC', '{form}')", quoted(name))
                }
                (Self::Sqlite, "boolean") => {
                    format!(
                        "json(CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)",
                        quoted(name)
                    )
                }
                _ => quoted(name),
            };
            format!("'{name}', {value}")
        });
        let pairs: Vec<_> = pairs.collect();
        let (function, cast) = match self {
            Self::Sqlite => ("json_object", ""),
            Self::Postgres => ("json_build_object", "::text"),
        };
        format!("SELECT {function}({}){cast} FROM {}", pairs.join(", "), quoted(&table.name))
    }
}

/// Returns the statements that restore the rows on PostgreSQL. This is much faster than creating the tables again.
#[cfg(feature = "postgres")]
pub(super) fn again(tables: &[Table], data: &Value) -> String {
    // Foreign keys are checked at the end of a statement, so one statement can delete or insert rows in any order.
    let deleted = tables.iter().map(|table| format!("DELETE FROM {}", quoted(&table.name)));
    let inserted = tables.iter().map(|table| Database::Postgres.rows(table, &data[&table.kind]));
    let inserted = inserted.filter(|sql| !sql.is_empty()).map(|sql| sql.replace(";\n", ""));
    format!("{}; {}", together(deleted), together(inserted))
}

#[cfg(feature = "postgres")]
fn together(statements: impl Iterator<Item = String>) -> String {
    let parts = statements.enumerate().map(|(index, sql)| format!("part{index} AS ({sql})"));
    format!("WITH {} SELECT 1", parts.collect::<Vec<_>>().join(", "))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(value) => i32::from(*value).to_string(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    }
}
