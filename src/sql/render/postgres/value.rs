//! Values of typed columns: compared in their own type, so that indexes serve, and alike on every store.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use super::{ColumnType, Sort};
use crate::domain::{Comparison, FieldName, FieldType, Kind, Mask, Value, to_milliseconds};
use crate::sql::render::Renderer;
use crate::sql::render::condition::column;
use crate::sql::render::set::id_of;
use crate::sql::statement::Writer;
use crate::store::StoreError;

/// Instants of whole seconds that [`FieldType::read`] takes.
const SECONDS: &str = "BETWEEN -8334601228800 AND 8210266876799";

impl Renderer<'_> {
    /// The type of the column of a field: that of the catalogue, or the most likely one where nobody looked.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] where the table has no such column.
    pub(in crate::sql::render) fn column_type(
        &self,
        kind: &Kind,
        field: &FieldName,
    ) -> Result<ColumnType, StoreError> {
        if let Some(found) = self.forms.column(kind, field)? {
            return Ok(found.clone());
        }
        let mut references = self.query.map.references_from(&kind.name);
        let reference = references.find(|reference| reference.field == *field);
        if let Some(to) = reference.and_then(|reference| self.query.map.kind(&reference.to)) {
            return self.column_type(to, &to.id);
        }
        Ok(match kind.declared_type(field) {
            Some(declared) => ColumnType::of_declared(declared),
            None if kind.name == self.query.kind && *field == kind.id => {
                ColumnType::of_ids(&self.query.subjects)
            }
            None => ColumnType::of_declared(FieldType::Text),
        })
    }

    /// A comparison of a field with a value that its declared type has read.
    pub(in crate::sql::render) fn compare_typed(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        is: Comparison,
        value: &Value,
    ) -> Result<(), StoreError> {
        let column_type = self.column_type(kind, field)?;
        let declared = kind.type_of(field);
        let stored = column(w, kind, field);
        let op = format!(" {} ", is.as_sql());
        let sort = column_type.sort;
        if !sort.fits(declared) {
            return Err(StoreError::BadValue {
                kind: kind.name.clone(),
                id: None,
                field: field.clone(),
                expected: declared.to_string(),
            });
        }
        match (declared, value) {
            (_, Value::Timestamp(at)) => compare_instant(w, &stored, sort, is, *at),
            (FieldType::Uuid, Value::Text(text)) if sort == Sort::Uuid && is_canonical(text) => {
                w.push(&stored).push(&op).bind(text.as_str()).push("::uuid");
            }
            (FieldType::Text | FieldType::Uuid, _) => {
                w.push(&stored);
                if sort != Sort::Text || column_type.name == "bpchar" {
                    w.push("::text");
                }
                w.push(" COLLATE \"C\"").push(&op).bind(value);
            }
            (FieldType::Boolean, Value::Boolean(value)) if sort == Sort::Boolean => {
                w.push(&stored).push(&op).push(if *value { "TRUE" } else { "FALSE" });
            }
            (FieldType::Decimal, _) => {
                // Not a number is greater than all numbers to PostgreSQL, and comparable with none elsewhere.
                w.push("NULLIF(").push(&stored).push("::double precision, 'NaN')").push(&op).bind(value);
            }
            _ => {
                w.push(&stored).push(&op).bind(value);
            }
        }
        Ok(())
    }

    /// Whether the value of a field is not of its declared type; `None` where the column cannot hold such.
    pub(in crate::sql::render) fn bad_typed(
        &self,
        kind: &Kind,
        field: &FieldName,
        declared: FieldType,
        stored: &str,
    ) -> Result<Option<String>, StoreError> {
        let sort = self.column_type(kind, field)?.sort;
        Ok(match declared {
            FieldType::Boolean if sort == Sort::Integer => Some(format!("{stored} NOT IN (0, 1)")),
            FieldType::Integer if sort == Sort::Numeric => Some(format!("{stored} <> trunc({stored})")),
            FieldType::Date | FieldType::Timestamp => Some(match sort {
                Sort::Integer => format!("{stored} NOT {SECONDS}"),
                Sort::Date | Sort::Timestamp | Sort::TimestampTz => format!("NOT isfinite({stored})"),
                _ => "TRUE".into(),
            }),
            _ => None,
        }
        .map(|bad| format!("COALESCE({bad}, FALSE)")))
    }

    /// An instant of a column as milliseconds since 1970, rounded half up; null where it is none.
    pub(in crate::sql::render) fn milliseconds_typed(
        &self,
        kind: &Kind,
        field: &FieldName,
        stored: &str,
    ) -> Result<String, StoreError> {
        Ok(match self.column_type(kind, field)?.sort {
            Sort::Integer => format!("CASE WHEN {stored} {SECONDS} THEN {stored}::bigint * 1000 END"),
            Sort::Date | Sort::Timestamp | Sort::TimestampTz => format!(
                "CASE WHEN isfinite({stored}) THEN floor(extract(epoch FROM {stored}) * 1000 + 0.5)::bigint END"
            ),
            _ => "NULL::bigint".into(),
        })
    }

    /// A new value, in the type of its column.
    pub(in crate::sql::render) fn new_typed(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        value: &Value,
    ) -> Result<(), StoreError> {
        let column_type = self.column_type(kind, field)?;
        let mut references = self.query.map.references_from(&kind.name);
        if references.any(|reference| reference.field == *field)
            && let Some(id) = value.as_id()
        {
            w.bind(column_type.id(&kind.name, &id)?);
            if !column_type.sort.is_text() {
                w.push("::").push(&column_type.name);
            }
            return Ok(());
        }
        match (column_type.sort, value) {
            (_, Value::Null) => w.push("NULL"),
            (Sort::Boolean, Value::Boolean(value)) => w.push(if *value { "TRUE" } else { "FALSE" }),
            (Sort::Boolean, Value::Integer(value)) => w.push(if *value == 0 { "FALSE" } else { "TRUE" }),
            (Sort::Integer, Value::Timestamp(at)) => w.bind(at.timestamp()),
            (Sort::Integer, Value::Date(day)) => {
                w.bind(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
            }
            (Sort::Date, Value::Timestamp(at)) => w.bind(at.date_naive().to_string()).push("::date"),
            // Without a zone it is UTC, which is what the text says and the cast leaves out.
            (
                Sort::Date
                | Sort::Timestamp
                | Sort::TimestampTz
                | Sort::Enum
                | Sort::Uuid
                | Sort::Json
                | Sort::Other
                | Sort::Numeric,
                _,
            ) => w.bind(value).push("::").push(&column_type.name),
            (Sort::Text | Sort::AnyCase, Value::Text(text)) => w.bind(text.as_str()),
            (Sort::Text | Sort::AnyCase, _) => w.bind(value).push("::text"),
            _ => w.bind(value),
        };
        Ok(())
    }

    /// What a mask makes of a field.
    pub(in crate::sql::render) fn masked_typed(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        mask: &Mask,
    ) -> Result<(), StoreError> {
        let column_type = self.column_type(kind, field)?;
        let stored = column(w, kind, field);
        let cast = |w: &mut Writer| {
            if !column_type.sort.is_text() {
                w.push("::").push(&column_type.name);
            }
        };
        match mask {
            Mask::Null => {
                w.push("NULL");
            }
            Mask::Text(text) => {
                w.bind(text.as_str());
                cast(w);
            }
            Mask::Year => {
                let year = match column_type.sort {
                    Sort::Date => format!("date_trunc('year', {stored}::timestamp)::date"),
                    Sort::Timestamp => format!("date_trunc('year', {stored})"),
                    Sort::TimestampTz => {
                        format!("date_trunc('year', {stored} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'")
                    }
                    Sort::Integer => format!(
                        "extract(epoch FROM date_trunc('year', to_timestamp({stored}) AT TIME ZONE 'UTC'))::bigint"
                    ),
                    _ => return Err(no_mask("year", kind, field, &column_type)),
                };
                w.push(&year);
            }
            Mask::Truncate(length) => {
                if !column_type.sort.is_text() {
                    return Err(no_mask("truncate", kind, field, &column_type));
                }
                w.push(&format!("left({stored}::text, ")).number(*length).push(")");
            }
            Mask::PlaceholderEmail => {
                let id = id_of(w, kind);
                w.push(&format!("({id}::text || '@anonymized.invalid')"));
                cast(w);
            }
            Mask::Hmac => {
                self.pseudonym(w, kind, field);
                cast(w);
            }
        }
        Ok(())
    }

    /// A stored value as an argument of a function that makes JSON.
    pub(in crate::sql::render) fn json_typed(
        &self,
        kind: &Kind,
        field: &FieldName,
        stored: &str,
    ) -> Result<String, StoreError> {
        const FORM: &str = "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'";
        Ok(match self.column_type(kind, field)?.sort {
            Sort::TimestampTz => format!("to_char({stored} AT TIME ZONE 'UTC', {FORM})"),
            Sort::Timestamp => format!("to_char({stored}, {FORM})"),
            Sort::Bytes => format!("upper(encode({stored}, 'hex'))"),
            Sort::Text | Sort::AnyCase | Sort::Enum | Sort::Uuid => format!("{stored}::text"),
            Sort::Integer if kind.declared_type(field) == Some(FieldType::Boolean) => {
                format!(
                    "CASE {stored} WHEN 1 THEN to_jsonb(TRUE) WHEN 0 THEN to_jsonb(FALSE) ELSE to_jsonb({stored}) END"
                )
            }
            _ => stored.to_owned(),
        })
    }
}

/// Instants compare by milliseconds, which the column may hold finer: a value is as early as what it is
/// rounded to, half up.
fn compare_instant(w: &mut Writer, stored: &str, sort: Sort, is: Comparison, at: DateTime<Utc>) {
    let at = to_milliseconds(at);
    if sort == Sort::Integer {
        w.push(stored).push("::numeric * 1000 ").push(is.as_sql()).push(" ").bind(at.timestamp_millis());
        return;
    }
    let name = if sort == Sort::TimestampTz { "::timestamptz" } else { "::timestamp" };
    let bound = |w: &mut Writer, op: &str, at: DateTime<Utc>| {
        let text = at.trunc_subsecs(6).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        w.push(stored).push(op).bind(text).push(name);
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

fn is_canonical(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|uuid| uuid.to_string() == text)
}

fn no_mask(mask: &str, kind: &Kind, field: &FieldName, column: &ColumnType) -> StoreError {
    StoreError::Unsupported(format!(
        "the mask `{mask}` of `{}.{field}`, a column of type {}",
        kind.name, column.name
    ))
}
