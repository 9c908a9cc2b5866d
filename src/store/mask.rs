//! Masks in stores that work by rows: the value that replaces a personal value.

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::StoreError;
use crate::domain::{
    FieldName, FieldType, Kind, KindName, Mask, MaskKey, PersonalIds, Record, Value, infinity_text,
    instant_text,
};
use crate::protocol::ChangeSet;

/// Returns the masked value of a field. It depends only on the record, and for keyed masks on the key.
///
/// ```
/// use client_lifecycle::domain::{Kind, Mask, Record, Value};
/// use client_lifecycle::store::masked;
/// let client = Record::new("c1").with("birth_date", "1984-05-06");
/// let year = masked(&Mask::Year, &Kind::named("clients"), &"birth_date".into(), &client, None)?;
/// assert_eq!(year, Value::from("1984-01-01"));
/// # Ok::<(), client_lifecycle::store::StoreError>(())
/// ```
///
/// # Errors
/// [`StoreError::BadValue`] if the mask cannot be applied to the value, and [`StoreError::Unsupported`] for a keyed mask
/// without a key.
pub fn masked(
    mask: &Mask,
    kind: &Kind,
    field: &FieldName,
    record: &Record,
    key: Option<&MaskKey>,
) -> Result<Value, StoreError> {
    let old = record.get(field);
    let bad = |expected: &str| StoreError::bad_value(&kind.name, kind.id_of(record), field, expected);
    match mask {
        Mask::Null => Ok(Value::Null),
        Mask::Text(text) => Ok(text.as_str().into()),
        Mask::Value(value) => Ok(value.clone().into()),
        Mask::PlaceholderEmail => {
            let parts: Vec<String> = record.id.parts().iter().map(ToString::to_string).collect();
            Ok(format!("{}@anonymized.invalid", parts.join("-")).into())
        }
        Mask::Year => year(kind.time_type_of(field), old).ok_or_else(|| bad("date")),
        Mask::Truncate(length) => match old {
            Value::Null => Ok(Value::Null),
            Value::Text(text) => {
                let kept: String = text.chars().take(usize::from(*length)).collect();
                Ok(kept.into())
            }
            _ => Err(bad("text")),
        },
        Mask::Hmac => match (key, old) {
            (None, _) => Err(without_key(&kind.name, field)),
            (Some(_), Value::Null) => Ok(Value::Null),
            (Some(key), Value::Text(text)) => Ok(key.pseudonym(&kind.name, field, text).into()),
            (Some(_), _) => Err(bad("text")),
        },
    }
}

/// Checks that the change set has the key its masks need. Called before anything is read.
///
/// # Errors
/// [`StoreError::Unsupported`] names the first field that cannot be masked.
pub(crate) fn require_key(changes: &ChangeSet) -> Result<(), StoreError> {
    let keyed = changes.steps.iter().find_map(|step| Some((&step.kind, step.keyed_fields().next()?)));
    let map = &changes.query.map;
    let recorded = changes.recorded_rows().into_iter().find_map(|(kind, _)| {
        let kind = map.kind(kind)?;
        Some((&kind.name, PersonalIds::of(map).field_of(kind)?))
    });
    match (keyed, recorded) {
        (Some((kind, field)), _) if changes.mask_key.is_none() => Err(without_key(kind, field)),
        (_, Some((kind, field))) if changes.query.mask_key.is_none() => Err(without_key(kind, field)),
        _ => Ok(()),
    }
}

pub(crate) fn without_key(kind: &KindName, field: &FieldName) -> StoreError {
    StoreError::Unsupported(format!("the mask `hmac` of `{kind}.{field}` without a mask key"))
}

/// Returns 1 January of the value's year in UTC, in the form in which the value is stored. An infinite value has no year.
fn year(declared: FieldType, old: &Value) -> Option<Value> {
    let Value::Timestamp(at) = declared.read(old).ok()? else {
        return Some(Value::Null);
    };
    if infinity_text(at).is_some() {
        return Some(old.clone());
    }
    let first = NaiveDate::from_ymd_opt(at.year(), 1, 1)?;
    let midnight = first.and_time(NaiveTime::MIN).and_utc();
    Some(match old {
        Value::Date(_) => first.into(),
        Value::Integer(_) => declared.epoch_unit().number(midnight).into(),
        Value::Text(text) if text.len() == 10 => first.to_string().into(),
        Value::Text(text) if text.contains('T') => instant_text(midnight).into(),
        Value::Text(_) => format!("{first} 00:00:00").into(),
        _ => midnight.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(mask: &Mask, value: impl Into<Value>) -> Result<Value, StoreError> {
        let record = Record::new("c1").with("field", value);
        let key = MaskKey::new([7; 32]).unwrap();
        masked(mask, &Kind::named("clients"), &"field".into(), &record, Some(&key))
    }

    #[test]
    fn the_year_keeps_the_stored_form() {
        let cases: [(Value, Value); 5] = [
            ("1984-05-06".into(), "1984-01-01".into()),
            ("1984-05-06T07:08:09Z".into(), "1984-01-01T00:00:00.000Z".into()),
            ("1984-05-06 07:08:09".into(), "1984-01-01 00:00:00".into()),
            (1_705_761_900_i64.into(), 1_704_067_200_i64.into()),
            (Value::Null, Value::Null),
        ];
        for (old, new) in cases {
            assert!(apply(&Mask::Year, old).unwrap() == new);
        }
        assert!(apply(&Mask::Year, "soon").is_err());
    }

    #[test]
    fn truncating_counts_characters() {
        assert!(apply(&Mask::Truncate(2), "ñandú").unwrap() == Value::from("ña"));
        assert!(apply(&Mask::Truncate(9), "ab").unwrap() == Value::from("ab"));
        assert!(apply(&Mask::Truncate(1), Value::Null).unwrap() == Value::Null);
    }

    #[test]
    fn placeholders_are_unique_by_the_id() {
        let mail = apply(&Mask::PlaceholderEmail, "ana@example.org").unwrap();
        assert!(mail == Value::from("c1@anonymized.invalid"));
    }

    #[test]
    fn a_keyed_pseudonym_is_made_of_text_under_a_key() {
        let made = apply(&Mask::Hmac, "ana@example.org").unwrap();
        assert!(made == apply(&Mask::Hmac, "ana@example.org").unwrap());
        assert!(made != apply(&Mask::Hmac, "eva@example.org").unwrap());
        assert_eq!(made.as_text().map(str::len), Some(64));
        assert!(apply(&Mask::Hmac, Value::Null).unwrap().is_null());
        assert_eq!(apply(&Mask::Hmac, 7).unwrap_err().code(), "bad_value");
        let record = Record::new("c1").with("field", "x");
        let without = masked(&Mask::Hmac, &Kind::named("clients"), &"field".into(), &record, None);
        assert_eq!(
            without.unwrap_err().to_string(),
            "not supported: the mask `hmac` of `clients.field` without a mask key"
        );
    }
}
