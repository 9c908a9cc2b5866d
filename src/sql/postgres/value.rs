//! Values of columns with types. Values are compared in the type of the column, so that indexes can be used. The
//! result is the same as in every other store.

use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use crate::domain::{
    Comparison, FieldType, INFINITY, Kind, MINUS_INFINITY, Mask, RecordId, Value, infinity_text,
    to_milliseconds,
};
use crate::sql::connection::SqlValue;
use crate::sql::render::renderer::{Field, Renderer};
use crate::sql::statement::Writer;
use crate::sql::table_schema::{ColumnType, TypeFamily};
use crate::store::StoreError;

/// The format of timestamps in JSON.
pub(super) const TIMESTAMP_FORM: &str = "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'";

/// Returns the most likely type of a column for a field of this type.
pub(super) fn type_of_declared(declared: FieldType) -> ColumnType {
    let (name, family) = match declared {
        FieldType::Text => ("text", TypeFamily::Text),
        FieldType::Integer | FieldType::TimestampMs => ("bigint", TypeFamily::Integer),
        FieldType::Boolean => ("boolean", TypeFamily::Boolean),
        FieldType::Date => ("date", TypeFamily::Date),
        FieldType::Timestamp => ("timestamp with time zone", TypeFamily::TimestampTz),
        FieldType::Uuid => ("uuid", TypeFamily::Uuid),
        FieldType::Decimal => ("numeric", TypeFamily::Numeric),
        FieldType::Json => ("jsonb", TypeFamily::Json),
    };
    ColumnType::new(name, family)
}

/// Returns the most likely type of a column that holds ids like these.
pub(super) fn type_of_ids(ids: &[RecordId]) -> ColumnType {
    let all = |is: fn(&RecordId) -> bool| !ids.is_empty() && ids.iter().all(is);
    type_of_declared(if all(|id| id.as_uuid().is_some()) {
        FieldType::Uuid
    } else if all(|id| id.as_integer().is_some()) {
        FieldType::Integer
    } else {
        FieldType::Text
    })
}

/// Renders an id, or a part of one, as a JSON number or string. It does not depend on the settings of the session.
pub(super) fn id_as_json(stored: &str, column_type: &ColumnType) -> String {
    match column_type.family {
        TypeFamily::Boolean | TypeFamily::Real | TypeFamily::Json | TypeFamily::Other => {
            format!("to_json({stored}::text)::text")
        }
        TypeFamily::TimestampTz => {
            format!("to_json((to_json({stored} AT TIME ZONE 'UTC') #>> '{{}}') || 'Z')::text")
        }
        _ if column_type.name == "bpchar" => format!("to_json({stored}::text)::text"),
        _ => format!("to_json({stored})::text"),
    }
}

/// Renders a sort key for ids of a type, so that they sort the same way on every database.
pub(super) fn order(stored: &str, family: TypeFamily) -> String {
    match family {
        TypeFamily::Text => format!("{stored} COLLATE \"C\""),
        TypeFamily::CaseInsensitive | TypeFamily::Enum => format!("{stored}::text COLLATE \"C\""),
        _ => stored.to_owned(),
    }
}

/// Writes the condition that a row has one of these ids.
pub(super) fn one_of(w: &mut Writer, field: Field<'_>, ids: &[RecordId]) -> Result<(), StoreError> {
    let column_type = field.column_type()?;
    let found = column_type.searched_ids(&field.kind.name, ids)?;
    let elements = found.into_iter().filter_map(|id| match id {
        SqlValue::Integer(number) => Some(number.to_string()),
        // The database cannot store an id with U+0000, so no row has it.
        SqlValue::Text(text) if !text.contains('\0') => Some(text),
        _ => None,
    });
    let elements: Vec<String> = elements.collect();
    let (cast, id_type) = match column_type.family {
        // Comparing with a label that the enum does not have would be an error.
        TypeFamily::Enum => ("::text", "text"),
        // `bigint` can hold every id that a request may contain.
        TypeFamily::Integer => ("", "bigint"),
        _ => ("", &*column_type.name),
    };
    w.push(&field.column()).push(cast).push(" = ");
    if let [id] = &*elements {
        // The planner then expects one row. For an array that is bound, it expects ten.
        w.bind(id.as_str()).push(&format!("::{id_type}"));
        return Ok(());
    }
    let escaped = |id: &String| id.replace('\\', "\\\\").replace('"', "\\\"");
    let quoted: Vec<String> = elements.iter().map(|id| format!("\"{}\"", escaped(id))).collect();
    // PostgreSQL evaluates a subquery once. It would evaluate the cast for each row if it reads the whole table.
    w.push("ANY((SELECT ").bind(format!("{{{}}}", quoted.join(",")));
    w.push(&format!("::{id_type}[])::{id_type}[])"));
    Ok(())
}

/// Writes the condition that a row has one of these ids of several fields.
pub(super) fn one_of_tuples(
    w: &mut Writer,
    r: &Renderer<'_>,
    kind: &Kind,
    ids: &[RecordId],
) -> Result<(), StoreError> {
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for (position, field) in kind.id.fields().iter().enumerate() {
        let (column_type, field) = (r.column_type(kind, field)?, r.field(kind, field));
        let (cast, id_type) = match column_type.family {
            TypeFamily::Enum => ("::text", "text"),
            TypeFamily::Integer => ("", "bigint"),
            _ => ("", &*column_type.name),
        };
        columns.push(format!("{}{cast}", field.column()));
        values.push(format!("(j.value::json ->> {position})::{id_type}"));
    }
    let listed = serde_json::to_string(ids).map_err(|source| StoreError::backend("wrote the ids", source))?;
    w.push("(").push(&columns.join(", ")).push(") IN (SELECT ").push(&values.join(", "));
    let (open, close) = super::SPELLING.json_rows;
    w.push(" FROM ").push(open).bind(super::without_nul(listed)).push(close).push(")");
    Ok(())
}

/// Renders text with its ASCII letters in lower case.
pub(super) fn lower(stored: &str) -> String {
    format!("lower(({stored})::text COLLATE \"C\")")
}

/// Binds an id with the type of its column.
pub(super) fn bind_id(w: &mut Writer, field: Field<'_>, id: &RecordId) -> Result<(), StoreError> {
    let column_type = field.column_type()?;
    w.bind(column_type.id(&field.kind.name, id)?);
    w.push(if column_type.family == TypeFamily::Uuid { "::uuid" } else { "" });
    Ok(())
}

/// Writes a comparison of a field with a value of its declared type.
pub(super) fn compare(
    w: &mut Writer,
    field: Field<'_>,
    is: Comparison,
    value: &Value,
) -> Result<(), StoreError> {
    let column_type = field.column_type()?;
    let declared = field.declared();
    let stored = field.column();
    let op = format!(" {} ", is.as_sql());
    let family = column_type.family;
    if !family.fits(declared) {
        return Err(bad_value(field, &declared.to_string()));
    }
    match (declared, value) {
        (_, Value::Timestamp(at)) => compare_timestamp(w, field, family, is, *at),
        (FieldType::Uuid, Value::Text(text)) if family == TypeFamily::Uuid && is_canonical(text) => {
            w.push(&stored).push(&op).bind(text.as_str()).push("::uuid");
        }
        (FieldType::Text | FieldType::Uuid, _) => {
            let is_text = family == TypeFamily::Text && column_type.name != "bpchar";
            w.push(&stored).push(if is_text { "" } else { "::text" });
            // The default collation finds the same texts equal, and an index of the column usually has it.
            let is_equality = matches!(is, Comparison::Equal | Comparison::NotEqual);
            if !(is_text && is_equality && column_type.collation.is_none()) {
                w.push(" COLLATE \"C\"");
            }
            w.push(&op).bind(value);
        }
        (FieldType::Boolean, Value::Boolean(value)) if family == TypeFamily::Boolean => {
            w.push(&stored).push(&op).push(boolean(*value));
        }
        (FieldType::Decimal, _) => {
            // In PostgreSQL, NaN is greater than all numbers. In other stores, comparisons with NaN are unknown.
            w.push("NULLIF(").push(&stored).push("::double precision, 'NaN')").push(&op).bind(value);
        }
        _ => {
            w.push(&stored).push(&op).bind(value);
        }
    }
    Ok(())
}

/// Writes a comparison in milliseconds. If the column is more precise, its value is rounded half up.
fn compare_timestamp(
    w: &mut Writer,
    field: Field<'_>,
    family: TypeFamily,
    is: Comparison,
    at: DateTime<Utc>,
) {
    let (stored, at) = (field.column(), to_milliseconds(at));
    if family == TypeFamily::Integer {
        let factor = if field.declared() == FieldType::TimestampMs { "" } else { "::numeric * 1000" };
        w.push(&stored).push(factor).push(" ").push(is.as_sql()).push(" ").bind(at.timestamp_millis());
        return;
    }
    let name = if family == TypeFamily::TimestampTz { "::timestamptz" } else { "::timestamp" };
    if let Some(text) = infinity_text(at) {
        w.push(&stored).push(" ").push(is.as_sql()).push(" ").bind(text).push(name);
        return;
    }
    let bound = |w: &mut Writer, op: &str, at: DateTime<Utc>| {
        w.push(&stored).push(op).bind(microseconds_text(at)).push(name);
    };
    let half = TimeDelta::microseconds(500);
    let (from, to) = (at - half, at + half);
    match is {
        Comparison::Less => bound(w, " < ", from),
        Comparison::LessOrEqual => bound(w, " < ", to),
        Comparison::Greater => bound(w, " >= ", to),
        Comparison::GreaterOrEqual => bound(w, " >= ", from),
        Comparison::Equal | Comparison::NotEqual => {
            w.push(if is == Comparison::Equal { "(" } else { "NOT (" });
            bound(w, " >= ", from);
            w.push(" AND ");
            bound(w, " < ", to);
            w.push(")");
        }
    }
}

/// Renders an instant as PostgreSQL reads it, which knows no sign before a year of five digits and no year before 1.
fn microseconds_text(at: DateTime<Utc>) -> String {
    let text = at.trunc_subsecs(6).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    match at.year() {
        // The year 0 is 1 BC.
        year @ ..=0 => format!("{:04}{} BC", 1 - year, at.format("-%m-%dT%H:%M:%S%.6fZ")),
        _ => text.trim_start_matches('+').to_owned(),
    }
}

/// Renders whether the value of a field does not have its type; `None` if the column cannot hold such a value.
pub(super) fn is_invalid(field: Field<'_>, declared: FieldType) -> Result<Option<String>, StoreError> {
    let family = field.column_type()?.family;
    let stored = field.column();
    let invalid = match declared {
        FieldType::Boolean if family == TypeFamily::Integer => Some(format!("{stored} NOT IN (0, 1)")),
        FieldType::Integer if family == TypeFamily::Numeric => Some(format!("{stored} <> trunc({stored})")),
        FieldType::Date | FieldType::Timestamp | FieldType::TimestampMs => match family {
            TypeFamily::Integer => Some(format!("{stored} NOT {}", between(declared))),
            _ if family.fits(declared) => None,
            _ => Some("TRUE".into()),
        },
        _ => None,
    };
    Ok(invalid.map(|invalid| format!("COALESCE({invalid}, FALSE)")))
}

/// Renders the numbers that are instants.
fn between(declared: FieldType) -> String {
    let (first, last) = declared.epoch_unit().range();
    format!("BETWEEN {first} AND {last}")
}

/// Renders the timestamp of a column as milliseconds since 1970, rounded half up. Infinite ones, and those beyond the
/// calendar of the library, are its first or last millisecond.
pub(super) fn milliseconds(field: Field<'_>) -> Result<String, StoreError> {
    let (stored, declared) = (field.column(), field.declared());
    let (first, last) = (MINUS_INFINITY.timestamp_millis(), INFINITY.timestamp_millis());
    Ok(match field.column_type()?.family {
        TypeFamily::Integer => {
            let factor = if declared == FieldType::TimestampMs { "" } else { " * 1000" };
            format!("CASE WHEN {stored} {} THEN {stored}::bigint{factor} END", between(declared))
        }
        TypeFamily::Date | TypeFamily::Timestamp | TypeFamily::TimestampTz => format!(
            "CASE WHEN isfinite({stored}) THEN \
             LEAST(GREATEST(floor(extract(epoch FROM {stored}) * 1000 + 0.5), {first}), {last})::bigint \
             WHEN {stored} > '-infinity' THEN {last} WHEN {stored} < 'infinity' THEN {first} END"
        ),
        _ => "NULL::bigint".into(),
    })
}

/// Renders a stored value as an argument of a function that makes JSON.
pub(super) fn json_value(field: Field<'_>) -> Result<String, StoreError> {
    let stored = field.column();
    let family = field.column_type()?.family;
    if family == TypeFamily::Text && field.list()?.is_some() {
        return Ok(super::list::json_of_text(&stored));
    }
    Ok(match family {
        // `to_char` gives NULL for infinite timestamps.
        TypeFamily::TimestampTz => {
            format!("COALESCE(to_char({stored} AT TIME ZONE 'UTC', {TIMESTAMP_FORM}), {stored}::text)")
        }
        TypeFamily::Timestamp => format!("COALESCE(to_char({stored}, {TIMESTAMP_FORM}), {stored}::text)"),
        TypeFamily::Bytes => format!("upper(encode({stored}, 'hex'))"),
        TypeFamily::Text | TypeFamily::CaseInsensitive | TypeFamily::Enum | TypeFamily::Uuid => {
            format!("{stored}::text")
        }
        TypeFamily::Integer if field.kind.declared_type(field.name) == Some(FieldType::Boolean) => format!(
            "CASE {stored} WHEN 1 THEN to_jsonb(TRUE) WHEN 0 THEN to_jsonb(FALSE) ELSE to_jsonb({stored}) END"
        ),
        _ => stored,
    })
}

/// Writes a new value with the type of its column.
pub(super) fn new_value(w: &mut Writer, field: Field<'_>, value: &Value) -> Result<(), StoreError> {
    let column_type = field.column_type()?;
    if field.referred()?.is_some()
        && let Some(id) = value.as_id()
    {
        w.bind(column_type.id(&field.kind.name, &id)?);
        cast(w, &column_type);
        return Ok(());
    }
    // A number is an instant in the unit of its field.
    if let (TypeFamily::Date | TypeFamily::Timestamp | TypeFamily::TimestampTz, Value::Integer(_)) =
        (column_type.family, value)
        && let Ok(at) = field.kind.time_type_of(field.name).read(value)
    {
        return new_value(w, field, &at);
    }
    match (column_type.family, value) {
        (_, Value::Null) => w.push("NULL"),
        (TypeFamily::Other, Value::Json(_)) if column_type.element().is_some() => {
            w.push("ARRAY(SELECT json_array_elements_text(").bind(value);
            w.push(&format!("::json))::{}", column_type.name))
        }
        (TypeFamily::Boolean, Value::Boolean(value)) => w.push(boolean(*value)),
        (TypeFamily::Boolean, Value::Integer(value)) => w.push(boolean(*value != 0)),
        (TypeFamily::Integer, Value::Timestamp(at)) => w.bind(field.declared().epoch_unit().number(*at)),
        (TypeFamily::Integer, Value::Date(day)) => {
            w.bind(field.declared().epoch_unit().number(day.and_time(chrono::NaiveTime::MIN).and_utc()))
        }
        (TypeFamily::Date, Value::Timestamp(at)) if infinity_text(*at).is_none() => {
            w.bind(at.date_naive().to_string()).push("::date")
        }
        // A column without a time zone holds UTC. The text contains `Z`, and the cast drops it.
        (
            TypeFamily::Date
            | TypeFamily::Timestamp
            | TypeFamily::TimestampTz
            | TypeFamily::Enum
            | TypeFamily::Uuid
            | TypeFamily::Json
            | TypeFamily::Other
            | TypeFamily::Numeric,
            _,
        ) => w.bind(value).push("::").push(&column_type.name),
        (TypeFamily::Text | TypeFamily::CaseInsensitive, Value::Text(text)) => w.bind(text.as_str()),
        (TypeFamily::Text | TypeFamily::CaseInsensitive, _) => w.bind(value).push("::text"),
        _ => w.bind(value),
    };
    Ok(())
}

pub(super) fn mask(w: &mut Writer, field: Field<'_>, mask: &Mask) -> Result<(), StoreError> {
    let column_type = field.column_type()?;
    let stored = field.column();
    let no_mask = |mask: &str| {
        StoreError::Unsupported(format!(
            "the mask `{mask}` of `{}.{}`, a column of type {}",
            field.kind.name, field.name, column_type.name
        ))
    };
    match mask {
        Mask::Null => {
            w.push("NULL");
        }
        Mask::Text(text) => cast(w.bind(text.as_str()), &column_type),
        Mask::Value(value) => constant(w, field, value)?,
        Mask::Year => {
            w.push(&match column_type.family {
                TypeFamily::Date => format!("date_trunc('year', {stored}::timestamp)::date"),
                TypeFamily::Timestamp => format!("date_trunc('year', {stored})"),
                TypeFamily::TimestampTz => {
                    format!("date_trunc('year', {stored} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'")
                }
                TypeFamily::Integer => {
                    let factor = if field.declared() == FieldType::TimestampMs { 1000 } else { 1 };
                    format!(
                        "extract(epoch FROM date_trunc('year', to_timestamp({stored} / {factor}.0) AT TIME ZONE 'UTC'))\
                         ::bigint * {factor}"
                    )
                }
                _ => return Err(no_mask("year")),
            });
        }
        Mask::Truncate(length) => {
            if !column_type.family.is_text() {
                return Err(no_mask("truncate"));
            }
            w.push(&format!("left({stored}::text, ")).number(*length).push(")");
        }
        Mask::PlaceholderEmail => {
            let id = field
                .kind
                .id
                .fields()
                .iter()
                .map(|id| format!("{}::text", field.r.field(field.kind, id).column()));
            let id = id.collect::<Vec<_>>().join(" || '-' || ");
            cast(w.push(&format!("({id} || '@anonymized.invalid')")), &column_type);
        }
        Mask::Hmac => {
            field.r.pseudonym(w, field.kind, field.name)?;
            cast(w, &column_type);
        }
    }
    Ok(())
}

/// Writes a constant with the type of its column.
fn constant(w: &mut Writer, field: Field<'_>, value: &serde_json::Value) -> Result<(), StoreError> {
    let column_type = field.column_type()?;
    if column_type.family == TypeFamily::Json {
        w.bind(super::without_nul(value.to_string())).push("::").push(&column_type.name);
        return Ok(());
    }
    match (column_type.family, value) {
        (TypeFamily::Integer | TypeFamily::Real | TypeFamily::Bytes, _) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            w.bind(text).push("::").push(&column_type.name);
            Ok(())
        }
        _ => new_value(w, field, &value.clone().into()),
    }
}

/// Writes a cast from text to the type of a column, if the column needs it.
fn cast(w: &mut Writer, column_type: &ColumnType) {
    if !column_type.family.is_text() {
        w.push("::").push(&column_type.name);
    }
}

fn boolean(value: bool) -> &'static str {
    if value { "TRUE" } else { "FALSE" }
}

fn is_canonical(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|uuid| uuid.to_string() == text)
}

pub(super) fn bad_value(field: Field<'_>, expected: &str) -> StoreError {
    StoreError::bad_value(&field.kind.name, None, field.name, expected)
}
