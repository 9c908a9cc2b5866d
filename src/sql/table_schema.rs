//! How columns store their values, as far as statements depend on it; the columns that a query depends on; and the
//! cache of what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::connection::SqlValue;
use crate::domain::{DataMap, FieldName, FieldType, Kind, KindName, RecordId, Value};
use crate::protocol::{ChangeSet, NewRow, NewValue, Source, Stratum, SurveyQuery, Write};
use crate::store::StoreError;

/// How one column stores its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnType {
    /// The name of the type for casts: for a domain, that of the base type, and without a length. A compared value
    /// must not be truncated, and a written one is checked on assignment.
    pub(crate) name: String,
    pub(crate) family: TypeFamily,
    /// The collation, unless it is the default of the type.
    pub(crate) collation: Option<String>,
    /// Whether no row holds NULL.
    pub(crate) not_null: bool,
    /// Whether an index finds the rows that hold one of many values.
    pub(crate) indexed: bool,
}

/// The kind of values that a column stores. SQLite stores text, integers and bytes; the other variants are types of
/// PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeFamily {
    /// `text`, `varchar`, `char`, `name`: text is written unchanged.
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
    /// Without a time zone: interpreted as UTC.
    Timestamp,
    TimestampTz,
    Json,
    Bytes,
    Other,
}

impl TypeFamily {
    /// Returns whether text may be assigned without a cast.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::CaseInsensitive)
    }

    /// Returns whether a field of a declared type may be stored in this way.
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
            FieldType::Json => true,
        }
    }
}

impl ColumnType {
    pub(crate) fn new(name: &str, family: TypeFamily) -> Self {
        Self { name: name.into(), family, collation: None, not_null: false, indexed: true }
    }

    /// Returns whether a column of this type may refer to ids of another, as a foreign key may.
    pub(crate) fn compares_with(&self, id: &Self) -> bool {
        let number = |family| matches!(family, TypeFamily::Integer | TypeFamily::Numeric);
        match (self.family, id.family) {
            (TypeFamily::Text, TypeFamily::Text) => true,
            (held, id) if number(held) && number(id) => true,
            _ => self.name == id.name,
        }
    }

    /// Returns whether its values can be ids: text, integers, UUIDs, and other types with only one text form.
    pub(crate) fn makes_ids(&self) -> bool {
        use TypeFamily::{Boolean, Bytes, Json, Real, Timestamp, TimestampTz};
        !matches!(self.family, Boolean | Bytes | Json | Real | Timestamp | TimestampTz)
            && !self.name.ends_with("[]")
    }

    /// Returns whether the type brings its own operators from a schema that is not on the search path. Only then does
    /// its name include the schema.
    pub(crate) fn is_off_search_path(&self) -> bool {
        self.family == TypeFamily::CaseInsensitive && self.name.contains('.')
    }

    /// Returns whether an index on a column of this type finds values equal to ids of another.
    pub(crate) fn finds(&self, id: &Self) -> bool {
        let alike = match (self.family, id.family) {
            // `char(n)` is padded with spaces.
            (TypeFamily::Text, TypeFamily::Text) => self.name != "bpchar" && id.name != "bpchar",
            (TypeFamily::Integer, TypeFamily::Integer) => true,
            _ => self.name == id.name,
        };
        self.indexed && alike && self.collation == id.collation
    }

    /// Converts an id to the value that is written for it.
    ///
    /// # Errors
    /// [`StoreError::WrongId`] for an id that the column cannot hold.
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

    /// Converts ids to the values by which their rows are found. Ids that no row can have are left out: `"042"` does
    /// not find 42.
    ///
    /// # Errors
    /// [`StoreError::WrongId`] for an id of another type than those of the column.
    pub(crate) fn searched_ids(
        &self,
        kind: &KindName,
        ids: &[RecordId],
    ) -> Result<Vec<SqlValue>, StoreError> {
        let wrong =
            |id: &RecordId, expected| StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected };
        let uuid = |id: &RecordId| id.asked_uuid().ok_or_else(|| wrong(id, "UUIDs"));
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let text = id.to_string();
            found.push(match self.family {
                TypeFamily::Integer | TypeFamily::Numeric => {
                    let number: i64 = text.parse().map_err(|_| wrong(id, "integers"))?;
                    if number.to_string() != text {
                        continue;
                    }
                    SqlValue::Integer(number)
                }
                TypeFamily::Uuid => SqlValue::Text(uuid(id)?.to_string()),
                TypeFamily::Bytes => SqlValue::Blob(uuid(id)?.as_bytes().to_vec()),
                _ => SqlValue::Text(text),
            });
        }
        Ok(found)
    }
}

/// The columns of the tables of a query. Without a schema, statements are rendered for display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableSchema {
    /// By the name of the table in the data map, and the name of the column.
    pub(crate) tables: BTreeMap<String, BTreeMap<String, ColumnType>>,
    /// Whether all columns of all tables are listed, so that a missing one does not exist.
    pub(crate) is_complete: bool,
    /// A number that changes with every change of a column or an index of the tables.
    pub(crate) schema_version: Option<String>,
}

impl TableSchema {
    /// Finds the column of a field; `None` if it was not read.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a table or a column that does not exist.
    pub(crate) fn column(&self, kind: &Kind, field: &FieldName) -> Result<Option<&ColumnType>, StoreError> {
        let table = self.tables.get(kind.table_name());
        let found = table.and_then(|columns| columns.get(kind.column(field)));
        match (found, table) {
            (None, None) if self.is_complete => Err(StoreError::unknown("kind", &kind.name)),
            (None, Some(_)) if self.is_complete => {
                Err(StoreError::unknown("field", &format!("{}.{field}", kind.name)))
            }
            (found, _) => Ok(found),
        }
    }

    /// Returns whether the schema still has the current version.
    pub(super) fn is_current(&self, schema_version: Option<&str>) -> bool {
        schema_version.is_some() && schema_version == self.schema_version.as_deref()
    }

    /// Returns whether every row of a kind is known to have an id, so that no statement has to check.
    pub(crate) fn has_ids(&self, kind: &Kind) -> bool {
        self.column(kind, &kind.id).ok().flatten().is_some_and(|id| id.not_null)
    }
}

/// The columns whose types a query depends on.
pub(crate) struct QueryColumns<'a> {
    /// Kinds whose id column may be NULL unless the database says otherwise.
    pub(crate) kinds: Vec<&'a Kind>,
    /// Columns whose stored form only the database knows.
    pub(crate) columns: Vec<(&'a Kind, &'a FieldName)>,
}

impl<'a> QueryColumns<'a> {
    pub(crate) fn of_query(query: &'a SurveyQuery) -> Result<Self, StoreError> {
        let mut kinds = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for set in query.sets.iter().flat_map(Stratum::sets) {
            kinds.insert(&set.kind);
            let named = |source: &Source| matches!(source, Source::Subjects | Source::Ids(_));
            if set.branches.iter().any(|branch| named(&branch.source)) {
                ids.insert(&set.kind);
            }
        }
        // A reference is compared with the ids it refers to.
        for branch in query.sets.iter().flat_map(Stratum::sets).flat_map(|set| &set.branches) {
            if let Source::Referrers { reference, .. } | Source::ReferencedBy { reference, .. } =
                &branch.source
                && let Some(reference) = query.map.reference(reference)
            {
                kinds.extend([&reference.from, &reference.to]);
            }
        }
        let find = |name| find(&query.map, name);
        let kinds = kinds.into_iter().map(find).collect::<Result<_, _>>()?;
        let ids: Vec<&Kind> = ids.into_iter().map(find).collect::<Result<_, _>>()?;
        Ok(Self { kinds, columns: ids.into_iter().map(|kind| (kind, &kind.id)).collect() })
    }

    /// Collects the columns of a change set, including those that ids and timestamps are written to.
    pub(crate) fn of_changes(changes: &'a ChangeSet) -> Result<Self, StoreError> {
        let map = &changes.query.map;
        let mut all = Self::of_query(&changes.query)?;
        for step in &changes.steps {
            let (Write::Update(fields) | Write::Mark(fields)) = &step.write else {
                continue;
            };
            let kind = find(map, &step.kind)?;
            for (field, value) in fields {
                if let NewValue::Value(value) = value {
                    all.add_written(map, kind, field, value);
                }
            }
        }
        for NewRow { kind, record } in &changes.inserts {
            let kind = find(map, kind)?;
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

    /// Collects the columns by which rows of one kind are found.
    pub(crate) fn of_kind(kind: &'a Kind) -> Self {
        Self { kinds: vec![kind], columns: vec![(kind, &kind.id)] }
    }

    /// Adds the column whose type decides how a value is written.
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
}

fn find<'a>(map: &'a DataMap, kind: &KindName) -> Result<&'a Kind, StoreError> {
    map.kind(kind).ok_or_else(|| StoreError::unknown("kind", kind))
}

/// The schemas that were read earlier, by the names of their tables.
///
/// Reading the catalogue takes longer than a small operation, and it rarely changes. A statement that runs anyway
/// returns whether the schema is still the same.
#[derive(Debug, Default)]
pub(super) struct SchemaCache(Mutex<BTreeMap<Vec<String>, Arc<TableSchema>>>);

impl SchemaCache {
    // A panic under the lock cannot leave it in a partial state.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<String>, Arc<TableSchema>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the schema of these columns, if it is cached.
    pub(super) fn get(&self, columns: &QueryColumns<'_>) -> Option<Arc<TableSchema>> {
        self.lock().get(&tables(columns)).cloned()
    }

    /// Caches a schema, if the database returns its version.
    pub(super) fn insert(&self, columns: &QueryColumns<'_>, schema: &Arc<TableSchema>) {
        if schema.schema_version.is_some() {
            self.lock().insert(tables(columns), schema.clone());
        }
    }

    /// Removes an outdated schema.
    pub(super) fn remove(&self, columns: &QueryColumns<'_>) {
        self.lock().remove(&tables(columns));
    }
}

fn tables(columns: &QueryColumns<'_>) -> Vec<String> {
    columns.kinds.iter().map(|kind| kind.table_name().to_owned()).collect()
}
