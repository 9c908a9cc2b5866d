//! Lists of ids as JSON text.

use super::column::{compared, id_text};
use crate::domain::{KeyComparison, RecordId};
use crate::sql::connection::SqlValue;
use crate::sql::list_column::{ListColumn, Unreadable};
use crate::sql::render::renderer::ListField;
use crate::sql::statement::Writer;
use crate::sql::table_schema::TypeFamily;
use crate::store::StoreError;

pub(super) fn list(list: ListField<'_>, stored: &str) -> Result<ListColumn, StoreError> {
    let is_array = |then: &str, null: &str, other: &str| {
        format!(
            "CASE WHEN json_valid({stored}) THEN CASE json_type({stored}) WHEN 'array' THEN {then} WHEN 'null' THEN {null} \
             ELSE {other} END ELSE {other} END"
        )
    };
    // Each pair is the JSON type and the SQLite type of an element. An integer that is too large has another SQLite
    // type.
    let allowed = match (list.reference.compare, list.key.column_type()?.family) {
        (KeyComparison::IgnoreAsciiCase, _) => "'nullnull', 'integerinteger', 'texttext'",
        (KeyComparison::Exact, TypeFamily::Integer) => "'nullnull', 'integerinteger'",
        (KeyComparison::Exact, _) => "'nullnull', 'texttext'",
    };
    let has_other = format!(
        "EXISTS (SELECT 1 FROM json_each({stored}) AS e WHERE e.type || typeof(e.value) NOT IN ({allowed}))"
    );
    Ok(ListColumn {
        elements: format!("json_each({}) AS e", is_array(stored, "'[]'", "'[]'")),
        element: "e.value",
        position: "e.key",
        compared: compared(list.reference, "e.value"),
        unreadable: Unreadable::Anywhere(format!(
            "({stored} IS NOT NULL AND {})",
            is_array(&has_other, "0", "1")
        )),
        overlapping: None,
        made: [
            "(SELECT json_group_array(g.i) FROM (SELECT ".into(),
            " AS i FROM ".into(),
            " ORDER BY d.n) AS g)".into(),
        ],
    })
}

/// JSON holds the 16 bytes of a UUID as text.
pub(super) fn element_key(list: ListField<'_>, stored: &str) -> Result<String, StoreError> {
    let is_bytes = list.key.column_type()?.family == TypeFamily::Bytes;
    let key = if is_bytes { format!("({})", id_text(stored)) } else { stored.to_owned() };
    Ok(compared(list.reference, &key))
}

pub(super) fn new_element(
    w: &mut Writer,
    list: ListField<'_>,
    id: &RecordId,
    is_compared: bool,
) -> Result<(), StoreError> {
    let value = match list.key.column_type()?.id(&list.key.kind.name, id)? {
        SqlValue::Blob(_) => SqlValue::Text(id.to_string()),
        value => value,
    };
    let folds = is_compared && list.reference.compare == KeyComparison::IgnoreAsciiCase;
    w.push(if folds { "lower(" } else { "" }).bind(value).push(if folds { ")" } else { "" });
    Ok(())
}
