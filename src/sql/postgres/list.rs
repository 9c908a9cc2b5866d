//! Lists of ids: arrays, and JSON arrays in columns of type json, jsonb or text.

use crate::domain::{KeyComparison, RecordId};
use crate::sql::connection::SqlValue;
use crate::sql::list_column::{ListColumn, Unreadable};
use crate::sql::render::renderer::ListField;
use crate::sql::statement::Writer;
use crate::sql::table_schema::{ColumnType, TypeFamily};
use crate::store::StoreError;

/// The elements of a JSON array of ids, as regular expressions. They exclude text that `jsonb` cannot hold.
const NULL: &str = "null";
const INTEGER: &str = "0|-?[1-9][0-9]{0,18}";
const TEXT: &str = r#""(?:[^"\\\u0001-\u001F]|\\["\\/bfnrt]|\\u(?:[1-9a-cA-CeEfF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}|0[0-9a-fA-F]{2}[1-9a-fA-F]|0[0-9a-fA-F][1-9a-fA-F]0|0[1-9a-fA-F]00))*""#;

pub(super) fn list(list: ListField<'_>, stored: &str) -> Result<ListColumn, StoreError> {
    let (column, key) = (list.held.column_type()?, list.key.column_type()?);
    if let Some(element) = column.element() {
        return array(list, (&column, &element), &key, stored);
    }
    if !matches!(column.family, TypeFamily::Json | TypeFamily::Text) {
        return Err(unfit(list, &column, &key));
    }
    let is_uuid = key.family == TypeFamily::Uuid;
    let key = Some(&key).filter(|_| list.reference.compare == KeyComparison::Exact);
    let is_list = format!("{stored}::text ~ {}", literal(&pattern(key)));
    let is_null = format!("{stored}::text ~ '^[ \\t\\n\\r]*null[ \\t\\n\\r]*$'");
    let mut compared = list.key.r.backend.key(list.reference, list.key, "(e.x #>> '{}')")?;
    if is_uuid && list.reference.compare == KeyComparison::Exact {
        // Text may have a UUID in upper case.
        compared = format!("lower({compared})");
    }
    Ok(ListColumn {
        elements: format!(
            "jsonb_array_elements(CASE WHEN {is_list} THEN {stored}::jsonb ELSE '[]' END) \
             WITH ORDINALITY AS e(x, n)"
        ),
        element: "e.x",
        position: "e.n",
        compared,
        unreadable: Unreadable::Anywhere(format!("({is_list} OR {is_null}) IS FALSE")),
        overlapping: None,
        made: [
            "(SELECT coalesce(jsonb_agg(".into(),
            format!(" ORDER BY d.n), '[]')::{} FROM ", column.name),
            ")".into(),
        ],
    })
}

/// Renders a list that is stored as text as the argument of a function that makes JSON.
pub(super) fn json_of_text(stored: &str) -> String {
    let is_list = literal(&pattern(None));
    format!("CASE WHEN {stored} ~ {is_list} THEN {stored}::jsonb ELSE to_jsonb({stored}) END")
}

fn array(
    list: ListField<'_>,
    (column, element): (&ColumnType, &ColumnType),
    key: &ColumnType,
    stored: &str,
) -> Result<ListColumn, StoreError> {
    let compared = match list.reference.compare {
        KeyComparison::IgnoreAsciiCase => list.key.r.backend.key(list.reference, list.key, "e.x")?,
        KeyComparison::Exact if !element.compares_with(key) => return Err(unfit(list, column, key)),
        KeyComparison::Exact if element.collation == key.collation => "e.x".into(),
        KeyComparison::Exact => {
            format!("e.x COLLATE {}", key.collation.as_deref().unwrap_or("pg_catalog.\"default\""))
        }
    };
    let is_found = list.reference.compare == KeyComparison::Exact
        && ColumnType { indexed: column.indexed, ..element.clone() }.finds(key)
        && holds_all(element, key);
    Ok(ListColumn {
        elements: format!("unnest({stored}) WITH ORDINALITY AS e(x, n)"),
        element: "e.x",
        position: "e.n",
        compared,
        unreadable: Unreadable::IfFound(format!("coalesce(array_ndims({stored}) > 1, FALSE)")),
        overlapping: is_found.then(|| column.name.clone()),
        made: ["ARRAY(SELECT ".into(), " FROM ".into(), " ORDER BY d.n)".into()],
    })
}

/// Returns whether every key can be cast to the type of the elements.
fn holds_all(element: &ColumnType, key: &ColumnType) -> bool {
    let size = |column: &ColumnType| match &*column.name {
        "smallint" => 2,
        "integer" => 4,
        _ => 8,
    };
    element.family != TypeFamily::Integer || size(element) >= size(key)
}

/// Returns the regular expression of lists whose elements have the type of the key. Without a key, the elements may
/// have any type of ids.
fn pattern(key: Option<&ColumnType>) -> String {
    let element = match key.map(|key| key.family) {
        None => format!("(?:{NULL}|{INTEGER}|{TEXT})"),
        Some(TypeFamily::Integer | TypeFamily::Numeric) => format!("(?:{NULL}|{INTEGER})"),
        Some(_) => format!("(?:{NULL}|{TEXT})"),
    };
    let space = "[ \\t\\n\\r]*";
    format!("^{space}\\[{space}(?:{element}(?:{space},{space}{element})*)?{space}\\]{space}$")
}

/// Renders text as a literal that does not depend on the settings of the session.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn unfit(list: ListField<'_>, column: &ColumnType, key: &ColumnType) -> StoreError {
    StoreError::Unsupported(format!(
        "the reference `{}`: the column is {}, but a list of ids of `{}` is an array of {}, json or text",
        list.reference.name, column.name, list.key.kind.name, key.name
    ))
}

/// In an array, the key is compared with its own type; in JSON, as text.
pub(super) fn element_key(list: ListField<'_>, stored: &str) -> Result<String, StoreError> {
    let key = list.key.r.backend.key(list.reference, list.key, stored)?;
    let is_array = list.held.column_type()?.element().is_some();
    let is_text = is_array || list.reference.compare == KeyComparison::IgnoreAsciiCase;
    Ok(if is_text { key } else { format!("{key}::text") })
}

pub(super) fn new_element(
    w: &mut Writer,
    list: ListField<'_>,
    id: &RecordId,
    is_compared: bool,
) -> Result<(), StoreError> {
    let key = list.key.column_type()?;
    let value = key.id(&list.key.kind.name, id)?;
    let folds = is_compared && list.reference.compare == KeyComparison::IgnoreAsciiCase;
    w.push(if folds { "lower(" } else { "" });
    match list.held.column_type()?.element() {
        Some(element) => {
            w.bind(value).push(&format!("::{}", element.name));
            w.push(if folds { "::text" } else { "" });
        }
        None if is_compared => {
            let text = match value {
                SqlValue::Integer(number) => number.to_string(),
                _ => id.to_string(),
            };
            w.bind(text);
        }
        None => {
            w.push("to_jsonb(").bind(value).push(")");
        }
    }
    w.push(if folds { " COLLATE \"C\")" } else { "" });
    Ok(())
}
