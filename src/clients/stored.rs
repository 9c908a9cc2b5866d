//! Conversion between a client and the subject's kind, whose status and timestamps may have other names.

use chrono::{DateTime, Utc};

use super::Client;
use crate::domain::{FieldName, Kind, Record, Status, StatusField, Value, eq};

/// Returns the field of the kind that holds a field of a client.
pub(super) fn field_of(kind: &Kind, field: &str) -> FieldName {
    let called = match field {
        "status" => kind.status.as_ref().map(|status| &status.field),
        "created_at" => kind.created_at.as_ref(),
        "updated_at" => kind.updated_at.as_ref(),
        _ => None,
    };
    called.cloned().unwrap_or_else(|| field.into())
}

/// Returns the stored value of a status.
pub(super) fn held(status: Status, field: &StatusField) -> Value {
    if status == Status::On { field.on.clone() } else { field.off.clone() }
}

/// Returns the record of a client as the kind stores it.
pub(super) fn to_kind(kind: &Kind, status: &StatusField, client: &Client) -> Record {
    let named = client.to_record();
    let mut record = Record::new(named.id);
    for (field, value) in named.fields {
        record.fields.insert(field_of(kind, field.as_str()), value);
    }
    record.with(status.field.clone(), held(client.status(), status))
}

/// Returns a record of the kind with the names of a client's fields.
pub(super) fn from_kind(kind: &Kind, status: &StatusField, record: &Record, now: DateTime<Utc>) -> Record {
    let mut named = Record::new(record.id.clone());
    for field in Client::FIELDS {
        named.fields.insert(field.into(), record.get(field_of(kind, field)).clone());
    }
    for value in [Status::On, Status::Off] {
        if eq(status.field.clone(), held(value, status)).holds(kind, record, now) == Ok(Some(true)) {
            named.fields.insert("status".into(), value.as_str().into());
        }
    }
    named
}
