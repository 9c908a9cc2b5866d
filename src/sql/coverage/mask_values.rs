//! Finds masks whose value a column cannot hold. On SQLite, a column holds values of any type and length.

use super::declared::MappedColumn;
use super::finding::{Finding, FindingCode};
use super::written::too_long;
use crate::domain::{DataMap, FieldType, Mask, NamedValue, UsedMask, Value};
use crate::sql::catalogue::Catalogue;
use crate::sql::table_schema::{ColumnType, TypeFamily};

/// Reports values of masks that are not of the type of their column.
pub(super) fn wrong_types(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let masks = map.uses.named_values.iter().filter(|named| named.is_mask);
    let found = masks.filter_map(|NamedValue { kind, field, value, path, is_mask: _ }| {
        let MappedColumn { column, .. } = MappedColumn::of(map.kind(kind)?, field, catalogue)?;
        let stored = column.storage.column_type()?;
        if takes(stored, value) {
            return None;
        }
        let message = format!("the mask writes {}, but the column is {}", value.literal(), column.declared);
        let remedy = "use a value of the type of the column";
        Some(Finding::new(FindingCode::TypeMismatch, path, message).remedy(remedy))
    });
    found.collect()
}

/// Reports masks that the database refuses to write: NULL in a NOT NULL column, values that a CHECK constraint does not
/// allow, and on PostgreSQL values that are too long.
pub(super) fn refused(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for UsedMask { kind, field, mask, path } in &map.uses.masks {
        let Some(kind) = map.kind(kind) else { continue };
        let Some(MappedColumn { column, .. }) = MappedColumn::of(kind, field, catalogue) else { continue };
        // Null masks of kinds are reported with the other fields of the kind.
        if *mask == Mask::Null && column.not_null && kind.personal.get(field) != Some(&Mask::Null) {
            let message = "the mask is `null` but the column is NOT NULL";
            let remedy = "choose another mask, or allow NULL in the column";
            found.push(Finding::new(FindingCode::NullabilityMismatch, path, message).remedy(remedy));
        }
        if let Some(constraint) = catalogue.refusing(path) {
            let message =
                format!("the constraint `{constraint}` of the column `{}` refuses the mask", column.name);
            let remedy = "choose a mask that the constraint allows, or change the constraint";
            found.push(Finding::new(FindingCode::MaskRefused, path, message).remedy(remedy));
        }
        if column.storage.column_type().is_some() {
            found.extend(too_long(kind, mask, column, path));
        }
    }
    found
}

/// Returns whether a column takes a value. `true` for types whose text is not known here.
fn takes(column: &ColumnType, value: &Value) -> bool {
    if let Some(element) = column.element() {
        return match value {
            Value::Json(serde_json::Value::Array(list)) => {
                list.iter().all(|one| one.is_null() || takes(&element, &one.clone().into()))
            }
            Value::Text(text) => text.starts_with('{') && text.ends_with('}'),
            _ => false,
        };
    }
    let reads = |declared: FieldType| declared.read(value).is_ok();
    let text = value.as_text();
    match column.family {
        TypeFamily::Json => true,
        TypeFamily::Text | TypeFamily::CaseInsensitive | TypeFamily::Enum => {
            matches!(
                value,
                Value::Text(_) | Value::Integer(_) | Value::Real(_) | Value::Boolean(_) | Value::Json(_)
            )
        }
        TypeFamily::Uuid => text.is_some_and(|text| uuid::Uuid::try_parse(text).is_ok()),
        TypeFamily::Boolean => reads(FieldType::Boolean),
        TypeFamily::Integer => {
            reads(FieldType::Integer) || text.is_some_and(|text| text.parse::<i64>().is_ok())
        }
        TypeFamily::Numeric | TypeFamily::Real => {
            reads(FieldType::Decimal) || matches!(value, Value::Json(serde_json::Value::Number(_)))
        }
        TypeFamily::Date | TypeFamily::Timestamp | TypeFamily::TimestampTz => {
            text.is_some() && reads(FieldType::Timestamp)
        }
        TypeFamily::Bytes => text.is_some(),
        TypeFamily::Other if matches!(&*column.name, "inet" | "cidr") => text.is_some_and(is_address),
        TypeFamily::Other => matches!(value, Value::Text(_) | Value::Integer(_) | Value::Real(_)),
    }
}

/// Returns whether text is an IP address, perhaps with the length of its network.
fn is_address(text: &str) -> bool {
    let (address, length) =
        text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let bits = |most: u8| length.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most));
    match address.parse() {
        Ok(std::net::IpAddr::V4(_)) => bits(32),
        Ok(std::net::IpAddr::V6(_)) => bits(128),
        Err(_) => false,
    }
}
