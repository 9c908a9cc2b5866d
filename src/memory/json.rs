//! Data as JSON: `{"clients": [{"user_id": "c1", …}], "debts": […]}`.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::MemoryStore;
use crate::domain::{
    DataMap, Fault, FaultCode, Faults, FieldName, Identity, KindName, Record, RecordId, Value,
};
use crate::store::system_tables;

impl MemoryStore {
    /// Reads rows from a JSON object: an array of objects for each kind, with ids in the kind's id field.
    ///
    /// Kinds that are not in the map are ignored, but [`to_json`](Self::to_json) writes them back unchanged.
    ///
    /// ```
    /// use client_lifecycle::domain::DataMap;
    /// use client_lifecycle::memory::MemoryStore;
    /// let map: DataMap = serde_json::from_str(r#"{ "kinds": { "clients": { "id": "user_id" } } }"#)?;
    /// let rows = serde_json::json!({ "clients": [ { "user_id": "c1", "name": "Ana" } ] });
    /// let store = MemoryStore::from_json(&map, &rows)?;
    /// assert_eq!(store.to_json(), rows);
    ///
    /// let twice = serde_json::json!({ "clients": [ { "user_id": "c1" }, { "user_id": "c1" } ] });
    /// let faults = MemoryStore::from_json(&map, &twice).unwrap_err();
    /// assert!(faults.to_string().starts_with("clients[1].user_id: "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns every fault of the data, with its path.
    pub fn from_json(map: &DataMap, data: &Json) -> Result<Self, Faults> {
        let Json::Object(kinds) = data else {
            let fault = Fault::new(FaultCode::Data, "data", "not an object of arrays");
            return Err(fault.remedy("write `{\"clients\": [{…}]}`").into());
        };
        let mut faults = Faults::none();
        let mut store = Self::new();
        for (name, rows) in kinds {
            let name = KindName::from(name.as_str());
            if system_tables::is_reserved(&name) {
                let message = "the name is reserved for a table of this crate";
                faults
                    .push(Fault::new(FaultCode::ReservedName, name.as_str(), message).remedy("leave it out"));
                continue;
            }
            let Json::Array(rows) = rows else {
                faults.push(
                    Fault::new(FaultCode::Data, name.as_str(), "not an array of rows")
                        .remedy("write `[{…}]`, or leave it out"),
                );
                continue;
            };
            if let Some(kind) = map.kind(&name) {
                let read = read_rows(&name, &kind.id, rows, &mut faults);
                store.ids.insert(name.clone(), kind.id.clone());
                store = store.with(name, read);
            } else {
                let rows = Json::Array(rows.clone());
                store.aside.insert(name.as_str().into(), rows);
            }
        }
        faults.or(store)
    }

    /// Reads rows from JSON in a file or any other reader.
    ///
    /// # Errors
    /// Returns every fault of the data, with its path, or the line of a JSON syntax error.
    pub fn from_reader(map: &DataMap, reader: impl Read) -> Result<Self, Faults> {
        match serde_json::from_reader::<_, UniqueKeys>(reader) {
            Ok(UniqueKeys(data)) => Self::from_json(map, &data),
            Err(error) if error.is_io() => Err(Fault::new(FaultCode::Data, "data", "it cannot be read")
                .remedy("check that it exists and is UTF-8")
                .into()),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                // Valid JSON can have no other fault here.
                let (message, remedy) = if error.is_data() {
                    ("duplicate key", "merge the values under one key")
                } else {
                    ("not JSON", "correct the syntax here")
                };
                Err(Fault::new(FaultCode::Data, place, message).remedy(remedy).into())
            }
        }
    }

    /// Returns the rows in the form that [`from_json`](Self::from_json) reads, sorted by id and without system
    /// tables.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let default_id = Identity::default();
        let mut kinds: Map<String, Json> = self.aside.clone().into_iter().collect();
        for kind in self.records().kinds() {
            let id = self.ids.get(&kind).unwrap_or(&default_id);
            let rows = self.rows(kind.as_str());
            let rows = rows.iter().map(|row| written(id, row)).collect();
            kinds.insert(kind.as_str().into(), Json::Array(rows));
        }
        Json::Object(kinds)
    }
}

/// JSON that rejects duplicate keys. Otherwise the first of two kinds with the same name would be lost silently.
struct UniqueKeys(Json);

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(value.into())
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(value.into())
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(value.into())
            }
            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(value.into())
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(value.into())
            }
            fn visit_string<E>(self, value: String) -> Result<Json, E> {
                Ok(value.into())
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Json, S::Error> {
                let mut all = Vec::new();
                while let Some(UniqueKeys(one)) = list.next_element()? {
                    all.push(one);
                }
                Ok(Json::Array(all))
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Json, M::Error> {
                let mut all = Map::new();
                while let Some((key, UniqueKeys(one))) = map.next_entry::<String, UniqueKeys>()? {
                    if all.insert(key, one).is_some() {
                        return Err(M::Error::custom("duplicate key"));
                    }
                }
                Ok(Json::Object(all))
            }
        }
        deserializer.deserialize_any(Any).map(Self)
    }
}

fn read_rows(kind: &KindName, identity: &Identity, rows: &[Json], faults: &mut Faults) -> Vec<Record> {
    let mut seen = BTreeSet::new();
    let mut read = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let place = format!("{kind}[{index}]");
        let Json::Object(fields) = row else {
            faults.push(Fault::new(FaultCode::Data, place, "not an object").remedy("write a row as `{…}`"));
            continue;
        };
        let parts =
            identity.fields().iter().map(|field| id(fields.get(field.as_str())).map_err(|it| (field, it)));
        let id = match parts.collect::<Result<Vec<_>, _>>() {
            // Rows without an identity are numbered.
            Ok(parts) if parts.is_empty() => number(index),
            Ok(parts) => RecordId::tuple(parts),
            Err((field, wrong)) => {
                faults.push(
                    Fault::new(FaultCode::Data, format!("{place}.{field}"), wrong)
                        .remedy("give every row its own id: text or a 64-bit integer"),
                );
                continue;
            }
        };
        if !seen.insert(id.clone()) {
            let message = format!("another row has the id `{id}`");
            let field = identity.only().map(|field| format!(".{field}")).unwrap_or_default();
            faults.push(
                Fault::new(FaultCode::DuplicateId, format!("{place}{field}"), message)
                    .remedy("give every row its own id"),
            );
        }
        let others = fields.iter().filter(|(name, _)| !identity.contains(&FieldName::from(name.as_str())));
        read.push(Record {
            id,
            fields: others.map(|(name, value)| (name.as_str().into(), Value::from(value.clone()))).collect(),
        });
    }
    read
}

fn id(value: Option<&Json>) -> Result<RecordId, &'static str> {
    match value {
        None | Some(Json::Null) => Err("the row has no id"),
        Some(Json::String(text)) if text.is_empty() => Err("an id cannot be empty"),
        Some(Json::String(text)) => Ok(text.as_str().into()),
        Some(Json::Number(number)) => {
            number.as_i64().map(RecordId::from).ok_or("an id must be text or a 64-bit integer")
        }
        Some(_) => Err("an id must be text or a 64-bit integer"),
    }
}

/// Returns the internal id of a row whose kind has no id.
fn number(index: usize) -> RecordId {
    i64::try_from(index).unwrap_or(i64::MAX).into()
}

fn written(identity: &Identity, row: &Record) -> Json {
    let mut fields = Map::new();
    for (name, value) in &row.fields {
        fields.insert(name.as_str().into(), json(value));
    }
    for (field, part) in identity.fields().iter().zip(row.id.parts()) {
        fields.insert(field.as_str().into(), json(&part.into()));
    }
    Json::Object(fields)
}

/// Converts a value to JSON. NaN and infinity become null, because JSON does not have them.
fn json(value: &Value) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}
