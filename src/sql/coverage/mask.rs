//! Masks that a column will not take: found before the first row is masked.

use crate::domain::{FieldType, Kind, Mask};
use crate::policy::{DeletionPolicy, MaskUse};
use crate::sql::catalogue::{Catalogue, Column};
use crate::sql::{Finding, FindingCode};

pub(super) fn findings(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for said in policy.masks() {
        let MaskUse { kind, field, mask, path, in_rule } = said;
        let Some(table) = catalogue.table(kind.table_name()) else {
            continue;
        };
        let Some(column) = table.column(kind.column(field)) else {
            continue;
        };
        // The masks of kinds are compared when a policy is opened.
        if in_rule && *mask == Mask::Null && column.not_null {
            let message = "the mask is `null` but the column is NOT NULL";
            found.push(
                Finding::new(FindingCode::NullabilityMismatch, &path, message)
                    .remedy("choose another mask, or let the column be null"),
            );
        }
        if table.is_unique(&column.name) && !mask.keeps_unique() {
            let message = format!(
                "the mask may give two rows the same value and the column `{}` is unique: the second is refused",
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
                format!("the mask makes {length} characters or more, and the column is {}", column.declared);
            found.push(
                Finding::new(FindingCode::MaskTooLong, &path, message)
                    .remedy("choose a shorter mask, or widen the column"),
            );
        }
    }
    found
}

/// How many characters a mask makes at least, whatever the value was.
fn length(kind: &Kind, mask: &Mask) -> Option<usize> {
    match mask {
        Mask::Text(text) => Some(text.chars().count()),
        Mask::Hmac => Some(64),
        Mask::PlaceholderEmail => {
            let id = if kind.declared_type(&kind.id) == Some(FieldType::Uuid) { 36 } else { 1 };
            Some(id + "@anonymized.invalid".len())
        }
        // Never longer than what the column held.
        Mask::Null | Mask::Year | Mask::Truncate(_) => None,
    }
}

/// How many characters a column takes by its declaration: 20 in `VARCHAR(20)`. SQLite itself does not look.
fn limit(column: &Column) -> Option<usize> {
    let (name, rest) = column.declared.split_once('(')?;
    let holds_characters = name.to_ascii_uppercase().contains("CHAR");
    let number = rest.split_once(')')?.0.trim();
    number.parse().ok().filter(|_| holds_characters)
}
