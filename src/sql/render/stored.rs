//! Stored values in the form in which they compare, as SQL expressions over a column.
//!
//! Each expression is null where the value is null or is not of its type; [`is_bad`] tells the two apart.
//! They agree with [`FieldType::read`] on every value.

use crate::domain::FieldType;

/// The value of a column in the form in which values of this type compare.
pub(super) fn comparable(field_type: FieldType, column: &str) -> String {
    match field_type {
        // The sign takes the column's affinity away, which would turn the text it is compared with into a
        // number in a column that is declared as one.
        FieldType::Text => format!("+{column} COLLATE BINARY"),
        FieldType::Uuid => format!("({}) COLLATE BINARY", id_text(column)),
        FieldType::Integer | FieldType::Boolean => format!("+{column}"),
        FieldType::Decimal => decimal(column),
        FieldType::Date | FieldType::Timestamp => milliseconds(column),
        FieldType::Json => "NULL".into(),
    }
}

/// Whether the value of a column is not of its type; never null.
pub(super) fn is_bad(field_type: FieldType, column: &str) -> String {
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
        FieldType::Date | FieldType::Timestamp => {
            format!("({column} IS NOT NULL AND {} IS NULL)", milliseconds(column))
        }
        FieldType::Json => "0".into(),
    }
}

/// An id as text: the hyphenated form where it is the 16 bytes of a UUID.
pub(super) fn id_text(column: &str) -> String {
    format!(
        "CASE WHEN typeof({column}) = 'blob' AND length({column}) = 16 THEN lower(substr(hex({column}), 1, 8) || '-' \
         || substr(hex({column}), 9, 4) || '-' || substr(hex({column}), 13, 4) || '-' \
         || substr(hex({column}), 17, 4) || '-' || substr(hex({column}), 21, 12)) ELSE {column} END"
    )
}

/// Numbers, and text that is one, as doubles.
fn decimal(column: &str) -> String {
    let unsigned = format!("(CASE WHEN {column} GLOB '[-+]*' THEN substr({column}, 2) ELSE {column} END)");
    format!(
        "CASE typeof({column}) WHEN 'integer' THEN CAST({column} AS REAL) WHEN 'real' THEN {column} \
         WHEN 'text' THEN CASE WHEN (({unsigned} NOT GLOB '*[^0-9.]*' AND {unsigned} GLOB '*[0-9]*' \
         AND {unsigned} NOT GLOB '*.*.*') OR ({column} NOT GLOB '*[^-+.0-9eE]*' AND json_valid({column}))) \
         AND abs(CAST({column} AS REAL)) <= 1.7976931348623157e308 THEN CAST({column} AS REAL) END END"
    )
}

/// Epoch seconds, RFC 3339 and the forms databases print, as milliseconds since 1970.
///
/// Whole numbers only, so that rounding is that of `to_milliseconds`: by the fourth digit, half up. SQLite's
/// own functions also read `now`, numbers and the 30th of February; a day has to come back as it was given.
pub(super) fn milliseconds(column: &str) -> String {
    let c = column;
    let offset = format!("{c} GLOB '*[-+][0-9][0-9]:[0-9][0-9]'");
    let zulu = format!("{c} GLOB '*[Zz]'");
    let zone = format!("CASE WHEN {zulu} THEN 'Z' WHEN {offset} THEN substr({c}, -6) ELSE '' END");
    let fraction = format!(
        "(CASE WHEN {zulu} THEN substr({c}, 20, length({c}) - 20) WHEN {offset} \
         THEN substr({c}, 20, length({c}) - 25) ELSE substr({c}, 20) END)"
    );
    format!(
        "CASE typeof({c}) WHEN 'integer' THEN CASE WHEN +{c} BETWEEN -8334601228800 AND 8210266876799 THEN {c} * 1000 END \
         WHEN 'text' THEN CASE WHEN date(julianday(substr({c}, 1, 10))) IS NOT substr({c}, 1, 10) THEN NULL \
         WHEN length({c}) = 10 THEN strftime('%s', {c}) * 1000 \
         WHEN substr({c}, 11) NOT GLOB '[Tt ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]*' OR substr({c}, 12, 2) >= '24' THEN NULL \
         ELSE strftime('%s', substr({c}, 1, 10) || ' ' || substr({c}, 12, 8) || {zone}) * 1000 \
         + CASE WHEN {fraction} = '' THEN 0 WHEN {fraction} GLOB '.[0-9]*' AND substr({fraction}, 2) NOT GLOB '*[^0-9]*' \
         THEN CAST(substr(substr({fraction}, 2) || '00', 1, 3) AS INTEGER) + (substr({fraction}, 5, 1) >= '5') END END END"
    )
}
