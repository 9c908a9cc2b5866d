//! Turns the foreign keys that a data map does not declare into references.

use std::collections::VecDeque;

use super::declared;
use super::default_value::default_value;
use crate::domain::{
    Condition, DataMap, FieldName, ForeignKeyRule, Identity, Kind, KindName, OnDelete, Reference, TableName,
    UndeclaredReferences, Value, all, any,
};
use crate::sql::catalogue::{Catalogue, Column, ForeignKey, Storage, Table, same};

/// Returns the foreign keys that lead to the kinds of the map, directly or through other tables, and that the map does not
/// declare. Whether a table or a reference is excluded makes no difference.
pub(in crate::sql) fn undeclared(map: &DataMap, catalogue: &Catalogue) -> UndeclaredReferences {
    let mut search = Search { map, catalogue, found: UndeclaredReferences::default(), open: VecDeque::new() };
    for kind in map.kinds() {
        let table = declared::table(kind, catalogue).filter(|table| !table.is_view());
        search.open.extend(table.map(|table| (kind.clone(), table)));
    }
    while let Some((kind, table)) = search.open.pop_front() {
        for key in catalogue.foreign_keys().filter(|key| catalogue.is_one_table(&key.to, &table.name)) {
            if acts(map, key, catalogue) {
                search.add(key, &kind, table);
            }
        }
    }
    search.found
}

/// Returns whether the database acts by itself on rows of this key, and these rows can be told from others.
fn acts(map: &DataMap, key: &ForeignKey, catalogue: &Catalogue) -> bool {
    key.enforced
        && !key.to_columns.iter().any(String::is_empty)
        && unclear_rows(map, key, catalogue).is_none()
}

/// Returns why the rows that a key covers cannot be told from other rows of a declared kind: the key belongs to a single
/// partition, or to a table that inherits from the table of the kind.
pub(super) fn unclear_rows(map: &DataMap, key: &ForeignKey, catalogue: &Catalogue) -> Option<String> {
    if key.of_partition {
        return Some(format!("belongs to a single partition of `{}`", key.table));
    }
    let inherited = |table: &TableName| {
        let is_kind = declared::kinds(map, table, catalogue).next().is_some();
        let kind = declared::kind_of_rows(map, table, catalogue).filter(|_| !is_kind)?;
        Some(format!("belongs to `{table}`, which inherits from `{}`", kind.name))
    };
    inherited(&key.table).or_else(|| inherited(&key.to)).or_else(|| {
        let mut views =
            declared::tables(map, catalogue).map(|(_, table)| table).filter(|table| table.is_view());
        let reads = |view: &&Table| view.reads.iter().any(|table| catalogue.is_one_table(table, &key.table));
        let is_kind = declared::kinds(map, &key.table, catalogue).next().is_some();
        let view = views.find(reads).filter(|_| !is_kind)?;
        Some(format!("belongs to `{}`, which the view `{}` reads", key.table, view.name))
    })
}

struct Search<'a> {
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    found: UndeclaredReferences,
    /// The kinds whose incoming keys have not been looked at yet.
    open: VecDeque<(Kind, &'a Table)>,
}

impl<'a> Search<'a> {
    /// Adds the references of a key to a kind.
    fn add(&mut self, key: &'a ForeignKey, to: &Kind, to_table: &'a Table) {
        let Some(table) = self.catalogue.table(&key.table) else { return };
        let declared: Vec<&Kind> = declared::kinds(self.map, &key.table, self.catalogue).collect();
        if declared.is_empty() {
            let from = self.undeclared_kind(table);
            self.add_reference(key, (&from, table), (to, to_table), None);
            return;
        }
        let mut covered = Vec::new();
        for from in &declared {
            let declared = self.conditions_of_declared(key, from, to);
            if declared.is_empty() {
                self.add_reference(key, (from, table), (to, to_table), None);
                covered.push(self.filter(from).cloned());
            }
            covered.extend(declared);
        }
        // Rows that no kind and no reference covers can only block.
        if let (Some(conditions), Some(from)) =
            (covered.into_iter().collect::<Option<Vec<_>>>(), declared.first())
        {
            self.add_reference(key, (from, table), (to, to_table), Some(any(conditions)));
        }
    }

    /// Returns the filter that restricts which rows of the table are rows of the kind. Rows of the subject's kind that its
    /// filter excludes block by themselves.
    fn filter<'k>(&self, kind: &'k Kind) -> Option<&'k Condition> {
        kind.filter.as_ref().filter(|_| self.map.leaves_rows_outside(kind))
    }

    /// Returns the conditions on the rows for which declared references cover the key, one for each reference: `None` if it
    /// covers every row.
    fn conditions_of_declared(&self, key: &ForeignKey, from: &Kind, to: &Kind) -> Vec<Option<Condition>> {
        let covering = declared::following(self.map, key, self.catalogue)
            .filter(|reference| reference.from == from.name && reference.to == to.name);
        let condition = |reference: &Reference| match (reference.when.clone(), self.filter(from).cloned()) {
            (Some(when), Some(filter)) => Some(all([when, filter])),
            (when, filter) => when.or(filter),
        };
        covering.map(condition).collect()
    }

    /// Returns the kind of a table that is not declared, and adds it if it is new.
    fn undeclared_kind(&mut self, table: &'a Table) -> Kind {
        let known = self.found.kinds.iter();
        if let Some(kind) = known.clone().find(|kind| kind.table.as_ref() == Some(&table.name)) {
            return kind.clone();
        }
        let mut name = KindName::from(table.name.to_string());
        while self.map.kind(&name).is_some() || known.clone().any(|kind| kind.name == name) {
            name = format!("{name} (table)").into();
        }
        let mut kind = Kind::named(name);
        kind.table = Some(table.name.clone());
        kind.id = Identity::from(identity(table));
        self.found.kinds.push(kind.clone());
        self.open.push_back((kind.clone(), table));
        kind
    }

    /// Returns the field that stands for a column of a kind.
    fn field(&mut self, kind: &Kind, column: &str) -> FieldName {
        let by_column = kind.fields.iter().find(|(field, _)| same(kind.column(field), column));
        if let Some((field, _)) = by_column {
            return field.clone();
        }
        let field = FieldName::from(column);
        if same(kind.column(&field), column) {
            return field;
        }
        let field = FieldName::from(format!("{column} (column)"));
        self.found.columns.push((kind.name.clone(), field.clone(), column.to_owned()));
        field
    }

    fn add_reference(
        &mut self,
        key: &ForeignKey,
        (from, table): (&Kind, &Table),
        (to, to_table): (&Kind, &Table),
        except: Option<Condition>,
    ) {
        let pairs: Vec<(&Column, FieldName)> = key
            .columns
            .iter()
            .zip(&key.to_columns)
            .filter_map(|(own, other)| {
                let other = to_table.column(other)?;
                Some((table.column(own)?, self.field(to, &other.name)))
            })
            .collect();
        if pairs.len() != key.columns.len() {
            return;
        }
        // The columns are in the order of the id referred to, if the key holds it.
        let position = |field: &FieldName| pairs.iter().position(|(_, other)| other == field);
        let id: Option<Vec<usize>> = to.id.fields().iter().map(position).collect();
        let id = id.filter(|id| id.len() == pairs.len() && !id.is_empty());
        let order = id.clone().unwrap_or_else(|| (0..pairs.len()).collect());
        let ordered = || order.iter().filter_map(|at| pairs.get(*at));
        let columns: Vec<&Column> = ordered().map(|(column, _)| *column).collect();
        let fields: Vec<FieldName> = columns.iter().map(|column| self.field(from, &column.name)).collect();
        let targets: Vec<FieldName> = ordered().map(|(_, field)| field.clone()).collect();
        let identifies = |field: &FieldName| from.id.contains(field);
        let all: Vec<(FieldName, &Column)> = fields.iter().cloned().zip(columns.iter().copied()).collect();
        let nullable: Vec<FieldName> = all
            .iter()
            .filter(|(field, column)| !column.not_null && !column.generated && !identifies(field))
            .map(|(field, _)| field.clone())
            .collect();
        let is_id = id.is_some();
        let on_survive =
            if except.is_some() { None } else { self.on_survive(key, &all, &nullable, from, is_id) };
        let names: Vec<&str> = fields.iter().map(FieldName::as_str).collect();
        let first = fields.first().cloned().unwrap_or_else(|| "".into());
        let mut name = format!("{}.{}", from.name, names.join("+"));
        let is_taken = |name: &str| {
            let name = name.into();
            self.map.reference(&name).is_some() || self.found.references.iter().any(|one| one.name == name)
        };
        while is_taken(&name) {
            name = format!("{name} -> {}", to.name);
        }
        let rule = ForeignKeyRule { on_delete: key.on_delete, on_survive, nullable, except, is_copy: false };
        let mut reference = Reference::new(name.into(), from.name.clone(), first, to.name.clone());
        reference.fields = fields;
        reference.key = (!is_id).then_some(targets);
        reference.nullable = columns.iter().any(|column| !column.not_null);
        reference.undeclared = Some(rule);
        self.found.references.push(reference);
    }

    /// Returns the values that fields get in rows that stay; `None` if such rows block.
    fn on_survive(
        &self,
        key: &ForeignKey,
        all: &[(FieldName, &Column)],
        nullable: &[FieldName],
        from: &Kind,
        is_id: bool,
    ) -> Option<Vec<(FieldName, Value)>> {
        let set = |column: &Column| key.set_columns.iter().any(|set| same(set, &column.name));
        let changed: Vec<&(FieldName, &Column)> = all.iter().filter(|(_, column)| set(column)).collect();
        let can_be_null = |field: &FieldName| nullable.contains(field);
        match key.on_delete {
            OnDelete::NoAction | OnDelete::Restrict => None,
            OnDelete::SetNull => {
                let possible = changed.iter().all(|(field, _)| can_be_null(field)) && !changed.is_empty();
                possible.then(|| changed.iter().map(|(field, _)| (field.clone(), Value::Null)).collect())
            }
            OnDelete::SetDefault => {
                let values = changed.iter().map(|(field, column)| {
                    let value = default_value(column)?;
                    let fits = if value.is_null() { can_be_null(field) } else { !from.id.contains(field) };
                    (fits && !column.generated).then(|| (field.clone(), value))
                });
                let values: Vec<(FieldName, Value)> = values.collect::<Option<_>>()?;
                let whole = is_id && all.len() == 1;
                (whole || values.iter().all(|(_, value)| value.is_null())).then_some(values)
            }
            // Rows that the policy keeps lose the reference, if they can.
            OnDelete::Cascade => {
                let others = |field: &FieldName| {
                    let mut declared = self.map.references_from(&from.name);
                    declared.any(|other| other.fields.contains(field))
                };
                let enough = if key.match_full { nullable.len() == all.len() } else { !nullable.is_empty() };
                let free: Vec<&FieldName> = nullable.iter().filter(|field| !others(field)).collect();
                let emptied = if key.match_full { nullable.iter().collect() } else { free };
                let nulls = || emptied.iter().map(|field| ((*field).clone(), Value::Null)).collect();
                (enough && !emptied.is_empty()).then(nulls)
            }
        }
    }
}

/// Returns the columns that identify the rows of a table: its primary key, or else a unique key without null. Empty if no
/// key can be written as an id.
fn identity(table: &Table) -> Vec<&str> {
    let makes_ids = |column: &Column| match &column.storage {
        Storage::Type(column) => column.makes_ids(),
        Storage::Affinity(_) => true,
    };
    // On SQLite, a primary key may be NULL, unless it is the number of the row.
    let is_rowid = |column: &Column| {
        table.is_primary_key(&column.name) && column.declared.eq_ignore_ascii_case("INTEGER")
    };
    let is_id = |name: &String| {
        let column = table.column(name).filter(|column| column.not_null || is_rowid(column));
        column.is_some_and(makes_ids)
    };
    let primary = Some(&table.primary_key).filter(|key| !key.is_empty());
    let unique = table.indexes.iter().filter(|index| {
        index.unique && !index.partial && index.width == index.columns.len() && !index.columns.is_empty()
    });
    let mut keys = primary.into_iter().chain(unique.map(|index| &index.columns));
    keys.find(|key| key.iter().all(is_id)).into_iter().flatten().map(String::as_str).collect()
}
