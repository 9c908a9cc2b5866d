//! How columns store and compare values, as far as the checks need it.

use crate::domain::FieldType;
use crate::sql::table_schema::{ColumnType, TypeFamily};

/// How a column stores values.
#[derive(Debug, Clone)]
pub(in crate::sql) enum Storage {
    /// The affinity on SQLite, where any column may hold any value.
    Affinity(Affinity),
    /// The type on PostgreSQL.
    Type(ColumnType),
}

/// The type affinity of a column on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum Affinity {
    Integer,
    Real,
    Text,
    Blob,
    Numeric,
    /// Declared as `UUID`, which SQLite treats as numeric. Holds text or bytes, and never numbers.
    Uuid,
    /// No type was declared.
    Untyped,
    /// A column that a view computes.
    Computed,
}

/// How a column compares text: 1 if it ignores case, plus 2 if it ignores trailing spaces (and case).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) struct Collation(pub(super) i64);

impl Collation {
    /// Returns the end of a sentence that begins "the column compares".
    pub(in crate::sql) fn description(self) -> &'static str {
        match self.0 {
            0 => "by bytes",
            1 => "without case",
            2 => "without trailing spaces",
            _ => "in another way",
        }
    }
}

/// The forms in which a column stores values.
#[derive(PartialEq)]
enum Form {
    Number,
    Text,
    Unchanged,
}

impl Storage {
    pub(in crate::sql) fn column_type(&self) -> Option<&ColumnType> {
        match self {
            Self::Type(column) => Some(column),
            Self::Affinity(_) => None,
        }
    }

    /// Returns whether a column may hold values of the declared type.
    pub(in crate::sql) fn fits(&self, expected: FieldType) -> bool {
        use Affinity::{Blob, Integer, Real, Text};
        let affinity = match self {
            Self::Type(column) => return column.family.fits(expected),
            Self::Affinity(affinity) => affinity,
        };
        match expected {
            FieldType::Text | FieldType::Uuid => !matches!(affinity, Integer | Real),
            FieldType::Integer | FieldType::Boolean => !matches!(affinity, Text | Real | Blob),
            FieldType::Date | FieldType::Timestamp | FieldType::TimestampMs => {
                !matches!(affinity, Real | Blob)
            }
            FieldType::Decimal => *affinity != Blob,
            FieldType::Json => true,
        }
    }

    /// Returns whether a column stores text.
    pub(in crate::sql) fn is_text(&self) -> bool {
        match self {
            Self::Affinity(affinity) => *affinity == Affinity::Text,
            Self::Type(column) => {
                matches!(
                    column.family,
                    TypeFamily::Text | TypeFamily::CaseInsensitive | TypeFamily::Enum | TypeFamily::Uuid
                )
            }
        }
    }

    /// Returns whether a reference stores a value in the same form as the ids it refers to. Only then does a
    /// comparison find the same rows as a foreign key.
    ///
    /// A foreign key converts the referring value to the form of the id. A comparison converts both values or
    /// neither, by rules that depend on the query plan. Text that refers to an integer id is then not found, and in a
    /// text column the number 7 would find both `007` and `7`.
    pub(in crate::sql) fn compares_with(&self, id: &Self) -> bool {
        match (self, id) {
            (Self::Type(held), Self::Type(id)) => held.compares_with(id),
            (Self::Affinity(held), Self::Affinity(id)) => match (held.form(), id.form()) {
                (Some(held), Some(id)) => held == id,
                _ => true,
            },
            _ => false,
        }
    }
}

impl Storage {
    /// Returns whether a column can hold a list of ids of the other column: an array or JSON.
    pub(in crate::sql) fn holds_list_of(&self, id: &Self, exact: bool) -> bool {
        match (self, id) {
            (Self::Type(held), Self::Type(id)) => match held.element() {
                Some(element) => !exact || element.compares_with(id),
                None => matches!(held.family, TypeFamily::Json | TypeFamily::Text),
            },
            (Self::Affinity(held), _) => !matches!(held, Affinity::Integer | Affinity::Real),
            (Self::Type(_), Self::Affinity(_)) => false,
        }
    }
}

impl Affinity {
    /// Returns the affinity of a declared type. The rules of SQLite are applied in its order.
    pub(in crate::sql) fn of(declared: &str, of_view: bool) -> Self {
        let declared = declared.to_ascii_uppercase();
        let says = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if says(&["INT"]) {
            Self::Integer
        } else if says(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if says(&["BLOB"]) {
            Self::Blob
        } else if declared.is_empty() {
            if of_view { Self::Computed } else { Self::Untyped }
        } else if says(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else if says(&["UUID", "GUID", "UNIQUEIDENTIFIER"]) {
            Self::Uuid
        } else {
            Self::Numeric
        }
    }

    /// Returns the form of the stored values; `None` if they may have any form.
    fn form(self) -> Option<Form> {
        match self {
            Self::Integer | Self::Real | Self::Numeric => Some(Form::Number),
            Self::Text => Some(Form::Text),
            Self::Blob | Self::Untyped => Some(Form::Unchanged),
            Self::Uuid | Self::Computed => None,
        }
    }
}
