//! Clients as records of a store.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::client::Client;
use super::field::ClientField;
use crate::clients::DocumentType;
use crate::domain::{
    BadRecord, FieldName, FieldType, Kind, Record, RecordId, Role, Status, StatusField, Value, eq,
};

impl Client {
    /// Reads a client from a record of a store.
    ///
    /// Records that do not meet today's rules stay readable: no limits are checked, and null or missing text becomes
    /// empty text. The date of birth and the document type may be missing. If `updated_at` is missing, it is
    /// `created_at`. Dates and timestamps may have any form that their [type](FieldType) allows. If the record has a
    /// role, it must be `USER`.
    ///
    /// ```
    /// use client_lifecycle::Client;
    /// use client_lifecycle::domain::{BadRecord, Record};
    /// let record = Record::new("550e8400-e29b-41d4-a716-446655440000").with("birth_date", "1990-02-30");
    /// let error: BadRecord = Client::from_record(&record.id, &record).unwrap_err();
    /// assert_eq!(error.to_string(), "the record cannot be read: `birth_date` is not a date");
    /// ```
    ///
    /// # Errors
    /// [`BadRecord`] with the first field that cannot be read: an id that is not a UUID, a missing status or
    /// `created_at`, a role other than `USER`, or a value of the wrong type.
    pub fn from_record(id: &RecordId, record: &Record) -> Result<Self, BadRecord> {
        Ok(Self {
            user_id: uuid(id).ok_or(bad(ClientField::UserId, "a UUID"))?,
            email: text(record, ClientField::Email)?,
            name: text(record, ClientField::Name)?,
            surname: text(record, ClientField::Surname)?,
            phone: text(record, ClientField::Phone)?,
            address: text(record, ClientField::Address)?,
            city: text(record, ClientField::City)?,
            country: text(record, ClientField::Country)?,
            postal_code: text(record, ClientField::PostalCode)?,
            gender: text(record, ClientField::Gender)?,
            birth_date: is_given(record, ClientField::BirthDate).then(|| date(record)).transpose()?,
            role: role(record)?,
            status: one_of(record, ClientField::Status, "`ON` or `OFF`")?,
            avatar: text(record, ClientField::Avatar)?,
            document_type: is_given(record, ClientField::DocumentType)
                .then(|| one_of(record, ClientField::DocumentType, "`DNI`, `PASSPORT` or `NIE`"))
                .transpose()?,
            document_number: text(record, ClientField::DocumentNumber)?,
            created_at: instant(record, ClientField::CreatedAt)?,
            updated_at: if is_given(record, ClientField::UpdatedAt) {
                instant(record, ClientField::UpdatedAt)?
            } else {
                instant(record, ClientField::CreatedAt)?
            },
        })
    }

    /// Returns the client as a record: every field, with `user_id` as the record's id.
    #[must_use]
    pub fn to_record(&self) -> Record {
        let texts = [
            (ClientField::Email, &*self.email),
            (ClientField::Name, &self.name),
            (ClientField::Surname, &self.surname),
            (ClientField::Phone, &self.phone),
            (ClientField::Address, &self.address),
            (ClientField::City, &self.city),
            (ClientField::Country, &self.country),
            (ClientField::PostalCode, &self.postal_code),
            (ClientField::Gender, &self.gender),
            (ClientField::Role, self.role.as_str()),
            (ClientField::Status, self.status.as_str()),
            (ClientField::Avatar, &self.avatar),
            (ClientField::DocumentNumber, &self.document_number),
        ];
        texts
            .into_iter()
            .fold(Record::new(self.user_id), |record, (field, text)| record.with(field.as_str(), text))
            .with(ClientField::BirthDate.as_str(), self.birth_date)
            .with(ClientField::DocumentType.as_str(), self.document_type.map(DocumentType::as_str))
            .with(ClientField::CreatedAt.as_str(), self.created_at)
            .with(ClientField::UpdatedAt.as_str(), self.updated_at)
    }
}

const fn bad(field: ClientField, expected: &'static str) -> BadRecord {
    BadRecord { field: field.as_str(), expected }
}

/// Parses a UUID in any form in which a store may hold it.
fn uuid(id: &RecordId) -> Option<Uuid> {
    id.as_uuid().or_else(|| Uuid::try_parse(&id.to_string()).ok())
}

fn text(record: &Record, field: ClientField) -> Result<String, BadRecord> {
    match record.get(field.as_str()) {
        Value::Null => Ok(String::new()),
        Value::Text(text) => Ok(text.clone()),
        // Columns of phone numbers or postal codes may be numeric.
        Value::Integer(number) => Ok(number.to_string()),
        _ => Err(bad(field, "text")),
    }
}

fn one_of<T: std::str::FromStr>(
    record: &Record,
    field: ClientField,
    expected: &'static str,
) -> Result<T, BadRecord> {
    let text = record.get(field.as_str()).as_text();
    text.and_then(|text| text.parse().ok()).ok_or(bad(field, expected))
}

/// Returns whether the field has a value: neither null nor empty text.
fn is_given(record: &Record, field: ClientField) -> bool {
    !matches!(record.get(field.as_str()), Value::Null) && record.get(field.as_str()).as_text() != Some("")
}

fn instant(record: &Record, field: ClientField) -> Result<DateTime<Utc>, BadRecord> {
    match FieldType::Timestamp.read(record.get(field.as_str())) {
        Ok(Value::Timestamp(at)) => Ok(at),
        _ => Err(bad(field, "a timestamp")),
    }
}

fn date(record: &Record) -> Result<NaiveDate, BadRecord> {
    match FieldType::Date.read(record.get(ClientField::BirthDate.as_str())) {
        Ok(Value::Timestamp(at)) => Ok(at.date_naive()),
        _ => Err(bad(ClientField::BirthDate, "a date")),
    }
}

fn role(record: &Record) -> Result<Role, BadRecord> {
    match record.get(ClientField::Role.as_str()) {
        Value::Null => Ok(Role::USER),
        Value::Text(role) if role == Role::USER.as_str() => Ok(Role::USER),
        _ => Err(bad(ClientField::Role, "`USER`")),
    }
}

/// Returns the field of the kind that stores the given field of a client.
pub(in crate::clients) fn field_of(kind: &Kind, field: &str) -> FieldName {
    let called = match field {
        "status" => kind.status.as_ref().map(|status| &status.field),
        "created_at" => kind.created_at.as_ref(),
        "updated_at" => kind.updated_at.as_ref(),
        _ => None,
    };
    called.cloned().unwrap_or_else(|| field.into())
}

pub(in crate::clients) fn held(status: Status, field: &StatusField) -> Value {
    if status == Status::On { field.on.clone() } else { field.off.clone() }
}

pub(in crate::clients) fn to_kind(kind: &Kind, status: &StatusField, client: &Client) -> Record {
    let named = client.to_record();
    let mut record = Record::new(named.id);
    for (field, value) in named.fields {
        record.fields.insert(field_of(kind, field.as_str()), value);
    }
    record.with(status.field.clone(), held(client.status(), status))
}

/// Renames the fields of a kind's record to the field names of a client.
pub(in crate::clients) fn from_kind(
    kind: &Kind,
    status: &StatusField,
    record: &Record,
    now: DateTime<Utc>,
) -> Record {
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
