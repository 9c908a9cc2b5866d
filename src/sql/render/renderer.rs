//! Renders one query: looks up its names, and renders conditions with three results (true, false, unknown) as in SQL.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::{Materialization, Shape, fields_read, is_cyclic, look_through};
use crate::domain::{
    Comparison, Condition, FieldName, FieldType, Kind, KindName, OperationId, PersonalIds, Reference,
    ReferenceName, Value,
};
use crate::protocol::{ChangeSet, Rank, Rows, SetId, Stratum, SurveyQuery};
use crate::sql::backend::Backend;
use crate::sql::connection::SqlValue;
use crate::sql::statement::{Prefix, Statement, Writer, quote};
use crate::sql::table_schema::{ColumnType, Location, TableSchema};
use crate::store::StoreError;

/// Renders the sets of one query, with their questions and steps.
pub(crate) struct Renderer<'a> {
    pub(crate) backend: &'static dyn Backend,
    pub(crate) prefix: &'a Prefix,
    pub(crate) query: &'a SurveyQuery,
    /// The operation, if its steps are rendered.
    pub(crate) operation: Option<OperationId>,
    schema: &'a TableSchema,
    /// The fields that hold personal ids, which the library's tables hold as pseudonyms.
    pub(crate) personal_ids: PersonalIds,
    pub(crate) shapes: BTreeMap<SetId, Shape<'a>>,
    materializations: BTreeMap<SetId, Materialization>,
    /// The id and the rank of the only subject, if they have been read and cannot change.
    pub(crate) only_subject: Option<(SqlValue, Rank)>,
}

impl<'a> Renderer<'a> {
    pub(crate) fn survey(
        backend: &'static dyn Backend,
        prefix: &'a Prefix,
        query: &'a SurveyQuery,
        schema: &'a TableSchema,
    ) -> Result<Self, StoreError> {
        Self::new(backend, prefix, query, None, schema)
    }

    pub(crate) fn changes(
        backend: &'static dyn Backend,
        prefix: &'a Prefix,
        changes: &'a ChangeSet,
        schema: &'a TableSchema,
    ) -> Result<Self, StoreError> {
        Self::new(backend, prefix, &changes.query, Some(changes), schema)
    }

    fn new(
        backend: &'static dyn Backend,
        prefix: &'a Prefix,
        query: &'a SurveyQuery,
        changes: Option<&ChangeSet>,
        schema: &'a TableSchema,
    ) -> Result<Self, StoreError> {
        let sets = query.sets.iter().flat_map(Stratum::sets);
        let shapes = sets.map(|set| {
            let kind = query.map.kind(&set.kind);
            let never = |when: &Condition| kind.is_some_and(|kind| schema.never_holds(kind, when));
            (set.id, Shape::of(set, &query.map, never))
        });
        let mut shapes: BTreeMap<_, _> = shapes.collect();
        look_through(query, &mut shapes);
        let materializations = backend.materializations(query, changes, &shapes);
        let operation = changes.map(|changes| changes.operation);
        let mut renderer = Self {
            backend,
            prefix,
            query,
            operation,
            schema,
            personal_ids: PersonalIds::of(&query.map),
            shapes,
            materializations,
            only_subject: None,
        };
        renderer.check_order()?;
        let readable = renderer.readable_sets()?;
        for set in readable {
            renderer.shapes.entry(set).and_modify(|shape| shape.reads = false);
        }
        Ok(renderer)
    }

    /// Returns the sets whose conditions read only columns that cannot hold values of the wrong type.
    fn readable_sets(&self) -> Result<Vec<SetId>, StoreError> {
        let mut found = Vec::new();
        for (id, shape) in self.shapes.iter().filter(|(_, shape)| shape.reads) {
            let cases = shape.branches.iter().flat_map(|branch| &branch.cases);
            let fields = cases.filter_map(|case| case.when.as_ref()).flat_map(fields_read);
            if self.lists_read(&shape.branches)?.is_empty()
                && self.any_invalid(self.set_kind(*id)?, fields)?.is_none()
            {
                found.push(*id);
            }
        }
        Ok(found)
    }

    /// Checks that a set only reads earlier sets. In a cycle, its source may also be a set of the cycle.
    fn check_order(&self) -> Result<(), StoreError> {
        let mut earlier = BTreeSet::new();
        for stratum in self.query.sets.iter() {
            let together: BTreeSet<SetId> = stratum.sets().iter().map(|set| set.id).collect();
            let cyclic = matches!(stratum, Stratum::Cycle(_));
            for set in stratum.sets() {
                for branch in &self.shape(set.id)?.branches {
                    let known = |rows: &Rows| earlier.contains(&rows.set);
                    let source =
                        branch.of.iter().all(|of| known(of) || (cyclic && together.contains(&of.set)));
                    if !source || !branch.within.iter().chain(branch.except).all(known) {
                        return Err(StoreError::Unsupported(format!(
                            "set `{}`, which reads a set that is not evaluated before it",
                            set.name
                        )));
                    }
                }
            }
            earlier.extend(together);
        }
        Ok(())
    }

    pub(crate) fn writer(&self) -> Writer {
        Writer::new(self.backend)
    }

    pub(crate) fn shape(&self, id: SetId) -> Result<&Shape<'a>, StoreError> {
        self.shapes.get(&id).ok_or_else(|| StoreError::unknown("set", &id.0))
    }

    pub(crate) fn set_kind(&self, id: SetId) -> Result<&'a Kind, StoreError> {
        self.kind(&self.shape(id)?.set.kind)
    }

    pub(crate) fn subjects(&self) -> Option<SetId> {
        let mut sets = self.query.sets.iter().flat_map(Stratum::sets);
        sets.next().map(|set| set.id)
    }

    pub(crate) fn is_cyclic(&self, id: SetId) -> bool {
        is_cyclic(self.query, id)
    }

    pub(crate) fn materialization(&self, id: SetId) -> Materialization {
        self.materializations.get(&id).copied().unwrap_or(Materialization::Inline)
    }

    pub(crate) fn kind(&self, name: &KindName) -> Result<&'a Kind, StoreError> {
        self.query.map.kind(name).ok_or_else(|| StoreError::unknown("kind", name))
    }

    /// Returns the kind. It must be the kind of the rows, because in another table the same ids are other rows.
    pub(crate) fn kind_of_rows(&self, name: &KindName, rows: Rows) -> Result<&'a Kind, StoreError> {
        let kind = self.set_kind(rows.set)?;
        if kind.name != *name {
            return Err(StoreError::Unsupported(format!(
                "writing rows of `{}` as rows of `{name}`",
                kind.name
            )));
        }
        Ok(kind)
    }

    pub(crate) fn reference(&self, name: &ReferenceName) -> Result<&'a Reference, StoreError> {
        self.query.map.reference(name).ok_or_else(|| StoreError::unknown("reference", name))
    }

    pub(crate) fn field<'f>(&'f self, kind: &'f Kind, name: &'f FieldName) -> Field<'f> {
        Field { r: self, kind, name }
    }

    /// Returns the type of a field's column: the type in the database or, if the schema was not read, the most likely
    /// type.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if the table does not have the column.
    pub(crate) fn column_type(&self, kind: &Kind, field: &FieldName) -> Result<ColumnType, StoreError> {
        match self.schema.column(kind, field)? {
            Some(found) => Ok(found.clone()),
            None => self.backend.likely_type(self.field(kind, field)),
        }
    }

    /// Checks that the table has the column of a field, if the schema was read.
    pub(crate) fn check_column(&self, kind: &Kind, field: &FieldName) -> Result<(), StoreError> {
        self.schema.column(kind, field).map(|_| ())
    }

    /// Returns whether it is known that every row of the kind has an id.
    pub(crate) fn has_ids(&self, kind: &Kind) -> bool {
        self.schema.has_ids(kind)
    }

    /// Returns whether it is known that no two rows of the kind have the same id.
    pub(crate) fn has_unique_ids(&self, kind: &Kind) -> bool {
        self.schema.has_unique_ids(kind)
    }

    /// Returns how the rows of a kind are located, if its id is not one column.
    pub(crate) fn location(&self, kind: &Kind) -> Location {
        let found = self.schema.locations.get(&*kind.table_name());
        found.cloned().unwrap_or_else(|| Location::Place(self.backend.place().into()))
    }

    /// Returns the temporary table that holds the members of materialized sets.
    pub(crate) fn members(&self) -> String {
        self.backend.temporary(&self.prefix.table("members"))
    }

    /// Renders the statement that creates the table of members.
    pub(crate) fn create_members(&self) -> Statement {
        Statement::text(format!(
            "CREATE TABLE IF NOT EXISTS {} (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, \
             PRIMARY KEY (set_id, id)) WITHOUT ROWID",
            self.members()
        ))
    }

    /// Renders the statement that empties the table of members.
    pub(crate) fn clear_members(&self) -> Statement {
        Statement::text(format!("DELETE FROM {}", self.members()))
    }

    /// Returns the quoted name of a set as a common table expression.
    pub(crate) fn set_name(&self, id: SetId) -> String {
        self.prefix.quoted(&format!("set_{}", id.0))
    }
}

/// A field of the row `r`, with its column.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) r: &'a Renderer<'a>,
    pub(crate) kind: &'a Kind,
    pub(crate) name: &'a FieldName,
}

/// A field that holds a list, with the field of the key that its elements hold.
#[derive(Clone, Copy)]
pub(crate) struct ListField<'a> {
    pub(crate) reference: &'a Reference,
    pub(crate) held: Field<'a>,
    pub(crate) key: Field<'a>,
}

impl Field<'_> {
    pub(crate) fn column(&self) -> String {
        column(self.kind, self.name)
    }

    /// Returns the type of the column.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if the table does not have the column.
    pub(crate) fn column_type(&self) -> Result<ColumnType, StoreError> {
        self.r.column_type(self.kind, self.name)
    }

    /// Returns the list that the field holds, if it is one.
    pub(crate) fn list(&self) -> Result<Option<ListField<'_>>, StoreError> {
        let map = &self.r.query.map;
        let mut references = map.references_from(&self.kind.name);
        let list = references.find(|reference| reference.each && reference.only_field() == Some(self.name));
        let Some((reference, key)) = list.and_then(|list| Some((list, map.key_of(list).first()?))) else {
            return Ok(None);
        };
        let key = self.r.field(self.r.kind(&reference.to)?, key);
        Ok(Some(ListField { reference, held: *self, key }))
    }

    /// Returns the type that the data map declares for the field.
    pub(crate) fn declared(&self) -> FieldType {
        self.kind.type_of(self.name)
    }
}

/// Returns the column of the row `r`. Without `r.`, SQLite would read an unknown quoted name as text.
pub(crate) fn column(kind: &Kind, field: &FieldName) -> String {
    format!("r.{}", quote(kind.column(field)))
}

impl Renderer<'_> {
    /// Writes an expression whose conditions compare these fields of the row `r`. Values that take long to convert are
    /// converted once, in a row `n`.
    pub(crate) fn converting<'f>(
        &self,
        w: &mut Writer,
        kind: &Kind,
        fields: impl IntoIterator<Item = &'f FieldName>,
        write: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let converted = fields.into_iter().filter_map(|field| {
            let value = self.backend.converted(self.field(kind, field))?;
            Some(format!("{value} AS {}", quote(field.as_str())))
        });
        let converted: Vec<String> = converted.collect();
        if converted.is_empty() {
            return write(w);
        }
        w.push("(SELECT ");
        write(w)?;
        w.push(" FROM (SELECT ").push(&converted.join(", ")).push(") AS n)");
        Ok(())
    }

    /// Writes a condition on the row `r`, inside [`converting`](Self::converting) its fields.
    pub(crate) fn condition(
        &self,
        w: &mut Writer,
        kind: &Kind,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        match condition {
            Condition::Compare { field, is, value } => self.compare(w, kind, field, *is, value)?,
            Condition::Time { field, is, moment } => {
                self.compare(w, kind, field, *is, &Value::Timestamp(moment.at(self.query.now)))?;
            }
            Condition::OneOf { field, values } => self.one_of_values(w, kind, field, values)?,
            Condition::IsNull { field } => {
                self.check_column(kind, field)?;
                w.push(&column(kind, field)).push(" IS NULL");
            }
            Condition::All(conditions) => self.join(w, kind, conditions, " AND ", "TRUE")?,
            Condition::Any(conditions) => self.join(w, kind, conditions, " OR ", "FALSE")?,
            Condition::Not(inner) => {
                w.push("NOT (");
                self.condition(w, kind, inner)?;
                w.push(")");
            }
            Condition::Unknown(inner) => {
                w.push("(");
                self.condition(w, kind, inner)?;
                w.push(") IS NULL");
            }
        }
        Ok(())
    }

    fn compare(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        is: Comparison,
        value: &Value,
    ) -> Result<(), StoreError> {
        let literal = literal(kind, field, value)?;
        self.backend.compare(w, self.field(kind, field), is, &literal)
    }

    fn one_of_values(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        values: &[Value],
    ) -> Result<(), StoreError> {
        self.check_column(kind, field)?;
        if values.is_empty() {
            // With an empty list and a NULL field, `IN ()` is false, but the condition is unknown.
            w.push("CASE WHEN ").push(&column(kind, field)).push(" IS NOT NULL THEN FALSE END");
            return Ok(());
        }
        let literals = values.iter().map(|value| literal(kind, field, value));
        let literals: Vec<Value> = literals.collect::<Result<_, _>>()?;
        self.backend.compare_any(w, self.field(kind, field), &literals)
    }

    fn join(
        &self,
        w: &mut Writer,
        kind: &Kind,
        conditions: &[Condition],
        word: &str,
        none: &str,
    ) -> Result<(), StoreError> {
        if conditions.is_empty() {
            w.push(none);
        }
        w.list(word, conditions, |w, inner| {
            w.push("(");
            self.condition(w, kind, inner)?;
            w.push(")");
            Ok(())
        })
    }

    /// Renders whether any of the fields holds a value that does not have its type; the result is never NULL. `None`
    /// if the columns cannot hold such values.
    pub(crate) fn any_invalid<'f>(
        &self,
        kind: &Kind,
        fields: impl IntoIterator<Item = &'f FieldName>,
    ) -> Result<Option<String>, StoreError> {
        let mut invalid = Vec::new();
        for field in fields {
            invalid.extend(self.backend.is_invalid_in_condition(self.field(kind, field))?);
        }
        Ok((!invalid.is_empty()).then(|| invalid.join(" OR ")))
    }
}

/// Converts a value to the type of the field with which it is compared.
fn literal(kind: &Kind, field: &FieldName, value: &Value) -> Result<Value, StoreError> {
    let field_type = kind.type_of(field);
    if field_type == FieldType::Json {
        return Err(StoreError::Unsupported(format!(
            "comparing `{}.{field}`, which is json; use `is_null`",
            kind.name
        )));
    }
    let read = field_type.read(value);
    read.map_err(|bad| StoreError::bad_value(&kind.name, None, field, &bad.expected))
}
