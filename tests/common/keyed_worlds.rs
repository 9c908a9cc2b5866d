//! Random databases of tables with foreign keys of every action, policies that declare only a part of the keys, and what
//! must be left after a deletion.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Record, RecordId, Request, Value};
use client_lifecycle::testing::model::{self, Rows};
use serde_json::{Value as Json, json};

/// The rows of each table as texts, in order.
pub(crate) type Dump = BTreeMap<String, Vec<String>>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Single,
    Pair,
    None,
}

#[derive(Debug)]
struct Reference {
    to: usize,
    columns: Vec<String>,
    /// The columns that it refers to.
    key: Vec<&'static str>,
    action: &'static str,
    nullable: bool,
    default: Option<usize>,
}

#[derive(Debug)]
struct Table {
    key: Key,
    references: Vec<Reference>,
    /// The values by column.
    rows: Vec<Vec<(String, Option<usize>)>>,
}

/// A database, and the part of it that a policy declares.
#[derive(Debug)]
pub(crate) struct World {
    tables: Vec<Table>,
    declared: BTreeSet<usize>,
    declared_references: BTreeSet<String>,
    excluded: BTreeSet<usize>,
}

/// Which actions the keys of a world have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Actions {
    /// Every action, and only the subject is declared.
    OfDatabase,
    /// Actions that a policy can also declare as rules, and a random part is declared.
    AlsoDeclared,
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    fn one_in(&mut self, limit: usize) -> bool {
        self.below(limit) == 0
    }
}

fn name(table: usize) -> String {
    format!("t{table}")
}

impl Table {
    fn own_columns(&self) -> &'static [&'static str] {
        match self.key {
            Key::Single => &["id", "code"],
            Key::Pair => &["a", "b", "code"],
            Key::None => &["note"],
        }
    }

    fn columns(&self) -> Vec<String> {
        let own = self.own_columns().iter().map(|column| (*column).to_owned());
        own.chain(self.references.iter().flat_map(|reference| reference.columns.clone())).collect()
    }

    fn id(&self) -> Json {
        match self.key {
            Key::Single => json!("id"),
            Key::Pair => json!(["a", "b"]),
            Key::None => json!([]),
        }
    }
}

/// Returns the value of a key column of a row.
fn value(column: &str, row: usize) -> usize {
    match column {
        "id" | "note" => row + 1,
        "code" => 100 + row,
        "a" => row / 2 + 1,
        _ => row % 2,
    }
}

impl World {
    pub(crate) fn new(seed: u64, actions: Actions) -> Self {
        let mut numbers = Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D);
        let count = 3 + numbers.below(4);
        let keys: Vec<(Key, usize)> = (0..count)
            .map(|at| {
                let key = match numbers.below(6) {
                    _ if at == 0 => Key::Single,
                    0..=2 => Key::Single,
                    3 | 4 => Key::Pair,
                    _ => Key::None,
                };
                (key, 1 + numbers.below(4))
            })
            .collect();
        let referable: Vec<usize> = (0..count).filter(|at| keys[*at].0 != Key::None).collect();
        let mut tables = Vec::new();
        for (at, (key, rows)) in keys.iter().enumerate() {
            let wanted = if at == 0 { numbers.below(2) } else { 1 + numbers.below(3) };
            let references = (0..wanted).map(|number| {
                // Most references lead to an earlier table. The others close cycles.
                let earlier: Vec<usize> = referable.iter().copied().filter(|to| *to < at).collect();
                let to = if earlier.is_empty() || numbers.one_in(4) {
                    referable[numbers.below(referable.len())]
                } else {
                    earlier[numbers.below(earlier.len())]
                };
                let key: Vec<&'static str> = match keys[to].0 {
                    _ if numbers.one_in(4) => vec!["code"],
                    Key::Pair => vec!["a", "b"],
                    _ => vec!["id"],
                };
                let columns = key.iter().map(|part| format!("f{number}_{part}")).collect();
                let nullable = !numbers.one_in(4);
                let possible: &[&str] = match actions {
                    Actions::OfDatabase => {
                        &["CASCADE", "CASCADE", "CASCADE", "NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT"]
                    }
                    Actions::AlsoDeclared if nullable => {
                        &["CASCADE", "CASCADE", "NO ACTION", "RESTRICT", "SET NULL"]
                    }
                    Actions::AlsoDeclared => &["CASCADE", "CASCADE", "NO ACTION"],
                };
                let action = possible[numbers.below(possible.len())];
                let has_default = action == "SET DEFAULT" && key == ["id"] && numbers.one_in(2);
                let default = has_default.then(|| 1 + numbers.below(keys[to].1));
                Reference { to, columns, key, action, nullable, default }
            });
            let references: Vec<Reference> = references.collect();
            let mut table = Table { key: *key, references, rows: Vec::new() };
            for row in 0..*rows {
                let mut values: Vec<(String, Option<usize>)> = table
                    .own_columns()
                    .iter()
                    .map(|column| ((*column).to_owned(), Some(value(column, row))))
                    .collect();
                for reference in &table.references {
                    let target = numbers.below(keys[reference.to].1);
                    let is_null = reference.nullable && numbers.one_in(5);
                    let held = reference.key.iter().map(|part| (!is_null).then(|| value(part, target)));
                    values.extend(reference.columns.iter().cloned().zip(held));
                }
                table.rows.push(values);
            }
            tables.push(table);
        }
        let only_subject = actions == Actions::OfDatabase;
        let mut world = Self {
            declared: (0..count).filter(|at| *at == 0 || !only_subject && numbers.one_in(2)).collect(),
            declared_references: BTreeSet::new(),
            excluded: BTreeSet::new(),
            tables,
        };
        for (at, table) in world.tables.iter().enumerate() {
            for reference in &table.references {
                let known = world.declared.contains(&at) && world.declared.contains(&reference.to);
                if known && !only_subject && !numbers.one_in(3) {
                    world.declared_references.insert(reference_name(at, reference));
                }
            }
        }
        world.excluded = (0..count).filter(|at| !world.declared.contains(at) && numbers.one_in(2)).collect();
        world
    }

    /// Describes which part is declared.
    pub(crate) fn described(&self) -> String {
        let Self { declared, declared_references, excluded, .. } = self;
        format!("declared: {declared:?}, {declared_references:?}; excluded: {excluded:?}")
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = String> {
        (0..self.tables.len()).map(name)
    }

    /// Returns the query for the rows of a table as texts.
    pub(crate) fn dump_query(&self, table: &str) -> String {
        let at: usize = table[1..].parse().unwrap();
        let columns = self.tables[at].columns();
        let columns: Vec<String> =
            columns.iter().map(|column| format!("coalesce(CAST({column} AS text), '-')")).collect();
        format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || ' ' || "))
    }

    /// Returns the statements that create the tables, with the keys in the tables or added after the rows.
    pub(crate) fn statements(&self, keys_in_tables: bool) -> String {
        let (mut tables, mut rows, mut keys) = (String::new(), String::new(), String::new());
        for (at, table) in self.tables.iter().enumerate() {
            let mut parts: Vec<String> =
                table.own_columns().iter().map(|column| format!("{column} integer NOT NULL")).collect();
            match table.key {
                Key::Single => parts.extend(["PRIMARY KEY (id)".into(), "UNIQUE (code)".into()]),
                Key::Pair => parts.extend(["PRIMARY KEY (a, b)".into(), "UNIQUE (code)".into()]),
                Key::None => {}
            }
            let mut columns = Vec::new();
            for reference in &table.references {
                let null = if reference.nullable { "" } else { " NOT NULL" };
                let default = reference.default.map(|value| format!(" DEFAULT {value}")).unwrap_or_default();
                columns.extend(
                    reference.columns.iter().map(|column| format!("{column} integer{null}{default}")),
                );
                let key = format!(
                    "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {}",
                    reference.columns.join(", "),
                    name(reference.to),
                    reference.key.join(", "),
                    reference.action
                );
                if keys_in_tables {
                    parts.push(key);
                } else {
                    writeln!(keys, "ALTER TABLE {} ADD {key};", name(at)).unwrap();
                }
            }
            // Columns come before constraints.
            let split = table.own_columns().len();
            parts.splice(split..split, columns);
            writeln!(tables, "CREATE TABLE {} ({});", name(at), parts.join(", ")).unwrap();
            for row in &table.rows {
                let (columns, values): (Vec<String>, Vec<String>) = row
                    .iter()
                    .map(|(column, value)| {
                        (column.clone(), value.map_or("NULL".into(), |value| value.to_string()))
                    })
                    .unzip();
                writeln!(
                    rows,
                    "INSERT INTO {} ({}) VALUES ({});",
                    name(at),
                    columns.join(", "),
                    values.join(", ")
                )
                .unwrap();
            }
        }
        tables + &rows + &keys
    }

    /// Returns the policy of the declared part.
    pub(crate) fn policy(&self) -> DeletionPolicy {
        let excluded =
            self.excluded.iter().map(|at| json!({ "table": name(*at), "because": "only structure" }));
        let mut document = self.document(|at, reference| {
            let name = reference_name(at, reference);
            self.declared_references.contains(&name).then(|| rule_of(reference))
        });
        document["excluded"] = excluded.collect();
        let kinds = document["kinds"].as_object_mut().unwrap();
        kinds.retain(|kind, _| self.declared.iter().any(|at| name(*at) == *kind));
        policy(&document)
    }

    /// Returns the policy that declares everything, with the actions of the database as rules. Where a key leads into a
    /// kind whose rows the declared part keeps or blocks, these rules decide.
    fn whole_policy(&self) -> DeletionPolicy {
        policy(&self.document(|at, reference| Some(self.deciding_rule(at, reference))))
    }

    /// Returns the rule that decides about a reference: that of a declared reference of the same kind, if it is stricter
    /// than the action of the key.
    fn deciding_rule(&self, at: usize, reference: &Reference) -> &'static str {
        let of_kind: Vec<&Reference> = self.tables[at]
            .references
            .iter()
            .filter(|other| self.declared_references.contains(&reference_name(at, other)))
            .collect();
        let is_declared = self.declared_references.contains(&reference_name(at, reference));
        let declares = |rule: &str| of_kind.iter().any(|one| rule_of(one) == rule);
        match rule_of(reference) {
            "cascade" if is_declared => "cascade",
            "cascade" if declares("restrict") => "restrict",
            "cascade" if declares("set_null") && reference.nullable => "set_null",
            "cascade" if declares("set_null") => "restrict",
            rule => rule,
        }
    }

    /// Compares what a plan has left in the tables that the policy does not know with what the database alone would leave
    /// there: the same rows. Where a declared rule is stricter than the action of a key, no row more may be gone.
    pub(crate) fn compare_unknown_tables(&self, planned: &Dump, alone: &Dump) {
        let mut keys = self
            .tables
            .iter()
            .enumerate()
            .flat_map(|(at, table)| table.references.iter().map(move |reference| (at, reference)));
        let is_stricter = keys.any(|(at, reference)| self.deciding_rule(at, reference) != rule_of(reference));
        let unknown = (0..self.tables.len()).filter(|at| !self.declared.contains(at)).map(name);
        for table in unknown {
            let (planned, alone) = (&planned[&table], &alone[&table]);
            let described = || format!("{table}: {}\n{}", self.statements(true), self.described());
            if is_stricter {
                assert!(planned.len() >= alone.len(), "{planned:?} {alone:?} {}", described());
            } else {
                assert_eq!(planned, alone, "{}", described());
            }
        }
    }

    fn document(&self, rule: impl Fn(usize, &Reference) -> Option<&'static str>) -> Json {
        let (mut kinds, mut references, mut rules) = (json!({}), Vec::new(), json!({}));
        for (at, table) in self.tables.iter().enumerate() {
            let mut fields = json!({});
            for reference in &table.references {
                let Some(rule) = rule(at, reference) else { continue };
                let from: Vec<String> =
                    reference.columns.iter().map(|column| format!("{}.{column}", name(at))).collect();
                let is_id = reference.key == ["id"] || reference.key == ["a", "b"];
                let to: Json = if is_id {
                    name(reference.to).into()
                } else {
                    format!("{}.{}", name(reference.to), reference.key[0]).into()
                };
                references.push(json!({ "from": from, "to": to, "nullable": reference.nullable }));
                rules[reference_name(at, reference)] = rule.into();
                for column in reference.columns.iter().filter(|_| reference.columns.len() > 1) {
                    fields[column] = json!({ "type": "integer", "nullable": reference.nullable });
                }
            }
            kinds[name(at)] = json!({ "id": table.id(), "fields": fields });
        }
        json!({
            "subject": "t0", "kinds": kinds, "references": references,
            "modes": { "hard_delete": { "allow": "any", "rules": rules } }
        })
    }

    /// Returns what must be left after the deletion of the first row, according to the model: `None` if it is blocked.
    pub(crate) fn expected(&self) -> Option<Dump> {
        let policy = self.whole_policy();
        let mut rows = Rows::new();
        for (at, table) in self.tables.iter().enumerate() {
            let kind = policy.map().kind(&name(at).into()).unwrap();
            let found = rows.entry(kind.name.clone()).or_default();
            for (number, row) in table.rows.iter().enumerate() {
                let value =
                    |column: &str| row.iter().find(|(name, _)| name == column).and_then(|(_, value)| *value);
                let id = |value: Option<usize>| RecordId::from(i64::try_from(value.unwrap()).unwrap());
                let id = match table.key {
                    Key::Single => id(value("id")),
                    Key::Pair => RecordId::tuple([id(value("a")), id(value("b"))]),
                    Key::None => id(Some(number + 1)),
                };
                let mut record = Record::new(id);
                for (column, value) in
                    row.iter().filter(|(column, _)| !kind.id.contains(&column.as_str().into()))
                {
                    let value =
                        value.map_or(Value::Null, |value| Value::Integer(i64::try_from(value).unwrap()));
                    record.fields.insert(column.as_str().into(), value);
                }
                found.insert(record.id.clone(), record);
            }
        }
        let verdict = model::judge(&policy, &rows, &request(), chrono::DateTime::UNIX_EPOCH, None).unwrap();
        if !verdict.executable {
            return None;
        }
        let dump = self.tables.iter().enumerate().map(|(at, table)| {
            let kind = policy.map().kind(&name(at).into()).unwrap();
            let left = verdict.rows.get(&kind.name).into_iter().flatten();
            let mut left: Vec<String> = left
                .map(|(_, record)| {
                    let values = table.columns().into_iter().map(|column| {
                        match kind.value_of(record, &column.as_str().into()).into_owned() {
                            Value::Integer(value) => value.to_string(),
                            _ => "-".into(),
                        }
                    });
                    values.collect::<Vec<_>>().join(" ")
                })
                .collect();
            left.sort();
            (name(at), left)
        });
        Some(dump.collect())
    }
}

fn policy(document: &Json) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}\n{document:#}"))
}

fn reference_name(at: usize, reference: &Reference) -> String {
    format!("{}.{}", name(at), reference.columns.join("+"))
}

fn rule_of(reference: &Reference) -> &'static str {
    match reference.action {
        "CASCADE" => "cascade",
        "SET NULL" => "set_null",
        _ => "restrict",
    }
}

/// The request that every world is tested with.
pub(crate) fn request() -> Request {
    Request::hard_delete("t0", 1).by(Actor::new("ana", "ADMIN"))
}

/// Checks that the steps of a plan name exactly the rows that are gone.
pub(crate) fn names_every_row(plan: &client_lifecycle::plan::Plan, before: &Dump, after: &Dump) {
    for (table, rows) in before {
        let deleted = plan.steps.iter().filter(|step| {
            step.key.kind == *table.as_str()
                && step.key.disposition == client_lifecycle::protocol::Disposition::Delete
        });
        let deleted: u64 = deleted.map(|step| step.count).sum();
        let gone = rows.len() - after[table].len();
        assert_eq!(deleted, u64::try_from(gone).unwrap(), "{table}: {plan}");
    }
}
