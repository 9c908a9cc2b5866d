//! Names of tables, with the schema that a table is in.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The name of a table, with its schema if the name alone does not find it.
///
/// Text is read as in SQL: the first dot separates the schema from the table, and a part in double quotes may contain
/// any character. In documents it is such text (`"crm.clients"`), or an object
/// (`{"schema": "crm", "table": "clients"}`), whose parts are taken as they are.
///
/// ```
/// use client_lifecycle::domain::TableName;
/// let name = TableName::from("crm.clients");
/// assert_eq!((name.schema.as_deref(), &*name.table), (Some("crm"), "clients"));
/// assert_eq!(name, TableName::new("clients").in_schema("crm"));
/// let dotted = TableName::new("in.voices");
/// assert_eq!((dotted.schema.as_deref(), dotted.to_string()), (None, r#""in.voices""#.to_owned()));
/// assert_eq!(TableName::from(r#""in.voices""#), dotted);
/// assert_eq!(serde_json::to_string(&dotted)?, r#"{"table":"in.voices"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct TableName {
    /// The schema; `None` if the database finds the table by its name alone.
    pub schema: Option<String>,
    /// The name of the table in its schema.
    pub table: String,
}

impl TableName {
    /// Makes the name of a table that is found without a schema. A dot is part of the name.
    #[must_use]
    pub fn new(table: impl Into<String>) -> Self {
        Self { schema: None, table: table.into() }
    }

    /// Sets the schema.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Returns whether the schema or the table is empty. No table has such a name.
    pub(crate) fn has_empty_part(&self) -> bool {
        self.table.is_empty() || self.schema.as_deref() == Some("")
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        self.schema.as_deref().into_iter().chain([&*self.table])
    }
}

/// Returns whether this part of a name needs quotes to be read back unchanged.
fn needs_quotes(part: &str) -> bool {
    part.contains('.') || part.starts_with('"')
}

/// Splits a text at the first dot outside quotes.
fn split(text: &str) -> (Cow<'_, str>, Option<&str>) {
    if let Some((part, rest)) = quoted(text)
        && (rest.is_empty() || rest.starts_with('.'))
    {
        return (part.into(), rest.strip_prefix('.'));
    }
    let (first, rest) = text.split_once('.').map_or((text, None), |(first, rest)| (first, Some(rest)));
    (first.into(), rest)
}

/// Returns the quoted part at the start of a text, and the rest.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut part = String::new();
    loop {
        let (before, after) = rest.split_once('"')?;
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(doubled) => {
                part.push('"');
                rest = doubled;
            }
            None => return Some((part, after)),
        }
    }
}

impl From<&str> for TableName {
    fn from(text: &str) -> Self {
        let (first, rest) = split(text);
        let Some(rest) = rest else { return Self::new(first) };
        let table = quoted(rest).filter(|(_, after)| after.is_empty()).map(|(part, _)| part);
        Self::new(table.unwrap_or_else(|| rest.to_owned())).in_schema(first)
    }
}

impl From<String> for TableName {
    fn from(text: String) -> Self {
        Self::from(&*text)
    }
}

impl From<&String> for TableName {
    fn from(text: &String) -> Self {
        Self::from(&**text)
    }
}

impl From<&Self> for TableName {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl From<Cow<'_, Self>> for TableName {
    fn from(name: Cow<'_, Self>) -> Self {
        name.into_owned()
    }
}

/// Reads the text as a name and compares the two names.
impl PartialEq<str> for TableName {
    fn eq(&self, text: &str) -> bool {
        let read = Self::from(text);
        *self == read
    }
}

/// Renders text that is read back as the same name.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.parts().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            if needs_quotes(part) {
                write!(f, "\"{}\"", part.replace('"', "\"\""))?;
            } else {
                f.write_str(part)?;
            }
        }
        Ok(())
    }
}

/// A name whose parts are taken as they are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FullTableName"))]
pub(super) struct FullTableName {
    /// The schema. Default: the schema in which the database finds the table by its name alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    schema: Option<String>,
    /// The name of the table. A dot is part of it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    table: String,
}

impl Serialize for TableName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.parts().any(needs_quotes) {
            let Self { schema, table } = self.clone();
            return FullTableName { schema, table }.serialize(serializer);
        }
        serializer.collect_str(self)
    }
}

/// Implemented by hand, because every error of an `untagged` enum reads "did not match any variant".
impl<'de> Deserialize<'de> for TableName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrParts;
        impl<'de> Visitor<'de> for TextOrParts {
            type Value = TableName;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table such as `clients` or `crm.clients`, or {\"schema\": \"crm\", \"table\": \"clients\"}")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<TableName, E> {
                Ok(text.into())
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<TableName, M::Error> {
                let FullTableName { schema, table } =
                    FullTableName::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(TableName { schema, table })
            }
        }
        deserializer.deserialize_any(TextOrParts)
    }
}

#[cfg(test)]
mod tests {
    use super::TableName;

    #[test]
    fn every_name_is_read_back_from_its_text_and_from_documents() {
        let parts = ["clients", "a.b", "\"", "\"a\"", "a\"b", "a.\"b\"", ".", "a b", "Straße"];
        let schemas = parts.iter().map(|part| Some((*part).to_owned())).chain([None]);
        for schema in schemas {
            for table in parts {
                let name = TableName { schema: schema.clone(), table: table.to_owned() };
                assert_eq!(TableName::from(name.to_string()), name, "{name}");
                let json = serde_json::to_string(&name).unwrap_or_default();
                assert_eq!(serde_json::from_str::<TableName>(&json).ok().as_ref(), Some(&name), "{json}");
            }
        }
    }
}
