//! One name or several, in documents.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A name such as `lines.order_id`, or a list of such names.
#[derive(Debug, Clone)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl Names {
    /// Splits each name at its last dot. Returns the kind, which all names must share, and the fields.
    pub(crate) fn fields_of_one_kind(&self) -> Option<(&str, Vec<&str>)> {
        let mut kinds = None;
        let mut fields = Vec::new();
        for name in &self.0 {
            let (kind, field) = name.rsplit_once('.')?;
            if kind.is_empty() || field.is_empty() || kinds.is_some_and(|known| known != kind) {
                return None;
            }
            kinds = Some(kind);
            fields.push(field);
        }
        kinds.map(|kind| (kind, fields))
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [name] => serializer.serialize_str(name),
            names => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrNames;
        impl<'de> Visitor<'de> for NameOrNames {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name such as `debts.client_id`, or a list of names")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Names, S::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_any(NameOrNames)
    }
}

/// Returns the JSON Schema of one or several fields with their kind: `debts.client_id`.
#[cfg(feature = "schema")]
pub(crate) fn fields(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let field = serde_json::json!({ "type": "string", "pattern": r"^[\s\S]+\.[^.]+$" });
    schemars::json_schema!({
        "anyOf": [field, { "type": "array", "items": field, "minItems": 1 }]
    })
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Names {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string", "pattern": r"^[\s\S]+\.[^.]+$" }, "minItems": 1 }
            ]
        })
    }
}
