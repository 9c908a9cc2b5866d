//! The identity of a kind: the fields that tell its rows apart.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::FieldName;

/// The fields that identify a row of a kind: usually one, several for link tables and order lines, none for a table
/// without a key.
///
/// In documents it is the name of a field (`"id"`), a list of names (`["order_id", "line"]`), or `[]`.
///
/// ```
/// use client_lifecycle::domain::Identity;
/// let one = Identity::from("user_id");
/// assert_eq!(one.only().map(|field| field.as_str()), Some("user_id"));
/// let several = Identity::from(["order_id", "line"]);
/// assert!(several.only().is_none() && several.contains(&"line".into()));
/// assert!(Identity::none().is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity(Vec<FieldName>);

impl Identity {
    /// The identity of a table without a key. No record can refer to its rows, and they are found only over their
    /// references.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Returns the fields, in their order.
    #[must_use]
    pub fn fields(&self) -> &[FieldName] {
        &self.0
    }

    /// Returns the field, if there is exactly one.
    #[must_use]
    pub fn only(&self) -> Option<&FieldName> {
        match &*self.0 {
            [field] => Some(field),
            _ => None,
        }
    }

    /// Returns whether rows have no identity.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the field is part of the identity.
    #[must_use]
    pub fn contains(&self, field: &FieldName) -> bool {
        self.0.contains(field)
    }

    /// Returns the position of a field in the identity.
    pub(crate) fn position(&self, field: &FieldName) -> Option<usize> {
        self.0.iter().position(|own| own == field)
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::from("id")
    }
}

impl From<&str> for Identity {
    fn from(field: &str) -> Self {
        Self(vec![field.into()])
    }
}

impl From<String> for Identity {
    fn from(field: String) -> Self {
        Self(vec![field.into()])
    }
}

impl From<FieldName> for Identity {
    fn from(field: FieldName) -> Self {
        Self(vec![field])
    }
}

impl<T: Into<FieldName>> From<Vec<T>> for Identity {
    fn from(fields: Vec<T>) -> Self {
        Self(fields.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<FieldName>, const N: usize> From<[T; N]> for Identity {
    fn from(fields: [T; N]) -> Self {
        Self(fields.into_iter().map(Into::into).collect())
    }
}

/// Renders the fields with commas: `order_id, line`.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(FieldName::as_str).collect();
        f.write_str(&names.join(", "))
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.only() {
            Some(field) => field.serialize(serializer),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrNames;
        impl<'de> Visitor<'de> for NameOrNames {
            type Value = Identity;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field, or a list of names such as [\"order_id\", \"line\"]")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Identity, E> {
                Ok(name.into())
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Identity, S::Error> {
                let mut fields: Vec<FieldName> = Vec::new();
                while let Some(field) = list.next_element()? {
                    fields.push(field);
                }
                Ok(fields.into())
            }
        }
        deserializer.deserialize_any(NameOrNames)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Identity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Identity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "uniqueItems": true }
            ]
        })
    }
}
