//! What follows from columns that never hold NULL.

use super::table_schema::{ColumnType, Location, TableSchema, TypeFamily};
use crate::domain::{Condition, FieldName, FieldType, Kind};

impl TableSchema {
    /// Returns the column of a field, if it never holds NULL. Only the database's own tables enforce that.
    fn not_null(&self, kind: &Kind, field: &FieldName) -> Option<&ColumnType> {
        let is_own = self.locations.get(&*kind.table_name()).is_some_and(|at| *at != Location::Unknown);
        self.column(kind, field).ok().flatten().filter(|column| is_own && column.not_null)
    }

    /// Returns whether comparing a field is never unknown. Comparing NaN is.
    fn is_always_compared(&self, kind: &Kind, field: &FieldName) -> bool {
        let may_be_nan = kind.type_of(field) == FieldType::Decimal;
        let column = self.not_null(kind, field);
        column.is_some_and(|column| !may_be_nan || column.family == TypeFamily::Integer)
    }

    /// Returns whether it is known that no row of a kind meets a condition, because the fields that it tests for null
    /// are never null.
    pub(crate) fn never_holds(&self, kind: &Kind, condition: &Condition) -> bool {
        match condition {
            Condition::IsNull { field } => self.not_null(kind, field).is_some(),
            Condition::Unknown(inner) => {
                let mut is_known = true;
                inner.visit(&mut |leaf| {
                    if let Some(field) = leaf.field().filter(|_| !matches!(leaf, Condition::IsNull { .. })) {
                        is_known &= self.is_always_compared(kind, field);
                    }
                });
                is_known
            }
            Condition::All(parts) => parts.iter().any(|part| self.never_holds(kind, part)),
            Condition::Any(parts) => parts.iter().all(|part| self.never_holds(kind, part)),
            _ => false,
        }
    }
}
