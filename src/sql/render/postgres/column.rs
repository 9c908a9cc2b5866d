//! Columns: what type they have, as far as statements depend on it.

use uuid::Uuid;

use crate::domain::{FieldType, KindName, RecordId};
use crate::sql::SqlValue;
use crate::sql::statement::Writer;
use crate::store::StoreError;

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnType {
    /// The name of the type, that of the base type where it is a domain, without lengths: a value that is
    /// compared must not be cut, and one that is written is checked when it is assigned.
    pub(crate) name: String,
    pub(crate) sort: Sort,
    /// The collation, where it is not that of the type.
    pub(crate) collation: Option<String>,
    pub(crate) not_null: bool,
    /// Whether rows that hold one of many values are found by the column without reading the whole table.
    pub(crate) indexed: bool,
}

/// What sort of values a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// `text`, `varchar`, `char`, `name`: text is written to it as it is.
    Text,
    /// `citext`: the same, and ids are referred to in any case.
    AnyCase,
    Enum,
    Uuid,
    Boolean,
    Integer,
    Numeric,
    Real,
    Date,
    /// Without a time zone: it is taken for UTC.
    Timestamp,
    TimestampTz,
    Json,
    Bytes,
    Other,
}

impl Sort {
    fn of(base: &str, category: &str) -> Self {
        match base {
            "text" | "varchar" | "bpchar" | "name" => Self::Text,
            "citext" => Self::AnyCase,
            "uuid" => Self::Uuid,
            "bool" => Self::Boolean,
            "int2" | "int4" | "int8" => Self::Integer,
            "numeric" => Self::Numeric,
            "float4" | "float8" => Self::Real,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "timestamptz" => Self::TimestampTz,
            "json" | "jsonb" => Self::Json,
            "bytea" => Self::Bytes,
            _ if category == "E" => Self::Enum,
            _ => Self::Other,
        }
    }

    /// Whether text may be assigned to it without a conversion.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::AnyCase)
    }

    /// What follows the bound value of an id of this sort, in the order of ids.
    pub(crate) fn cast_of_ids(self) -> &'static str {
        match self {
            Self::Uuid => "::uuid",
            _ => "",
        }
    }

    /// Whether a field that is declared with a type may be of this sort.
    pub(crate) fn fits(self, declared: FieldType) -> bool {
        match declared {
            FieldType::Text => matches!(self, Self::Text | Self::AnyCase | Self::Enum | Self::Uuid),
            FieldType::Uuid => matches!(self, Self::Text | Self::AnyCase | Self::Uuid),
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
    fn new(name: &str, sort: Sort) -> Self {
        Self { name: name.into(), sort, collation: None, not_null: false, indexed: true }
    }

    /// The type that is most likely, of a column that nobody has looked at.
    pub(crate) fn of_declared(declared: FieldType) -> Self {
        match declared {
            FieldType::Text => Self::new("text", Sort::Text),
            FieldType::Integer => Self::new("bigint", Sort::Integer),
            FieldType::Boolean => Self::new("boolean", Sort::Boolean),
            FieldType::Date => Self::new("date", Sort::Date),
            FieldType::Timestamp => Self::new("timestamp with time zone", Sort::TimestampTz),
            FieldType::Uuid => Self::new("uuid", Sort::Uuid),
            FieldType::Decimal => Self::new("numeric", Sort::Numeric),
            FieldType::Json => Self::new("jsonb", Sort::Json),
        }
    }

    /// The same of an id, of which a request gives examples.
    pub(crate) fn of_ids(ids: &[RecordId]) -> Self {
        let all = |is: fn(&RecordId) -> bool| !ids.is_empty() && ids.iter().all(is);
        Self::of_declared(if all(|id| id.as_uuid().is_some()) {
            FieldType::Uuid
        } else if all(|id| id.as_integer().is_some()) {
            FieldType::Integer
        } else {
            FieldType::Text
        })
    }

    pub(crate) fn from_catalogue(name: &str, base: &str, category: &str) -> Self {
        Self::new(name, Sort::of(base, category))
    }

    /// Whether a column of this type may refer to ids of another, as a foreign key may.
    pub(crate) fn compares_with(&self, id: &Self) -> bool {
        let number = |sort| matches!(sort, Sort::Integer | Sort::Numeric);
        match (self.sort, id.sort) {
            (Sort::Text, Sort::Text) => true,
            (held, id) if number(held) && number(id) => true,
            _ => self.name == id.name,
        }
    }

    /// Whether it is a type that brings its own operators, in a schema that the search path does not lead to:
    /// only then the name is said with the schema.
    pub(crate) fn is_astray(&self) -> bool {
        self.sort == Sort::AnyCase && self.name.contains('.')
    }

    /// Whether an index of a column of this type finds what equals ids of another.
    pub(crate) fn finds(&self, id: &Self) -> bool {
        let alike = match (self.sort, id.sort) {
            // The others are filled up with spaces.
            (Sort::Text, Sort::Text) => self.name != "bpchar" && id.name != "bpchar",
            (Sort::Integer, Sort::Integer) => true,
            _ => self.name == id.name,
        };
        self.indexed && alike && self.collation == id.collation
    }

    /// Null, of this type: what `UNION` and recursive queries have to be told.
    pub(crate) fn null(&self) -> String {
        let collate = self.collation.iter().map(|name| format!(" COLLATE {name}"));
        std::iter::once(format!("NULL::{}", self.name)).chain(collate).collect()
    }

    /// What orders ids alike everywhere: integers by value, UUIDs by bytes, text by UTF-8 bytes.
    pub(crate) fn order(&self, id: &str) -> String {
        match self.sort {
            Sort::Text => format!("{id} COLLATE \"C\""),
            Sort::AnyCase | Sort::Enum => format!("{id}::text COLLATE \"C\""),
            _ => id.to_owned(),
        }
    }

    /// That a column `id` of this type holds one of these ids: one bound value, however many they are.
    ///
    /// An id that no row can have is left out: `"042"` finds no 42.
    pub(crate) fn one_of(
        &self,
        w: &mut Writer,
        id: &str,
        kind: &KindName,
        ids: &[RecordId],
    ) -> Result<(), StoreError> {
        let wrong =
            |id: &RecordId, expected| StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected };
        let mut array = String::from("{");
        for id in ids {
            let text = id.to_string();
            let element = match self.sort {
                Sort::Integer | Sort::Numeric => {
                    let number: i64 = text.parse().map_err(|_| wrong(id, "whole numbers"))?;
                    (number.to_string() == text).then_some(text)
                }
                Sort::Uuid => Some(id.asked_uuid().ok_or_else(|| wrong(id, "UUIDs"))?.to_string()),
                // What the database cannot hold is not there.
                _ => (!text.contains('\0')).then_some(text),
            };
            if let Some(element) = element {
                if array.len() > 1 {
                    array.push(',');
                }
                array.push('"');
                array.push_str(&element.replace('\\', "\\\\").replace('"', "\\\""));
                array.push('"');
            }
        }
        array.push('}');
        match self.sort {
            // A label that the type does not have would be an error.
            Sort::Enum => w.push(id).push("::text = ANY(").bind(array).push("::text[])"),
            // Wide enough for every id that can be asked for.
            Sort::Integer => w.push(id).push(" = ANY(").bind(array).push("::bigint[])"),
            _ => w.push(id).push(" = ANY(").bind(array).push("::").push(&self.name).push("[])"),
        };
        Ok(())
    }

    /// One id, as a value to be written.
    pub(crate) fn id(&self, kind: &KindName, id: &RecordId) -> Result<SqlValue, StoreError> {
        let wrong = |expected| StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected };
        let text = id.to_string();
        Ok(match self.sort {
            Sort::Integer | Sort::Numeric => {
                SqlValue::Integer(text.parse().map_err(|_| wrong("whole numbers"))?)
            }
            Sort::Uuid => SqlValue::Text(Uuid::try_parse(&text).map_err(|_| wrong("UUIDs"))?.to_string()),
            _ => SqlValue::Text(text),
        })
    }
}
