//! How columns store values, as far as statements depend on it. Also the columns that a query depends on, and the
//! cache of schemas that were read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::connection::SqlValue;
use super::constraint::TableConstraints;
use super::table_trigger::TableTrigger;
use super::unique_index::UniqueIndex;
use crate::domain::{
    DataMap, FieldName, FieldType, KeysByTable, Kind, KindName, RecordId, Reference, TableName, Value,
};
use crate::protocol::{ChangeSet, ChangeStep, NewRow, NewValue, Source, Stratum, SurveyQuery, Write};
use crate::store::StoreError;

/// How a column stores its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnType {
    /// The name of the type in casts. For a domain, it is the name of the base type. It has no length, because a
    /// compared value must not be truncated; the database checks the length when a value is written.
    pub(crate) name: String,
    pub(crate) family: TypeFamily,
    /// The collation, if it is not the default of the type.
    pub(crate) collation: Option<String>,
    /// Whether no row holds NULL in the column.
    pub(crate) not_null: bool,
    /// Whether an index can look up the rows that hold one of many values.
    pub(crate) indexed: bool,
}

/// The values that a column stores. SQLite uses only text, integers and bytes; the other variants are types of
/// PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeFamily {
    /// `text`, `varchar`, `char`, `name`: text is stored unchanged.
    Text,
    /// `citext`: text that is compared without case.
    CaseInsensitive,
    Enum,
    Uuid,
    Boolean,
    Integer,
    Numeric,
    Real,
    Date,
    /// Without a time zone. Interpreted as UTC.
    Timestamp,
    TimestampTz,
    Json,
    Bytes,
    Other,
}

impl TypeFamily {
    /// Returns whether text can be assigned without a cast.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::CaseInsensitive)
    }

    /// Returns whether a field of the declared type may be stored in a column of this family.
    pub(crate) fn fits(self, declared: FieldType) -> bool {
        match declared {
            FieldType::Text => matches!(self, Self::Text | Self::CaseInsensitive | Self::Enum | Self::Uuid),
            FieldType::Uuid => matches!(self, Self::Text | Self::CaseInsensitive | Self::Uuid),
            FieldType::Integer => matches!(self, Self::Integer | Self::Numeric),
            FieldType::Boolean => matches!(self, Self::Boolean | Self::Integer),
            FieldType::Decimal => matches!(self, Self::Integer | Self::Numeric | Self::Real),
            FieldType::Date | FieldType::Timestamp => {
                matches!(self, Self::Date | Self::Timestamp | Self::TimestampTz | Self::Integer)
            }
            // The unit is that of numbers, so a column of another type is declared `timestamp`.
            FieldType::TimestampMs => self == Self::Integer,
            FieldType::Json => true,
        }
    }
}

impl ColumnType {
    pub(crate) fn new(name: &str, family: TypeFamily) -> Self {
        Self { name: name.into(), family, collation: None, not_null: false, indexed: true }
    }

    /// Returns whether a column of this type may refer to ids of the type `id`, by the rules for foreign keys.
    pub(crate) fn compares_with(&self, id: &Self) -> bool {
        let number = |family| matches!(family, TypeFamily::Integer | TypeFamily::Numeric);
        match (self.family, id.family) {
            (TypeFamily::Text, TypeFamily::Text) => true,
            (held, id) if number(held) && number(id) => true,
            _ => self.name == id.name,
        }
    }

    /// Returns the type of the elements, if this is an array type.
    pub(crate) fn element(&self) -> Option<Self> {
        let name = self.name.strip_suffix("[]")?;
        let family = match name {
            "text" | "character varying" | "character" | "bpchar" | "name" => TypeFamily::Text,
            "citext" => TypeFamily::CaseInsensitive,
            "uuid" => TypeFamily::Uuid,
            "smallint" | "integer" | "bigint" => TypeFamily::Integer,
            "numeric" => TypeFamily::Numeric,
            _ => TypeFamily::Other,
        };
        Some(Self { name: name.into(), family, ..self.clone() })
    }

    /// Returns whether values of this type can be ids. Each value must have only one text form: text, integers, UUIDs
    /// and others.
    pub(crate) fn makes_ids(&self) -> bool {
        use TypeFamily::{Boolean, Bytes, Json, Real, Timestamp, TimestampTz};
        !matches!(self.family, Boolean | Bytes | Json | Real | Timestamp | TimestampTz)
            && !self.name.ends_with("[]")
    }

    /// Returns whether the type has its own operators in a schema that is not on the search path. Only the names of
    /// such types include a schema.
    pub(crate) fn is_off_search_path(&self) -> bool {
        self.family == TypeFamily::CaseInsensitive && self.name.contains('.')
    }

    /// Returns whether an index on a column of this type can look up ids of the type `id`.
    pub(crate) fn finds(&self, id: &Self) -> bool {
        let alike = match (self.family, id.family) {
            // `char(n)` pads values with spaces.
            (TypeFamily::Text, TypeFamily::Text) => self.name != "bpchar" && id.name != "bpchar",
            (TypeFamily::Integer, TypeFamily::Integer) => true,
            _ => self.name == id.name,
        };
        self.indexed && alike && self.collation == id.collation
    }

    /// Converts an id to the value to write.
    ///
    /// # Errors
    /// [`StoreError::WrongId`] if the column cannot hold the id.
    pub(crate) fn id(&self, kind: &KindName, id: &RecordId) -> Result<SqlValue, StoreError> {
        let wrong = |expected| StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected };
        let text = id.to_string();
        let uuid = |text: &str| Uuid::try_parse(text).map_err(|_| wrong("UUIDs"));
        Ok(match self.family {
            TypeFamily::Integer | TypeFamily::Numeric => {
                SqlValue::Integer(text.parse().map_err(|_| wrong("integers"))?)
            }
            TypeFamily::Uuid => SqlValue::Text(uuid(&text)?.to_string()),
            TypeFamily::Bytes => SqlValue::Blob(uuid(&text)?.as_bytes().to_vec()),
            _ => SqlValue::Text(text),
        })
    }

    /// Converts ids to values for looking up their rows.
    ///
    /// # Errors
    /// [`StoreError::WrongId`] if an id does not have the type of the column. For example, `"042"` is not an integer.
    pub(crate) fn searched_ids(
        &self,
        kind: &KindName,
        ids: &[RecordId],
    ) -> Result<Vec<SqlValue>, StoreError> {
        let wrong =
            |id: &RecordId, expected| StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected };
        let uuid = |id: &RecordId| id.asked_uuid().ok_or_else(|| wrong(id, "UUIDs"));
        let searched = ids.iter().map(|id| {
            let text = id.to_string();
            Ok(match self.family {
                TypeFamily::Integer | TypeFamily::Numeric => {
                    // `007` and `+7` are not the text of 7.
                    let number = text.parse().ok().filter(|number: &i64| number.to_string() == text);
                    SqlValue::Integer(number.ok_or_else(|| wrong(id, "integers"))?)
                }
                TypeFamily::Uuid => SqlValue::Text(uuid(id)?.to_string()),
                TypeFamily::Bytes => SqlValue::Blob(uuid(id)?.as_bytes().to_vec()),
                _ => SqlValue::Text(text),
            })
        });
        searched.collect()
    }
}

/// How a statement can locate the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// Each row has a place (`ctid`, `rowid`), which it keeps during a statement. The text is the name of that column.
    Place(String),
    /// Each row has a place within its partition, so the partition must be named too.
    Part,
    /// The rows have no place, as in views.
    Unknown,
}

/// How a statement finds out whether the cached schema still describes the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaCheck {
    /// By the schema version, in a transaction of the library.
    InTransaction,
    /// By the schema version, without a transaction around the statement. The statement sets what it needs for itself,
    /// and says that the schema is outdated if the session's other settings differ from those of a transaction.
    Alone,
    /// Like `Alone`, but compares only the tables to which the names resolve, because the schema version was compared
    /// within the last second.
    AloneAgain,
}

/// The columns of the tables in a query. Statements for display are rendered without it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableSchema {
    /// By the name of the table in the data map, and by the name of the column.
    pub(crate) tables: BTreeMap<TableName, BTreeMap<String, ColumnType>>,
    /// How the rows of tables are located, by the name of the table in the data map.
    pub(crate) locations: BTreeMap<TableName, Location>,
    /// The columns of each unique key, by the name of the table in the data map.
    pub(crate) unique_keys: BTreeMap<TableName, Vec<Vec<String>>>,
    /// The triggers and rules of tables, by the name of the table in the data map. Tables without any are left out.
    pub(crate) triggers: BTreeMap<TableName, Vec<TableTrigger>>,
    /// The unique indexes of tables, by the name of the table in the data map.
    pub(crate) unique: BTreeMap<TableName, Vec<UniqueIndex>>,
    /// The other constraints of tables, by the name of the table in the data map.
    pub(crate) constraints: BTreeMap<TableName, TableConstraints>,
    /// Whether all columns of all tables are listed. A column that is not listed then does not exist.
    pub(crate) is_complete: bool,
    /// A text that changes whenever a column, an index or a trigger of the tables changes.
    pub(crate) schema_version: Option<String>,
    /// A text that changes whenever the names resolve to other tables.
    pub(crate) tables_found: Option<String>,
}

impl TableSchema {
    /// Returns the column of a field; `None` if it was not read.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if the table or the column does not exist.
    pub(crate) fn column(&self, kind: &Kind, field: &FieldName) -> Result<Option<&ColumnType>, StoreError> {
        let table = self.tables.get(&*kind.table_name());
        let found = table.and_then(|columns| columns.get(kind.column(field)));
        match (found, table) {
            (None, None) if self.is_complete => Err(StoreError::unknown("kind", &kind.name)),
            (None, Some(_)) if self.is_complete => {
                Err(StoreError::unknown("field", &format!("{}.{field}", kind.name)))
            }
            (found, _) => Ok(found),
        }
    }

    /// Returns whether the schema is current, given the version or the tables that a statement found.
    pub(super) fn is_current(&self, check: SchemaCheck, found: Option<&str>) -> bool {
        let known = match check {
            SchemaCheck::InTransaction | SchemaCheck::Alone => &self.schema_version,
            SchemaCheck::AloneAgain => &self.tables_found,
        };
        found.is_some() && found == known.as_deref()
    }

    /// Returns whether it is known that every row of a kind has an id. No statement then has to check it.
    pub(crate) fn has_ids(&self, kind: &Kind) -> bool {
        match kind.id.only() {
            Some(id) => self.column(kind, id).ok().flatten().is_some_and(|id| id.not_null),
            None => self.locations.get(&*kind.table_name()) != Some(&Location::Unknown),
        }
    }

    /// Returns whether it is known that no two rows of a kind have the same id.
    pub(crate) fn has_unique_ids(&self, kind: &Kind) -> bool {
        let keys = self.unique_keys.get(&*kind.table_name());
        let id: Vec<&str> = kind.id.fields().iter().map(|field| kind.column(field)).collect();
        keys.is_some_and(|keys| keys.iter().any(|key| key.iter().all(|column| id.contains(&column.as_str()))))
    }
}

/// The columns whose types a query depends on.
pub(crate) struct QueryColumns<'a> {
    /// Kinds whose id column may be NULL, unless the database says otherwise.
    pub(crate) kinds: Vec<&'a Kind>,
    /// Columns for which only the database knows how values are stored.
    pub(crate) columns: Vec<(&'a Kind, &'a FieldName)>,
    /// The foreign keys that the query was made with, if it may delete rows.
    pub(crate) keys: Option<Arc<KeysByTable>>,
}

impl<'a> QueryColumns<'a> {
    pub(crate) fn of_query(query: &'a SurveyQuery) -> Result<Self, StoreError> {
        let mut kinds = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for set in query.sets.iter().flat_map(Stratum::sets) {
            kinds.insert(&set.kind);
            let named = |source: &Source| {
                matches!(
                    source,
                    Source::Subjects
                        | Source::Ids(_)
                        | Source::Repeated { .. }
                        | Source::Replaced { .. }
                        | Source::FormerReferrers { .. }
                )
            };
            if set.branches.iter().any(|branch| named(&branch.source)) {
                ids.insert(&set.kind);
            }
        }
        let mut lists: Vec<&Reference> = Vec::new();
        // Both sides of a reference are needed, because it is compared with the ids it refers to.
        for branch in query.sets.iter().flat_map(Stratum::sets).flat_map(|set| &set.branches) {
            if let Source::Referrers { reference, .. }
            | Source::ReferencedBy { reference, .. }
            | Source::FormerReferrers { reference, .. } = &branch.source
                && let Some(reference) = query.map.reference(reference)
            {
                kinds.extend([&reference.from, &reference.to]);
                // How the elements of a list are compared depends on the type of the key.
                lists.extend(Some(reference).filter(|reference| reference.each));
            }
        }
        let find = |name| find(&query.map, name);
        let kinds = kinds.into_iter().map(find).collect::<Result<_, _>>()?;
        let ids: Vec<&Kind> = ids.into_iter().map(find).collect::<Result<_, _>>()?;
        let columns =
            ids.into_iter().flat_map(|kind| kind.id.fields().iter().map(move |field| (kind, field)));
        let mut all = Self { kinds, columns: columns.collect(), keys: query.map.keys().cloned() };
        for reference in lists {
            for key in query.map.key_of(reference) {
                all.add(find(&reference.to)?, key);
            }
        }
        for set in query.sets.iter().flat_map(Stratum::sets) {
            for branch in &set.branches {
                if let Source::Replaced { fields } | Source::FormerReferrers { fields, .. } = &branch.source {
                    for field in fields {
                        all.add(find(&set.kind)?, field);
                    }
                }
            }
        }
        Ok(all)
    }

    /// Collects the columns of a query and of the steps on its sets, including columns to which they write ids and
    /// timestamps.
    pub(crate) fn of_steps(query: &'a SurveyQuery, steps: &'a [ChangeStep]) -> Result<Self, StoreError> {
        let map = &query.map;
        let mut all = Self::of_query(query)?;
        for step in steps.iter().filter(|step| step.write == Write::Delete) {
            all.add_referrers(map, &step.kind)?;
        }
        for step in steps {
            let kind = find(map, &step.kind)?;
            for (field, value) in step.write.values() {
                match value {
                    NewValue::Value(value) => all.add_written(map, kind, field, value),
                    NewValue::Former => all.add(kind, field),
                    NewValue::Masked(_) | NewValue::Next | NewValue::Elements(_) => {}
                }
            }
            for field in step.recorded_fields(kind) {
                all.add(kind, field);
            }
        }
        Ok(all)
    }

    /// Collects the columns of a change set.
    pub(crate) fn of_changes(changes: &'a ChangeSet) -> Result<Self, StoreError> {
        let map = &changes.query.map;
        let mut all = Self::of_steps(&changes.query, &changes.steps)?;
        for NewRow { kind, record } in &changes.inserts {
            let kind = find(map, kind)?;
            if !all.kinds.iter().any(|known| known.name == kind.name) {
                all.kinds.push(kind);
            }
            for field in kind.id.fields() {
                all.add(kind, field);
            }
            for (field, value) in &record.fields {
                all.add_written(map, kind, field, value);
            }
        }
        Ok(all)
    }

    /// Collects the columns of a whole data map.
    pub(crate) fn of_map(map: &'a DataMap) -> Result<Self, StoreError> {
        let mut all = Self { kinds: map.kinds().collect(), columns: Vec::new(), keys: None };
        for kind in map.kinds() {
            let personal = kind.personal.keys().filter(|field| !kind.id.contains(field));
            for field in kind.id.fields().iter().chain(personal) {
                all.add(kind, field);
            }
        }
        for reference in map.references().filter(|reference| reference.each) {
            for key in map.key_of(reference) {
                all.add(find(map, &reference.to)?, key);
            }
        }
        Ok(all)
    }

    /// Collects the columns for looking up rows of one kind.
    pub(crate) fn of_kind(kind: &'a Kind) -> Self {
        let columns = kind.id.fields().iter().map(|field| (kind, field)).collect();
        Self { kinds: vec![kind], columns, keys: None }
    }

    /// Adds a column if its type affects how the value is written.
    fn add_written(&mut self, map: &'a DataMap, kind: &'a Kind, field: &'a FieldName, value: &Value) {
        let mut references = map.references_from(&kind.name).filter(|reference| !reference.each);
        let position = |reference: &Reference| reference.fields.iter().position(|held| held == field);
        let referred = references.find_map(|reference| {
            let key = map.key_of(reference).get(position(reference)?)?;
            Some((map.kind(&reference.to)?, key))
        });
        if let Some((to, key)) = referred {
            self.add(to, key);
        } else if matches!(value, Value::Date(_) | Value::Timestamp(_))
            || kind.type_of(field) == FieldType::Uuid
        {
            self.add(kind, field);
        }
    }

    pub(super) fn add(&mut self, kind: &'a Kind, field: &'a FieldName) {
        let same = |(known, column): &(&Kind, &FieldName)| known.name == kind.name && **column == *field;
        if !self.columns.iter().any(same) {
            self.columns.push((kind, field));
        }
    }
}

pub(super) fn find<'a>(map: &'a DataMap, kind: &KindName) -> Result<&'a Kind, StoreError> {
    map.kind(kind).ok_or_else(|| StoreError::unknown("kind", kind))
}
