//! Random constraints: UNIQUE, CHECK, NOT NULL, labels, lengths, computed columns and, on PostgreSQL, domains and exclusion
//! constraints. The statements of a constraint fail if the rows already violate it.

use std::hash::{DefaultHasher, Hash, Hasher};

use client_lifecycle::domain::Kind;
use client_lifecycle::protocol::Disposition;
use client_lifecycle::testing::model::Verdict;
use client_lifecycle::testing::strategies::RandomWorld;

use crate::common::is_list;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Sqlite,
    Postgres,
}

/// Random numbers that depend on the world alone.
struct Dice(u64);

impl Dice {
    fn of(case: &RandomWorld) -> Self {
        let mut hasher = DefaultHasher::new();
        case.rows_document().to_string().hash(&mut hasher);
        case.document.to_string().hash(&mut hasher);
        Self(hasher.finish() | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        // A linear congruential generator, of which the upper half is random enough.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// Returns the statements of some constraints.
pub(super) fn constraints(case: &RandomWorld, verdict: &Verdict, target: Target) -> Vec<Vec<String>> {
    let mut dice = Dice::of(case);
    let map = case.policy.map();
    // Mostly kinds whose rows are written.
    let written = verdict.steps.keys().filter(|(_, disposition, ..)| {
        !matches!(disposition, Disposition::Delete | Disposition::Retain | Disposition::Keep)
    });
    let mut kinds: Vec<&Kind> = written.filter_map(|(kind, ..)| map.kind(kind)).collect();
    kinds.extend(map.kinds().next());
    let count = 1 + dice.below(3);
    let made = (0..count).filter_map(|number| {
        let kind = dice.one(&kinds).copied()?;
        let fields: Vec<String> = map
            .fields_of(kind)
            .filter(|field| !is_list(map, kind, field) && !kind.id.contains(field))
            .map(ToString::to_string)
            .collect();
        Table { name: kind.table_name().to_string(), fields, target, number }.constraint(&mut dice)
    });
    made.collect()
}

struct Table {
    name: String,
    fields: Vec<String>,
    target: Target,
    /// The number of the constraint, for its name.
    number: usize,
}

impl Table {
    fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|own| own == field)
    }

    /// Returns a field that holds a reference.
    fn reference(&self, dice: &mut Dice) -> Option<String> {
        let references: Vec<&String> = self.fields.iter().filter(|field| is_reference(field)).collect();
        dice.one(&references).map(|field| (*field).clone())
    }

    fn constraint(&self, dice: &mut Dice) -> Option<Vec<String>> {
        match (dice.below(12), self.target) {
            (3..=6, _) => self.check(&self.expression(dice)?),
            (7, _) => self.not_null(dice),
            (8, _) => self.labels(),
            (9, _) => self.computed(dice),
            (10, Target::Postgres) => self.domain(dice),
            (11, Target::Postgres) => self.exclusion(dice),
            (10, Target::Sqlite) => self.check("length(mail) < 21"),
            _ => self.unique(dice),
        }
    }

    /// Returns a condition on one column or several, of columns that are written and others that are not.
    fn expression(&self, dice: &mut Dice) -> Option<String> {
        let mut all: Vec<String> = [
            ("note", "length(note) > 3"),
            ("note", "note <> 'pr' OR state <> 'B'"),
            ("note", "note = 'private' OR at IS NULL"),
            ("note", "length(note) IN (2, 7)"),
            ("mail", "mail NOT LIKE '%.invalid'"),
            ("mail", "length(mail) < 22"),
            ("mail", "mail LIKE '%@%' AND (state = 'A' OR mail LIKE '%example.org')"),
            ("code", "length(code) < 40"),
            ("code", "code IS NULL OR length(code) = 64 OR code LIKE 'code %'"),
            ("code", "code NOT LIKE 'code 1%' OR note IS NULL OR note <> 'pr'"),
            ("status", "status = 'ON' OR note = 'pr'"),
            ("status", "status <> 'OFF' OR mail LIKE '%.invalid'"),
            ("status", "status IN ('ON', 'OFF')"),
            ("status", "(status = 'OFF') = (note = 'pr') OR at IS NOT NULL"),
            ("version", "version < 8"),
            ("version", "version IS NULL OR version <> 8 OR status = 'ON'"),
            ("deleted_at", "deleted_at IS NULL OR note IS NULL OR note <> 'private'"),
        ]
        .into_iter()
        .filter(|(field, expression)| {
            let others = ["note", "status", "mail", "code", "state", "at"];
            let named = others.iter().filter(|other| names(expression, other));
            self.has(field) && named.into_iter().all(|other| self.has(other))
        })
        .map(|(_, expression)| expression.to_owned())
        .collect();
        if let Some(reference) = self.reference(dice) {
            let quoted = quote(&reference);
            all.push(format!("{quoted} IS NOT NULL"));
            all.push(format!("{quoted} IS NULL OR note IS NULL OR length(note) > 2"));
            all.push(format!("{quoted} IS NOT NULL OR state = 'A' OR state IS NULL"));
            if self.has("status") {
                all.push(format!("{quoted} IS NOT NULL OR status = 'OFF'"));
                all.push(format!("({quoted} IS NULL) = (note = 'pr') OR status = 'ON'"));
            }
            if let Some(other) = self.reference(dice).filter(|other| *other != reference) {
                all.push(format!("{quoted} IS NOT NULL OR {} IS NOT NULL", quote(&other)));
            }
        }
        dice.one(&all).cloned()
    }

    fn check(&self, expression: &str) -> Option<Vec<String>> {
        let named = ["mail", "note"].into_iter().find(|field| names(expression, field));
        if named.is_some_and(|field| !self.has(field)) {
            return None;
        }
        let (table, number) = (quote(&self.name), self.number);
        // SQLite adds constraints only with a column.
        let what = match self.target {
            Target::Sqlite => format!("COLUMN extra_{number} INTEGER"),
            Target::Postgres => String::new(),
        };
        Some(vec![format!("ALTER TABLE {table} ADD {what} CONSTRAINT check_{number} CHECK ({expression})")])
    }

    fn unique(&self, dice: &mut Dice) -> Option<Vec<String>> {
        let usable = |field: &&String| {
            is_reference(field) || ["status", "note", "mail", "code", "tag"].contains(&field.as_str())
        };
        let fields: Vec<&String> = self.fields.iter().filter(usable).collect();
        let mut columns = vec![quote(dice.one(&fields)?)];
        if dice.below(2) == 0 {
            let second = quote(dice.one(&fields)?);
            if second != columns[0] {
                columns.push(second);
            }
        }
        let condition = ["", " WHERE state = 'A'", " WHERE note = 'pr'"][dice.below(3)];
        Some(vec![format!(
            "CREATE UNIQUE INDEX unique_{} ON {} ({}){condition}",
            self.number,
            quote(&self.name),
            columns.join(", ")
        )])
    }

    fn not_null(&self, dice: &mut Dice) -> Option<Vec<String>> {
        if dice.below(2) == 0 && self.has("note") {
            let stored = if self.target == Target::Sqlite { "VIRTUAL" } else { "STORED" };
            let column =
                format!("extra_{} text GENERATED ALWAYS AS (nullif(note, 'pr')) {stored}", self.number);
            return Some(vec![format!("ALTER TABLE {} ADD COLUMN {column} NOT NULL", quote(&self.name))]);
        }
        let usable =
            |field: &&String| is_reference(field) || ["note", "mail", "code", "at"].contains(&field.as_str());
        let fields: Vec<&String> = self.fields.iter().filter(usable).collect();
        let column = quote(dice.one(&fields)?);
        Some(match self.target {
            Target::Postgres => {
                vec![format!("ALTER TABLE {} ALTER {column} SET NOT NULL", quote(&self.name))]
            }
            // SQLite adds no such constraint to a column that exists, so the text of the table is changed.
            Target::Sqlite => {
                let text = |rest: &str| format!("'{column} {rest}'");
                let (name, table) = (self.name.replace('\'', "''"), quote(&self.name));
                vec![
                    "PRAGMA writable_schema = ON".into(),
                    format!(
                        "UPDATE sqlite_master SET sql = replace(replace(sql, {}, {}), {}, {}) WHERE name = '{name}' \
                         AND NOT EXISTS (SELECT 1 FROM {table} WHERE {column} IS NULL)",
                        text("TEXT"),
                        text("TEXT NOT NULL"),
                        text("INTEGER"),
                        text("INTEGER NOT NULL")
                    ),
                    "PRAGMA writable_schema = RESET".into(),
                ]
            }
        })
    }

    /// A status may have only some labels.
    fn labels(&self) -> Option<Vec<String>> {
        if !self.has("status") {
            return None;
        }
        let table = quote(&self.name);
        match self.target {
            Target::Sqlite => self.check("status IN ('ON', 'AWAY') OR note <> 'private'"),
            Target::Postgres => Some(vec![
                "CREATE TYPE extra_labels AS ENUM ('ON', 'OFF', 'AWAY')".into(),
                format!("ALTER TABLE {table} ALTER status TYPE extra_labels USING status::extra_labels"),
                format!(
                    "ALTER TABLE {table} ADD CONSTRAINT check_{} CHECK (status <> 'OFF' OR note = 'private')",
                    self.number
                ),
            ]),
        }
    }

    /// A computed column with a constraint.
    fn computed(&self, dice: &mut Dice) -> Option<Vec<String>> {
        if !self.has("note") || !self.has("state") {
            return None;
        }
        let (table, number) = (quote(&self.name), self.number);
        let stored = if self.target == Target::Sqlite { "VIRTUAL" } else { "STORED" };
        let expression = "lower(note) || coalesce(state, '')";
        let column = format!("extra_{number} text GENERATED ALWAYS AS ({expression}) {stored}");
        Some(match dice.below(2) {
            0 => vec![format!(
                "ALTER TABLE {table} ADD COLUMN {column} CONSTRAINT check_{number} CHECK (extra_{number} <> 'prA')"
            )],
            _ => vec![
                format!("ALTER TABLE {table} ADD COLUMN {column}"),
                format!(
                    "CREATE UNIQUE INDEX unique_{number} ON {table} (extra_{number}) WHERE state = '{}'",
                    ["A", "B"][dice.below(2)]
                ),
            ],
        })
    }

    fn domain(&self, dice: &mut Dice) -> Option<Vec<String>> {
        let table = quote(&self.name);
        let alter = |column: &str, kind: &str| format!("ALTER TABLE {table} ALTER {column} TYPE {kind}");
        Some(match dice.below(4) {
            0 if self.has("mail") => vec![alter("mail", "varchar(20)")],
            1 if self.has("mail") => vec![
                "CREATE DOMAIN extra_base AS varchar(21)".into(),
                "CREATE DOMAIN extra_domain AS extra_base CHECK (VALUE NOT LIKE '%1@%.invalid')".into(),
                alter("mail", "extra_domain"),
            ],
            2 if self.has("version") => vec![
                "CREATE DOMAIN extra_domain AS smallint CHECK (VALUE < 8)".into(),
                alter("version", "extra_domain"),
            ],
            _ if self.has("note") => vec![
                "CREATE DOMAIN extra_domain AS text CONSTRAINT long CHECK (length(VALUE) > 3)".into(),
                alter("note", "extra_domain"),
            ],
            _ => return None,
        })
    }

    fn exclusion(&self, dice: &mut Dice) -> Option<Vec<String>> {
        let part = match dice.below(3) {
            0 => "int4range(length(note), 6) WITH &&".to_owned(),
            1 => "int4range(length(note), 6) WITH =".to_owned(),
            _ => format!("int4range(length({}::text), 40) WITH &&", quote(&self.reference(dice)?)),
        };
        let condition = ["", " WHERE (state = 'A')", " WHERE (note = 'pr')"][dice.below(3)];
        Some(vec![format!(
            "ALTER TABLE {} ADD CONSTRAINT exclude_{} EXCLUDE USING gist ({part}){condition}",
            quote(&self.name),
            self.number
        )])
    }
}

/// Returns whether a field of a random world holds a reference.
fn is_reference(field: &str) -> bool {
    field.strip_prefix('r').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// Returns whether an expression names a field.
fn names(expression: &str, field: &str) -> bool {
    let mut words = expression.split(|character: char| !character.is_alphanumeric() && character != '_');
    words.any(|word| word == field)
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
