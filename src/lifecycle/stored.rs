//! A client's record as the subject's kind holds it: where the policy says which fields are status and instants,
//! those are the client's.

use chrono::{DateTime, Utc};

use crate::domain::{Client, FieldName, Kind, Record, Status, StatusField, Value, eq};

/// What the kind calls a field of a client.
pub(super) fn field_of(kind: &Kind, field: &str) -> FieldName {
    let called = match field {
        "status" => kind.status.as_ref().map(|status| &status.field),
        "created_at" => kind.created_at.as_ref(),
        "updated_at" => kind.updated_at.as_ref(),
        _ => None,
    };
    called.cloned().unwrap_or_else(|| field.into())
}

/// The status of the kind; `ON` and `OFF` in `status` where the policy says nothing.
pub(super) fn status_of(kind: &Kind) -> StatusField {
    kind.status.clone().unwrap_or_else(|| "status".into())
}

/// What the kind holds for a status.
pub(super) fn held(status: Status, field: StatusField) -> Value {
    if status == Status::On { field.on } else { field.off }
}

/// The record of a client, as the kind is to hold it.
pub(super) fn to_kind(kind: &Kind, client: &Client) -> Record {
    let named = client.to_record();
    let mut record = Record::new(named.id);
    for (field, value) in named.fields {
        record.fields.insert(field_of(kind, field.as_str()), value);
    }
    let status = status_of(kind);
    record.with(status.field.clone(), held(client.status(), status))
}

/// What a kind holds of a client, as a record of a client.
pub(super) fn from_kind(kind: &Kind, record: &Record, now: DateTime<Utc>) -> Record {
    let mut named = Record::new(record.id.clone());
    for field in Client::FIELDS {
        named.fields.insert(field.into(), record.get(field_of(kind, field)).clone());
    }
    let StatusField { field, on, off } = status_of(kind);
    for (status, value) in [(Status::On, on), (Status::Off, off)] {
        if eq(field.clone(), value).holds(kind, record, now) == Ok(Some(true)) {
            named.fields.insert("status".into(), status.as_str().into());
        }
    }
    named
}
