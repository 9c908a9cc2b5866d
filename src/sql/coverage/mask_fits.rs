//! Masks that do not fit their column: too long, NULL in a NOT NULL column, or not unique in a unique column.

use super::finding::{Finding, FindingCode};
use crate::domain::{FieldType, Kind, Mask};
use crate::policy::{DeletionPolicy, MaskUse};
use crate::sql::catalogue::{Catalogue, Column};

pub(super) fn findings(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for MaskUse { kind, field, mask, path, in_rule } in policy.masks() {
        let Some(table) = catalogue.table(kind.table_name()) else {
            continue;
        };
        let Some(column) = table.column(kind.column(field)) else {
            continue;
        };
        // The masks of kinds are checked when a policy is opened.
        if in_rule && *mask == Mask::Null && column.not_null {
            let message = "the mask is `null` but the column is NOT NULL";
            found.push(
                Finding::new(FindingCode::NullabilityMismatch, &path, message)
                    .remedy("choose another mask, or allow NULL in the column"),
            );
        }
        if table.is_unique(&column.name) && !mask.keeps_unique() {
            let message = format!(
                "the mask may give two rows the same value, but the column `{}` is unique",
                column.name
            );
            found.push(
                Finding::new(FindingCode::MaskNotUnique, &path, message)
                    .remedy("use `null`, `placeholder_email` or `hmac`, and declare the field `unique`"),
            );
        }
        if let Some((length, limit)) = length(kind, mask).zip(limit(column))
            && length > limit
        {
            let message =
                format!("the mask has at least {length} characters, but the column is {}", column.declared);
            found.push(
                Finding::new(FindingCode::MaskTooLong, &path, message)
                    .remedy("choose a shorter mask, or widen the column"),
            );
        }
    }
    found
}

/// Returns the minimum length of a mask, if it does not depend on the value.
fn length(kind: &Kind, mask: &Mask) -> Option<usize> {
    match mask {
        Mask::Text(text) => Some(text.chars().count()),
        Mask::Hmac => Some(64),
        Mask::PlaceholderEmail => {
            let id = if kind.declared_type(&kind.id) == Some(FieldType::Uuid) { 36 } else { 1 };
            Some(id + "@anonymized.invalid".len())
        }
        // Never longer than the value.
        Mask::Null | Mask::Year | Mask::Truncate(_) => None,
    }
}

/// Returns the declared length of a column: 20 for `VARCHAR(20)`. SQLite itself does not enforce it.
fn limit(column: &Column) -> Option<usize> {
    let (name, rest) = column.declared.split_once('(')?;
    let holds_characters = name.to_ascii_uppercase().contains("CHAR");
    let number = rest.split_once(')')?.0.trim();
    number.parse().ok().filter(|_| holds_characters)
}
