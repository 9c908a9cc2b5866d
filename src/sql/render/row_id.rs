//! How statements identify the rows of a kind.
//!
//! Within a statement, one expression identifies a row: its row id. This is the column of the id. If the id has several
//! fields or none, it is the place where the database stores the row (`ctid`, `rowid`), or text made from the id. Sets,
//! and the conditions on them, therefore have one column for every kind. Only answers and records show the fields of an
//! id.

use super::renderer::{Field, ListField, Renderer};
use crate::domain::{FieldName, KeyComparison, Kind, RecordId, Reference};
use crate::sql::connection::SqlValue;
use crate::sql::statement::{Query, Writer, quote};
use crate::sql::table_schema::{ColumnType, Location, TypeFamily};
use crate::store::{StoreError, TUPLES};

impl Renderer<'_> {
    /// Returns the row id of the row `r`.
    pub(crate) fn row_id(&self, kind: &Kind) -> Result<String, StoreError> {
        self.row_id_of(kind, "r")
    }

    /// Returns the row id of a row with this alias.
    pub(crate) fn row_id_of(&self, kind: &Kind, alias: &str) -> Result<String, StoreError> {
        if let Some(id) = kind.id.only() {
            return Ok(format!("{alias}.{}", quote(kind.column(id))));
        }
        match self.location(kind) {
            Location::Place(name) => Ok(format!("{alias}.{name}")),
            Location::Part => Ok(format!("({alias}.tableoid::text || {alias}.ctid::text)")),
            Location::Unknown if kind.id.is_none() => Err(StoreError::Unsupported(format!(
                "`{}`: its rows have neither an id nor a place; declare its id",
                kind.name
            ))),
            Location::Unknown => self.backend.key_text(self, kind, kind.id.fields(), alias),
        }
    }

    /// Returns the type of the row ids of a kind.
    pub(crate) fn row_id_type(&self, kind: &Kind) -> Result<ColumnType, StoreError> {
        match (kind.id.only(), self.location(kind)) {
            (Some(id), _) => self.column_type(kind, id),
            (None, Location::Place(_)) => Ok(ColumnType::new("tid", TypeFamily::Other)),
            (None, Location::Part | Location::Unknown) => Ok(ColumnType::new("text", TypeFamily::Text)),
        }
    }

    /// Returns whether a lookup of rows by their row ids avoids reading the whole table.
    pub(crate) fn finds_row_ids(&self, kind: &Kind) -> Result<bool, StoreError> {
        match kind.id.only() {
            Some(id) => self.backend.is_found_by_index(self.field(kind, id), self.field(kind, id)),
            None => Ok(self.backend.finds_places() && matches!(self.location(kind), Location::Place(_))),
        }
    }

    /// Writes the id of the row `r` for an answer. Rows without an id are shown by what they refer to.
    pub(crate) fn answer(&self, kind: &Kind) -> Result<String, StoreError> {
        if let Some(id) = kind.id.only() {
            let field = self.field(kind, id);
            return self.backend.answered_id(field, &field.column());
        }
        if !kind.id.is_none() {
            return self.backend.key_text(self, kind, kind.id.fields(), "r");
        }
        let keys = self.shown_references(kind);
        let keys = keys.map(|reference| self.backend.key_text(self, kind, &reference.fields, "r"));
        let keys: Vec<String> = keys.collect::<Result<_, _>>()?;
        let nothing = "'\"\"'";
        Ok(if keys.is_empty() { nothing.into() } else { format!("coalesce({}, {nothing})", keys.join(", ")) })
    }

    /// Returns the references that show what rows without an id refer to. A list is not an id.
    fn shown_references<'m>(&'m self, kind: &'m Kind) -> impl Iterator<Item = &'m Reference> {
        self.query.map.references_from(&kind.name).filter(|reference| !reference.each)
    }

    /// Reads an id that [`answer`](Self::answer) has written.
    pub(crate) fn read_answer(&self, kind: &Kind, answer: &SqlValue) -> Option<RecordId> {
        if kind.id.only().is_some() {
            return self.backend.read_id(answer);
        }
        serde_json::from_str(answer.as_text()?).ok()
    }

    /// Returns the order of answers for the row `r`: by id, or by what the rows refer to.
    pub(crate) fn answer_order(&self, kind: &Kind) -> Result<String, StoreError> {
        let order = |field: &FieldName| {
            let field = self.field(kind, field);
            self.backend.id_order(field, &field.column())
        };
        let mut keys = Vec::new();
        if kind.id.is_none() {
            for reference in self.shown_references(kind) {
                let columns = reference.fields.iter().map(|field| self.field(kind, field).column());
                let is_null: Vec<String> = columns.map(|column| format!("{column} IS NULL")).collect();
                keys.push(format!("({})", is_null.join(" OR ")));
                for field in &reference.fields {
                    keys.push(order(field)?);
                }
            }
        }
        for field in kind.id.fields() {
            keys.push(order(field)?);
        }
        Ok(if keys.is_empty() { self.row_id(kind)? } else { keys.join(", ") })
    }

    /// Returns the id of the row `r` as the library's tables record it.
    pub(crate) fn recorded(&self, kind: &Kind) -> Result<String, StoreError> {
        match kind.id.only() {
            Some(id) => Ok(self.field(kind, id).column()),
            None => self.backend.key_text(self, kind, kind.id.fields(), "r"),
        }
    }

    /// Writes the condition that the row `r` has one of these ids.
    pub(crate) fn has_id(&self, w: &mut Writer, kind: &Kind, ids: &[RecordId]) -> Result<(), StoreError> {
        if let Some(id) = kind.id.only() {
            return self.backend.one_of(w, self.field(kind, id), ids);
        }
        let fields = kind.id.fields();
        let wrong =
            |id: &RecordId| StoreError::WrongId { kind: kind.name.clone(), id: id.clone(), expected: TUPLES };
        let ids = ids.iter().map(|id| id.read_as_tuple(fields.len()).ok_or_else(|| wrong(id)));
        let ids: Vec<RecordId> = ids.collect::<Result<_, _>>()?;
        let types = fields.iter().map(|field| self.column_type(kind, field));
        let types: Vec<ColumnType> = types.collect::<Result<_, _>>()?;
        for id in &ids {
            for (column_type, part) in types.iter().zip(id.parts()) {
                column_type.searched_ids(&kind.name, std::slice::from_ref(part)).map_err(|_| wrong(id))?;
            }
        }
        match &*ids {
            [] => {
                w.push("FALSE");
                Ok(())
            }
            [id] => w.list(" AND ", fields.iter().zip(id.parts()), |w, (field, part)| {
                self.backend.one_of(w, self.field(kind, field), std::slice::from_ref(part))
            }),
            ids => self.backend.one_of_tuples(w, self, kind, ids),
        }
    }

    /// Writes the condition that the row `r` comes after an id.
    pub(crate) fn is_after(&self, w: &mut Writer, kind: &Kind, after: &RecordId) -> Result<(), StoreError> {
        if let Some(id) = kind.id.only() {
            return self.backend.is_after(w, self.field(kind, id), after);
        }
        // (a, b) > (x, y): a > x, or a = x and b > y.
        let fields = kind.id.fields();
        let parts = after.parts();
        w.push("(");
        w.list(" OR ", fields.iter().zip(parts).enumerate(), |w, (position, (field, part))| {
            w.push("(");
            for (equal, value) in fields.iter().zip(parts).take(position) {
                self.backend.one_of(w, self.field(kind, equal), std::slice::from_ref(value))?;
                w.push(" AND ");
            }
            self.backend.is_after(w, self.field(kind, field), part)?;
            w.push(")");
            Ok::<_, StoreError>(())
        })?;
        w.push(")");
        Ok(())
    }
}

/// The two sides of a reference in SQL.
pub(crate) struct Sides<'a> {
    r: &'a Renderer<'a>,
    reference: &'a Reference,
    from: &'a Kind,
    to: &'a Kind,
    key: &'a [FieldName],
}

impl Renderer<'_> {
    pub(crate) fn sides<'a>(&'a self, reference: &'a Reference) -> Result<Sides<'a>, StoreError> {
        let (from, to) = (self.kind(&reference.from)?, self.kind(&reference.to)?);
        Ok(Sides { r: self, reference, from, to, key: self.query.map.key_of(reference) })
    }
}

impl Sides<'_> {
    /// Returns the field that holds a list, with the field of the key, if the reference holds one.
    pub(crate) fn list_field(&self) -> Option<ListField<'_>> {
        let (field, key) =
            self.reference.only_field().zip(self.key.first()).filter(|_| self.reference.each)?;
        let (held, key) = (self.r.field(self.from, field), self.r.field(self.to, key));
        Some(ListField { reference: self.reference, held, key })
    }

    pub(crate) fn renderer(&self) -> &Renderer<'_> {
        self.r
    }

    /// Returns whether a row refers with a single value.
    pub(crate) fn has_one_field(&self) -> bool {
        self.reference.fields.len() == 1 && !self.reference.each
    }

    /// Returns the only field that refers, if it holds the row ids of the kind referred to.
    pub(crate) fn only_field(&self) -> Option<&FieldName> {
        let is_plain = self.reference.compare == KeyComparison::Exact && !self.reference.each;
        let is_to_id = is_plain && self.key == self.to.id.fields();
        self.to.id.only().filter(|_| is_to_id).and(self.reference.only_field())
    }

    /// Renders what a row with this alias holds over the reference, in the form in which it is compared.
    pub(crate) fn held(&self, alias: &str) -> Result<Vec<String>, StoreError> {
        let sides = self.reference.fields.iter().zip(self.key);
        let held = sides.map(|(field, key)| {
            let stored = format!("{alias}.{}", quote(self.from.column(field)));
            let (field, key) = (self.r.field(self.from, field), self.r.field(self.to, key));
            self.r.backend.held(self.reference, field, key, &stored)
        });
        held.collect()
    }

    /// Renders the key of a row with this alias, in the form in which it is compared.
    pub(crate) fn key(&self, alias: &str) -> Result<Vec<String>, StoreError> {
        let key = self.key.iter().map(|key| {
            let stored = format!("{alias}.{}", quote(self.to.column(key)));
            if let Some(list) = self.list_field() {
                return self.r.backend.element_key(list, &stored);
            }
            self.r.backend.key(self.reference, self.r.field(self.to, key), &stored)
        });
        key.collect()
    }

    /// Returns whether an index finds the rows that refer to a row.
    pub(crate) fn finds_referrers(&self) -> Result<bool, StoreError> {
        if let Some(list) = self.list("r")? {
            return Ok(list.overlapping.is_some());
        }
        if self.reference.compare != KeyComparison::Exact {
            return Ok(false);
        }
        let mut sides = self.reference.fields.iter().zip(self.key);
        sides.try_fold(false, |found, (field, key)| {
            let (field, key) = (self.r.field(self.from, field), self.r.field(self.to, key));
            Ok(found || self.r.backend.is_found_by_index(field, key)?)
        })
    }

    pub(crate) fn from(&self) -> &Kind {
        self.from
    }

    pub(crate) fn to(&self) -> &Kind {
        self.to
    }

    /// Writes a query for the keys of rows of the kind referred to, given a query for their row ids.
    pub(crate) fn keys(
        &self,
        w: &mut Writer,
        row_ids: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let key = self.key("q")?;
        let mut query = Query::select(w, &key.join(", "));
        query.table(self.to.table_name(), "q");
        let row_id = self.r.row_id_of(self.to, "q")?;
        super::set::holds_one(query.condition(), &row_id, self.r.finds_row_ids(self.to)?, row_ids)
    }
}

/// Renders values as a row, if there are several.
pub(crate) fn as_row(values: &[String]) -> String {
    match values {
        [value] => value.clone(),
        values => format!("({})", values.join(", ")),
    }
}

impl Field<'_> {
    /// Returns the kind and the field of the key to which the field refers.
    pub(crate) fn referred(&self) -> Result<Option<(&Kind, &FieldName)>, StoreError> {
        let map = &self.r.query.map;
        let mut references = map.references_from(&self.kind.name).filter(|reference| !reference.each);
        let position = |reference: &Reference| reference.fields.iter().position(|field| field == self.name);
        let Some((reference, position)) = references.find_map(|one| Some((one, position(one)?))) else {
            return Ok(None);
        };
        let to = self.r.kind(&reference.to)?;
        Ok(map.key_of(reference).get(position).map(|key| (to, key)))
    }
}
