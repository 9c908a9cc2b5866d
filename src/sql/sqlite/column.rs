//! Values in SQLite, whose columns have no fixed type, as SQL expressions.
//!
//! Each expression is NULL if the value is NULL or has the wrong type; [`is_invalid`] distinguishes the two. All
//! expressions agree with [`FieldType::read`] on every value.

use chrono::{DateTime, NaiveTime, Utc};

use crate::domain::{
    EpochUnit, FieldType, INFINITY, KeyComparison, MINUS_INFINITY, Mask, Reference, Value, infinity_text,
    instant_text,
};
use crate::sql::connection::SqlValue;
use crate::sql::render::renderer::Field;
use crate::sql::statement::{Writer, quote};
use crate::sql::table_schema::TypeFamily;
use crate::store::StoreError;

/// Renders the value of a column in the form in which it is compared, if this form takes long to compute. Conditions
/// then read it from the row `n`, which holds it under the name of the field.
pub(super) fn converted(field_type: FieldType, column: &str) -> Option<String> {
    match field_type {
        FieldType::Decimal => Some(decimal(column)),
        FieldType::Date | FieldType::Timestamp | FieldType::TimestampMs => {
            Some(milliseconds(field_type.epoch_unit(), column))
        }
        FieldType::Text | FieldType::Uuid | FieldType::Integer | FieldType::Boolean | FieldType::Json => None,
    }
}

/// Renders the value of a field in the form in which it is compared with values of its type. The row `n` holds the
/// values of [`converted`].
pub(super) fn comparable(field: Field<'_>) -> String {
    let column = field.column();
    match field.declared() {
        // The plus sign removes the affinity of the column. With a numeric affinity, SQLite would convert the text to
        // a number before comparing.
        FieldType::Text => format!("+{column} COLLATE BINARY"),
        FieldType::Uuid => format!("({}) COLLATE BINARY", id_text(&column)),
        FieldType::Integer | FieldType::Boolean => format!("+{column}"),
        FieldType::Decimal | FieldType::Date | FieldType::Timestamp | FieldType::TimestampMs => {
            in_converted_row(field)
        }
        FieldType::Json => "NULL".into(),
    }
}

fn in_converted_row(field: Field<'_>) -> String {
    format!("n.{}", quote(field.name.as_str()))
}

/// Renders whether the value of a field does not have its type, where the row `n` holds the values of [`converted`].
pub(super) fn is_invalid_in_condition(field: Field<'_>) -> String {
    let (declared, column) = (field.declared(), field.column());
    match converted(declared, &column) {
        Some(_) => format!("({column} IS NOT NULL AND {} IS NULL)", in_converted_row(field)),
        None => is_invalid(declared, &column),
    }
}

/// Renders whether the value of a column does not have its type; the result is never NULL.
pub(super) fn is_invalid(field_type: FieldType, column: &str) -> String {
    match field_type {
        FieldType::Text => format!("typeof({column}) NOT IN ('text', 'null')"),
        FieldType::Uuid => format!(
            "(typeof({column}) NOT IN ('text', 'null') AND NOT (typeof({column}) = 'blob' AND length({column}) = 16))"
        ),
        FieldType::Integer => format!("typeof({column}) NOT IN ('integer', 'null')"),
        FieldType::Boolean => {
            format!("({column} IS NOT NULL AND NOT (typeof({column}) = 'integer' AND +{column} IN (0, 1)))")
        }
        FieldType::Decimal => {
            format!("({column} IS NOT NULL AND {} IS NULL)", decimal(column))
        }
        FieldType::Date | FieldType::Timestamp | FieldType::TimestampMs => {
            format!("({column} IS NOT NULL AND {} IS NULL)", milliseconds(field_type.epoch_unit(), column))
        }
        FieldType::Json => "0".into(),
    }
}

/// Renders an id as text. The 16 bytes of a UUID become its hyphenated form.
pub(super) fn id_text(column: &str) -> String {
    format!(
        "CASE WHEN typeof({column}) = 'blob' AND length({column}) = 16 THEN lower(substr(hex({column}), 1, 8) || '-' \
         || substr(hex({column}), 9, 4) || '-' || substr(hex({column}), 13, 4) || '-' \
         || substr(hex({column}), 17, 4) || '-' || substr(hex({column}), 21, 12)) ELSE {column} END"
    )
}

/// Renders numbers, and text that contains a number, as doubles.
fn decimal(column: &str) -> String {
    let unsigned = format!("(CASE WHEN {column} GLOB '[-+]*' THEN substr({column}, 2) ELSE {column} END)");
    format!(
        "CASE typeof({column}) WHEN 'integer' THEN CAST({column} AS REAL) WHEN 'real' THEN {column} \
         WHEN 'text' THEN CASE WHEN (({unsigned} NOT GLOB '*[^0-9.]*' AND {unsigned} GLOB '*[0-9]*' \
         AND {unsigned} NOT GLOB '*.*.*') OR ({column} NOT GLOB '*[^-+.0-9eE]*' AND json_valid({column}))) \
         AND abs(CAST({column} AS REAL)) <= 1.7976931348623157e308 THEN CAST({column} AS REAL) END END"
    )
}

/// Renders numbers of a unit, RFC 3339 and the formats that databases print as milliseconds since 1970.
///
/// It uses only integers, so that it rounds like `to_milliseconds`: half up, by the fourth digit. SQLite's date
/// functions also accept `now`, numbers and 30 February. A value is therefore valid only if formatting its seconds `s`
/// gives the same text again. `f` is what follows them: a fraction, and the time zone `z`.
pub(super) fn milliseconds(unit: EpochUnit, column: &str) -> String {
    let (first, last) = unit.range();
    let factor = if unit == EpochUnit::Milliseconds { "" } else { " * 1000" };
    let (infinity, minus_infinity) = (INFINITY.timestamp_millis(), MINUS_INFINITY.timestamp_millis());
    format!(
        "(SELECT CASE typeof(v) \
         WHEN 'integer' THEN CASE WHEN v BETWEEN {first} AND {last} THEN v{factor} END \
         WHEN 'text' THEN CASE v WHEN 'infinity' THEN {infinity} WHEN '-infinity' THEN {minus_infinity} ELSE \
         (SELECT strftime('%s', s || z) * 1000 \
         + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 \
         FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z \
         FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) \
         WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +{column} AS v))"
    )
}

/// Renders a stored value as an argument of `json_object`, with the declared type of its field.
pub(super) fn json_value(declared: Option<FieldType>, stored: &str) -> String {
    match declared {
        Some(FieldType::Boolean) => {
            format!("CASE {stored} WHEN 1 THEN json('true') WHEN 0 THEN json('false') ELSE {stored} END")
        }
        Some(FieldType::Json) => {
            format!("CASE WHEN json_valid({stored}) THEN json({stored}) ELSE {stored} END")
        }
        // JSON cannot hold bytes. The 16 bytes of a UUID become text; other bytes become hexadecimal digits.
        _ => format!(
            "CASE WHEN typeof({stored}) = 'blob' AND length({stored}) <> 16 THEN hex({stored}) ELSE {} END",
            id_text(stored)
        ),
    }
}

/// Splits ids into a JSON array and the concatenated bytes of the ids that JSON cannot hold.
pub(super) fn ids(ids: Vec<SqlValue>) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let json = ids.into_iter().map(|id| match id {
        SqlValue::Integer(number) => number.into(),
        SqlValue::Text(text) => text.into(),
        SqlValue::Blob(id) => {
            bytes.extend_from_slice(&id);
            serde_json::Value::Null
        }
        SqlValue::Null | SqlValue::Real(_) => serde_json::Value::Null,
    });
    let json = serde_json::Value::Array(json.collect()).to_string();
    (json, bytes)
}

/// Converts a new value to the form in which the column stores it.
pub(super) fn new_value(field: Field<'_>, value: &Value) -> Result<SqlValue, StoreError> {
    if let Some((to, key)) = field.referred()?
        && let Some(id) = value.as_id()
    {
        return field.r.column_type(to, key)?.id(&to.name, &id);
    }
    let column_type = field.column_type()?;
    let declared = field.declared();
    let is_epoch = column_type.family == TypeFamily::Integer || declared == FieldType::TimestampMs;
    let instant = |at: DateTime<Utc>| match infinity_text(at) {
        None if is_epoch => SqlValue::Integer(declared.epoch_unit().number(at)),
        _ => SqlValue::Text(instant_text(at)),
    };
    Ok(match (declared, value) {
        (FieldType::Uuid, Value::Text(_)) if column_type.family == TypeFamily::Bytes => match value.as_id() {
            Some(id) => column_type.id(&field.kind.name, &id)?,
            None => SqlValue::Null,
        },
        (FieldType::Date, Value::Timestamp(at)) if !is_epoch => SqlValue::Text(at.date_naive().to_string()),
        (_, Value::Timestamp(at)) => instant(*at),
        (_, Value::Date(day)) if is_epoch => instant(day.and_time(NaiveTime::MIN).and_utc()),
        _ => SqlValue::from(value),
    })
}

pub(super) fn mask(w: &mut Writer, field: Field<'_>, mask: &Mask) -> Result<(), StoreError> {
    let stored = field.column();
    match mask {
        Mask::Null => {
            w.push("NULL");
        }
        Mask::Text(text) => {
            w.bind(text.as_str());
        }
        Mask::Value(value) => field.r.backend.new_value(w, field, &value.clone().into())?,
        Mask::Year => {
            let unit = field.declared().epoch_unit();
            let at = milliseconds(unit, &stored);
            let year = format!("strftime('%Y', ({at}) / 1000, 'unixepoch') || '-01-01");
            let text = match field.declared() {
                FieldType::Timestamp | FieldType::TimestampMs => format!("{year}T00:00:00.000Z'"),
                _ => format!("{year}'"),
            };
            let factor = if unit == EpochUnit::Milliseconds { " * 1000" } else { "" };
            // A value that is not a timestamp becomes NULL, because a mask must never keep the original value. An
            // infinite one has no year.
            w.push(&format!(
                "CASE WHEN typeof({stored}) = 'integer' THEN CAST(strftime('%s', {year}') AS INTEGER){factor} \
                 WHEN {stored} IN ('infinity', '-infinity') THEN {stored} ELSE {text} END"
            ));
        }
        Mask::Truncate(length) => {
            w.push(&format!("substr({stored}, 1, ")).number(*length).push(")");
        }
        Mask::PlaceholderEmail => {
            let id = field.kind.id.fields().iter().map(|id| id_text(&field.r.field(field.kind, id).column()));
            let id = id.collect::<Vec<_>>().join(") || '-' || (");
            w.push(&format!("({id}) || '@anonymized.invalid'"));
        }
        Mask::Hmac => field.r.pseudonym(w, field.kind, field.name)?,
    }
    Ok(())
}

/// Renders a value in the form in which a reference compares it.
pub(super) fn compared(reference: &Reference, stored: &str) -> String {
    match reference.compare {
        KeyComparison::Exact => stored.to_owned(),
        KeyComparison::IgnoreAsciiCase => format!("lower({stored})"),
    }
}
