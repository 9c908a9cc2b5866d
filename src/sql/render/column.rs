//! What has to be known of the columns before a query is rendered, and the statement that asks for it.

use std::collections::BTreeSet;

use super::form::{Form, Forms};
use super::postgres::{self, Facts};
use super::set::unknown;
use crate::domain::{DataMap, FieldName, FieldType, Kind, KindName, Value};
use crate::protocol::{ChangeSet, NewRow, NewValue, Source, Stratum, SurveyQuery, Write};
use crate::sql::statement::{Statement, Writer};
use crate::sql::{Dialect, SqlValue};
use crate::store::StoreError;

/// How many rows are looked at to see how a column holds its values.
const SAMPLE: i64 = 10_000;
/// How many columns one statement asks for.
const AT_ONCE: usize = 200;

/// The columns of which the form has to be known.
pub(crate) struct Columns<'a> {
    /// Kinds of which it has to be known whether a row may lack its id.
    kinds: Vec<&'a Kind>,
    columns: Vec<(&'a Kind, &'a FieldName)>,
}

impl<'a> Columns<'a> {
    /// For a survey.
    pub(crate) fn of_query(query: &'a SurveyQuery) -> Result<Self, StoreError> {
        let find = |name: &KindName| query.map.kind(name).ok_or_else(|| unknown("kind", name.as_str()));
        let mut kinds = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for set in query.sets.iter().flat_map(Stratum::sets) {
            kinds.insert(&set.kind);
            let named = |source: &Source| matches!(source, Source::Subjects | Source::Ids(_));
            if set.branches.iter().any(|branch| named(&branch.source)) {
                ids.insert(&set.kind);
            }
        }
        // The ids of what a set is reached from are compared with it.
        for branch in query.sets.iter().flat_map(Stratum::sets).flat_map(|set| &set.branches) {
            if let Source::Referrers { reference, .. } | Source::ReferencedBy { reference, .. } =
                &branch.source
                && let Some(reference) = query.map.reference(reference)
            {
                kinds.extend([&reference.from, &reference.to]);
            }
        }
        let kinds = kinds.into_iter().map(find).collect::<Result<_, _>>()?;
        let ids: Vec<&Kind> = ids.into_iter().map(find).collect::<Result<_, _>>()?;
        Ok(Self { kinds, columns: ids.into_iter().map(|kind| (kind, &kind.id)).collect() })
    }

    /// For a change set: also the columns into which ids and instants are written.
    pub(crate) fn of_changes(changes: &'a ChangeSet) -> Result<Self, StoreError> {
        let map = &changes.query.map;
        let mut all = Self::of_query(&changes.query)?;
        for step in &changes.steps {
            let (Write::Update(fields) | Write::Mark(fields)) = &step.write else {
                continue;
            };
            let kind = map.kind(&step.kind).ok_or_else(|| unknown("kind", step.kind.as_str()))?;
            for (field, value) in fields {
                if let NewValue::Value(value) = value {
                    all.add_written(map, kind, field, value);
                }
            }
        }
        for NewRow { kind, record } in &changes.inserts {
            let kind = map.kind(kind).ok_or_else(|| unknown("kind", kind.as_str()))?;
            if !all.kinds.iter().any(|known| known.name == kind.name) {
                all.kinds.push(kind);
            }
            all.add(kind, &kind.id);
            for (field, value) in &record.fields {
                all.add_written(map, kind, field, value);
            }
        }
        Ok(all)
    }

    /// For rows of one kind.
    pub(crate) fn of_kind(kind: &'a Kind) -> Self {
        Self { kinds: vec![kind], columns: vec![(kind, &kind.id)] }
    }

    /// The column that tells in which form a value has to be written.
    fn add_written(&mut self, map: &'a DataMap, kind: &'a Kind, field: &'a FieldName, value: &Value) {
        let mut references = map.references_from(&kind.name);
        let reference = references.find(|reference| reference.field == *field);
        if let Some(to) = reference.and_then(|reference| map.kind(&reference.to)) {
            self.add(to, &to.id);
        } else if matches!(value, Value::Date(_) | Value::Timestamp(_))
            || kind.type_of(field) == FieldType::Uuid
        {
            self.add(kind, field);
        }
    }

    fn add(&mut self, kind: &'a Kind, field: &'a FieldName) {
        let same = |(known, column): &(&Kind, &FieldName)| known.name == kind.name && **column == *field;
        if !self.columns.iter().any(same) {
            self.columns.push((kind, field));
        }
    }

    /// The tables whose columns are asked for on PostgreSQL.
    pub(crate) fn tables(&self) -> Result<String, StoreError> {
        postgres::tables_of(&self.kinds)
    }

    /// What the catalogue of PostgreSQL says, from the rows that it gave.
    pub(crate) fn read_facts(&self, rows: impl IntoIterator<Item = Vec<SqlValue>>) -> Facts {
        postgres::read_facts(self.kinds.len(), rows)
    }

    /// The forms of all columns on PostgreSQL, which knows their types.
    pub(crate) fn forms_of(&self, facts: &Facts) -> Forms {
        let mut forms = Forms::default();
        let tables = self.kinds.iter().zip(&facts.tables);
        let tables = tables.filter_map(|(kind, table)| Some((kind.name.clone(), table.clone()?)));
        forms.set_tables(tables.collect());
        for kind in &self.kinds {
            if forms.column(kind, &kind.id).ok().flatten().is_some_and(|id| id.not_null) {
                forms.set_complete(kind.name.clone());
            }
        }
        forms
    }

    /// The statements that ask SQLite: rows of 0, the position of a kind and whether one of its rows lacks an id,
    /// or 1, the position of a column, its declared type and the sort of one of its values.
    pub(crate) fn looks(&self) -> Vec<Statement> {
        enum Ask<'k> {
            Kind(&'k Kind),
            Column(&'k Kind, &'k FieldName),
        }
        let position = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
        let kinds = self.kinds.iter().enumerate();
        let kinds = kinds.map(|(at, kind)| (position(at), Ask::Kind(kind)));
        let columns = self.columns.iter().enumerate();
        let columns = columns.map(|(at, (kind, field))| (position(at), Ask::Column(kind, field)));
        let all: Vec<_> = kinds.chain(columns).collect();
        let mut statements = Vec::new();
        for part in all.chunks(AT_ONCE) {
            let mut w = Writer::new(Dialect::Sqlite);
            let written = w.list("\nUNION ALL ", part, |w, (position, ask)| {
                match ask {
                    Ask::Kind(kind) => {
                        w.push("SELECT 0, ").number(*position);
                        w.push(", EXISTS (SELECT 1 FROM ").table(kind.table_name());
                        w.push(" AS r WHERE r.").name(kind.column(&kind.id));
                        w.push(" IS NULL), NULL");
                    }
                    Ask::Column(kind, field) => {
                        w.push("SELECT 1, ").number(*position).push(", ");
                        declared_type(w, kind, field);
                        w.push(", (SELECT typeof(v.v) FROM (SELECT r.");
                        w.name(kind.column(field)).push(" AS v FROM ");
                        w.table(kind.table_name()).push(" AS r LIMIT ");
                        w.number(SAMPLE);
                        w.push(") AS v WHERE v.v IS NOT NULL LIMIT 1)");
                    }
                }
                Ok::<_, std::convert::Infallible>(())
            });
            let Ok(()) = written;
            statements.push(w.finish());
        }
        statements
    }

    /// The first kind that has a row without an id. PostgreSQL says whether there can be such a row, and `check`
    /// reports it.
    pub(crate) fn incomplete(&self, forms: &Forms) -> Option<&'a Kind> {
        self.kinds.iter().find(|kind| !forms.is_complete(&kind.name)).copied()
    }

    /// What the rows of SQLite say.
    pub(crate) fn read(&self, rows: impl IntoIterator<Item = Vec<SqlValue>>) -> Forms {
        let mut forms = Forms::default();
        for row in rows {
            let [SqlValue::Integer(what), SqlValue::Integer(position), first, sample] = &*row else {
                continue;
            };
            let Ok(position) = usize::try_from(*position) else {
                continue;
            };
            if *what == 0 {
                let kind = self.kinds.get(position);
                if let (Some(kind), Some(0)) = (kind, first.as_integer()) {
                    forms.set_complete(kind.name.clone());
                }
            } else if let Some((kind, field)) = self.columns.get(position) {
                let declared = first.as_text().unwrap_or_default();
                let form = Form::of(declared, sample.as_text());
                forms.set(kind.name.clone(), (*field).clone(), form);
            }
        }
        forms
    }
}

fn declared_type(w: &mut Writer, kind: &Kind, field: &FieldName) {
    w.push("(SELECT x.type FROM pragma_table_xinfo(");
    w.bind(kind.table_name()).push(") AS x WHERE x.name = ");
    w.bind(kind.column(field)).push(" COLLATE NOCASE)");
}
