//! Ids of records and operations, and names of kinds, fields and references.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::text_visitor::TextVisitor;

/// The id of a record: a UUID, an integer, or any other text (a CUID, `user123`). If several fields identify the rows
/// of a kind, it is a tuple of such ids, written as a JSON array (`[7,"de"]`) wherever an id is text.
///
/// A UUID in its usual form (lower case, hyphens) is the same id, whether it is given as text or as a [`Uuid`].
/// Integers sort by value, and before UUIDs and text, which sort by their UTF-8 bytes. Tuples sort field by field.
/// Plans and errors show ids. If the key of a kind is personal data, such as an e-mail address, declare it as a personal
/// id: the records of the library then hold only its pseudonym.
///
/// ```
/// use client_lifecycle::domain::RecordId;
/// let text = RecordId::from("550e8400-e29b-41d4-a716-446655440000");
/// assert_eq!(text, RecordId::from(text.as_uuid().expect("a UUID")));
/// assert!(RecordId::from(9) < RecordId::from(10));
/// assert_eq!(RecordId::from("user123").to_string(), "user123");
/// assert_eq!(RecordId::from((7, "de")).to_string(), "[7,\"de\"]");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RecordId(Repr);

/// Text in the canonical form of a UUID is always held as `Uuid`, so that derived equality is correct.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Integer(i64),
    Uuid(Uuid),
    Text(Box<str>),
    /// The parts, none of which is itself a tuple.
    Tuple(Box<[RecordId]>),
}

impl RecordId {
    /// Returns the UUID, if the id is a UUID.
    #[must_use]
    pub fn as_uuid(&self) -> Option<Uuid> {
        match self.0 {
            Repr::Uuid(uuid) => Some(uuid),
            _ => None,
        }
    }

    /// Returns the integer, if the id is an integer.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self.0 {
            Repr::Integer(integer) => Some(integer),
            _ => None,
        }
    }

    /// Makes the id of a row that several fields identify from the values of these fields, in their order. A single
    /// value becomes an ordinary id.
    #[must_use]
    pub fn tuple(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part.0 {
                Repr::Tuple(inner) => flat.extend(inner),
                _ => flat.push(part),
            }
        }
        match <[Self; 1]>::try_from(flat) {
            Ok([only]) => only,
            Err(flat) => Self(Repr::Tuple(flat.into())),
        }
    }

    /// Returns the values of the fields that identify the row. An id that is not a tuple is its own only part.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        match &self.0 {
            Repr::Tuple(parts) => parts,
            _ => std::slice::from_ref(self),
        }
    }

    /// Reads the id of a row that `fields` fields identify. Text may be the JSON array of a tuple. Returns `None` if
    /// the number of values differs.
    pub(crate) fn read_as_tuple(&self, fields: usize) -> Option<Self> {
        let read = match &self.0 {
            Repr::Text(text) if fields > 1 => serde_json::from_str(text).ok()?,
            _ => self.clone(),
        };
        (read.parts().len() == fields).then_some(read)
    }

    /// Returns the UUID that this id spells, in upper or lower case. Text without hyphens or in braces does not count
    /// as a UUID, because stores that hold ids as text would not find it.
    #[cfg(feature = "sql")]
    pub(crate) fn asked_uuid(&self) -> Option<Uuid> {
        match &self.0 {
            Repr::Uuid(uuid) => Some(*uuid),
            Repr::Text(text) if text.len() == 36 => Uuid::try_parse(text).ok(),
            _ => None,
        }
    }

    /// Returns the text by which stores compare the id. A UUID has its canonical form, and so does each part of a
    /// tuple. Any other id is unchanged.
    pub(crate) fn spelt(&self) -> String {
        match &self.0 {
            Repr::Text(text) if text.starts_with('[') => match serde_json::from_str::<Self>(text) {
                Ok(tuple) => tuple.spelt(),
                Err(_) => text.to_string(),
            },
            Repr::Text(text) => {
                Uuid::try_parse(text).map_or_else(|_| text.to_string(), |uuid| uuid.to_string())
            }
            Repr::Tuple(parts) => {
                let parts = parts.iter().map(|part| Self(Repr::Text(part.spelt().into())));
                Self(Repr::Tuple(parts.collect())).to_string()
            }
            Repr::Integer(_) | Repr::Uuid(_) => self.to_string(),
        }
    }

    /// Returns the id as text with the letters A to Z in lower case, for comparisons that ignore case.
    pub(crate) fn to_ascii_lowercase(&self) -> Self {
        match &self.0 {
            Repr::Text(text) => text.to_ascii_lowercase().into(),
            Repr::Tuple(parts) => Self::tuple(parts.iter().map(Self::to_ascii_lowercase)),
            Repr::Integer(integer) => Self(Repr::Text(integer.to_string().into())),
            Repr::Uuid(_) => self.clone(),
        }
    }

    /// Returns whether the id, or a part of it, is empty text. No record has an empty id.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Text(text) => text.is_empty(),
            Repr::Tuple(parts) => parts.iter().any(Self::is_empty),
            Repr::Integer(_) | Repr::Uuid(_) => false,
        }
    }
}

impl From<i64> for RecordId {
    fn from(id: i64) -> Self {
        Self(Repr::Integer(id))
    }
}

impl From<Uuid> for RecordId {
    fn from(id: Uuid) -> Self {
        Self(Repr::Uuid(id))
    }
}

impl From<&str> for RecordId {
    fn from(id: &str) -> Self {
        if id.len() == 36
            && let Ok(uuid) = Uuid::try_parse(id)
            && uuid.hyphenated().encode_lower(&mut [0; 36]) == id
        {
            return uuid.into();
        }
        Self(Repr::Text(id.into()))
    }
}

impl From<String> for RecordId {
    fn from(id: String) -> Self {
        id.as_str().into()
    }
}

impl<A: Into<Self>, B: Into<Self>> From<(A, B)> for RecordId {
    fn from((first, second): (A, B)) -> Self {
        Self::tuple([first.into(), second.into()])
    }
}

impl<A: Into<Self>, B: Into<Self>, C: Into<Self>> From<(A, B, C)> for RecordId {
    fn from((first, second, third): (A, B, C)) -> Self {
        Self::tuple([first.into(), second.into(), third.into()])
    }
}

impl From<&RecordId> for RecordId {
    fn from(id: &RecordId) -> Self {
        id.clone()
    }
}

impl Ord for RecordId {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Integer(a), Repr::Integer(b)) => a.cmp(b),
            (Repr::Uuid(a), Repr::Uuid(b)) => a.cmp(b),
            (Repr::Text(a), Repr::Text(b)) => a.cmp(b),
            (Repr::Tuple(a), Repr::Tuple(b)) => a.cmp(b),
            // The hyphenated form of a UUID sorts as its bytes do.
            (Repr::Uuid(a), Repr::Text(b)) => (*a.hyphenated().encode_lower(&mut [0; 36])).cmp(&**b),
            (Repr::Text(a), Repr::Uuid(b)) => (**a).cmp(b.hyphenated().encode_lower(&mut [0; 36])),
            (Repr::Integer(_), _) | (_, Repr::Tuple(_)) => Ordering::Less,
            (_, Repr::Integer(_)) | (Repr::Tuple(_), _) => Ordering::Greater,
        }
    }
}

impl PartialOrd for RecordId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Integer(id) => fmt::Display::fmt(id, f),
            Repr::Uuid(id) => fmt::Display::fmt(id, f),
            Repr::Text(id) => f.pad(id),
            Repr::Tuple(_) => f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?),
        }
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Repr::Integer(id) => serializer.serialize_i64(*id),
            Repr::Uuid(id) => serializer.collect_str(id),
            Repr::Text(id) => serializer.serialize_str(id),
            Repr::Tuple(parts) => parts.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = RecordId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id: text, an integer, or a list of them")
            }
            fn visit_i64<E>(self, id: i64) -> Result<RecordId, E> {
                Ok(id.into())
            }
            fn visit_u64<E: serde::de::Error>(self, id: u64) -> Result<RecordId, E> {
                i64::try_from(id)
                    .map(RecordId::from)
                    .map_err(|_| E::custom("an id above 9223372036854775807"))
            }
            fn visit_str<E>(self, id: &str) -> Result<RecordId, E> {
                Ok(id.into())
            }
            fn visit_seq<S: serde::de::SeqAccess<'de>>(self, mut list: S) -> Result<RecordId, S::Error> {
                let mut parts: Vec<RecordId> = Vec::new();
                while let Some(part) = list.next_element::<RecordId>()? {
                    if part.parts().len() != 1 {
                        return Err(serde::de::Error::custom("a list inside an id"));
                    }
                    parts.push(part);
                }
                if parts.len() < 2 {
                    return Err(serde::de::Error::custom("an id that is a list needs at least two values"));
                }
                Ok(RecordId::tuple(parts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The id of one operation. Records that the operation marked carry this id. Applying the same id again changes
/// nothing.
///
/// ```
/// use client_lifecycle::domain::OperationId;
/// let id: OperationId = "00000000-0000-0000-0000-000000000001".parse()?;
/// assert_eq!(id.as_uuid().as_u128(), 1);
/// # Ok::<(), uuid::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(Uuid);

impl OperationId {
    /// Returns the UUID.
    #[must_use]
    pub fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for OperationId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl FromStr for OperationId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident: $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(name.into())
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(TextVisitor { expected: $expected, read: |text| Ok(text.into()) })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "`{}`", self.0)
            }
        }
    };
}

name! {
    /// The name of a kind: a table or collection of the host, such as `clients`.
    ///
    /// ```
    /// # use client_lifecycle::domain::KindName;
    /// assert_eq!(KindName::from("clients"), "clients");
    /// ```
    KindName: "the name of a kind, such as `clients`"
}

name! {
    /// The name of a field of a kind, such as `email`. The column may have another name.
    ///
    /// ```
    /// # use client_lifecycle::domain::FieldName;
    /// assert_eq!(FieldName::from("email").as_str(), "email");
    /// ```
    FieldName: "the name of a field, such as `email`"
}

name! {
    /// The name of a reference: `kind.field`, such as `debts.client_id`.
    ///
    /// The last dot separates the two, so a kind may be called `sales.invoices`.
    ///
    /// ```
    /// # use client_lifecycle::domain::ReferenceName;
    /// let name = ReferenceName::from("debts.client_id");
    /// let (kind, field) = name.split().expect("has a dot");
    /// assert_eq!((kind.as_str(), field.as_str()), ("debts", "client_id"));
    /// ```
    ReferenceName: "the name of a reference, such as `debts.client_id`"
}

impl ReferenceName {
    /// Returns the kind and the field; `None` if there is no dot or either is empty.
    #[must_use]
    pub fn split(&self) -> Option<(KindName, FieldName)> {
        let (kind, field) = self.0.rsplit_once('.')?;
        (!kind.is_empty() && !field.is_empty()).then(|| (kind.into(), field.into()))
    }
}
