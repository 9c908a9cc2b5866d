//! Errors of documents in plain words: what was found and what was expected, in terms of JSON.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::words::{choice, shortened};

/// A deserializer of any self-describing format whose errors use JSON terms and not Rust types.
///
/// For a wrong mask, serde says "invalid type: unit variant, expected newtype variant"; this says "unknown mask
/// `txt`; expected `null`, …". All nested types report their errors through [`PlainError`], so no key of a document
/// is left out. Unlike serde's derive, it does not accept a list of values in place of an object.
pub(crate) struct PlainErrors<D>(pub(crate) D);

/// An error of the format with a message in plain words.
#[derive(Debug)]
pub(crate) struct PlainError<E>(pub(crate) E);

impl<E: fmt::Display> fmt::Display for PlainError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: std::error::Error> std::error::Error for PlainError<E> {}

impl<E: Error> Error for PlainError<E> {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(E::custom(message))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("found {}; expected {}", describe(found), plain(expected)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(found: usize, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("found {found} elements; expected {}", plain(expected)))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("unknown word `{}`; expected {}", shortened(found), choice(expected)))
    }

    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        let expected: Vec<&str> = expected.iter().copied().filter(|key| !OLD_KEYS.contains(key)).collect();
        Self::custom(format_args!("unknown key `{}`; expected {}", shortened(found), choice(&expected)))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::custom(format_args!("the key `{key}` is missing"))
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::custom(format_args!("duplicate key `{key}`"))
    }
}

/// Old names of keys. They are still accepted, but errors recommend the new names.
const OLD_KEYS: [&str; 3] = ["only", "key", "link"];

/// Describes the value that was found, in JSON terms.
fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::Float(value) => format!("the number {value}"),
        Unexpected::Char(value) => format!("the text `{value}`"),
        Unexpected::Str("") => "empty text".to_owned(),
        Unexpected::Str(text) => format!("the text `{}`", shortened(text)),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq | Unexpected::TupleVariant => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant => "an object".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// Describes the expected value. Descriptions that Rust's standard types give are translated to JSON terms.
fn plain(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    let known = match text.as_str() {
        "a string" | "a borrowed string" | "a character" => "text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "a map" => "an object",
        "u16" => "an integer from 0 to 65535",
        _ => return text,
    };
    known.to_owned()
}

macro_rules! scalars {
    ($($visit:ident: $type:ty,)*) => {$(
        fn $visit<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$visit(value).map_err(|error: PlainError<E>| error.0)
        }
    )*};
}

/// A visitor whose errors are plain.
struct Plain<V> {
    visitor: V,
    /// Whether a list is an error. Otherwise, the visitor would read the list as the values of an object, in order.
    object: bool,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Plain<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    scalars! {
        visit_bool: bool,
        visit_i64: i64,
        visit_i128: i128,
        visit_u64: u64,
        visit_u128: u128,
        visit_f64: f64,
        visit_str: &str,
        visit_borrowed_str: &'de str,
        visit_string: String,
        visit_bytes: &[u8],
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none().map_err(|error: PlainError<E>| error.0)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit().map_err(|error: PlainError<E>| error.0)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(PlainErrors(deserializer)).map_err(|error| error.0)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(PlainErrors(deserializer)).map_err(|error| error.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        if self.object {
            return Err(PlainError::invalid_type(Unexpected::Seq, &self.visitor).0);
        }
        self.visitor.visit_seq(PlainErrors(list)).map_err(|error| error.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(PlainErrors(map)).map_err(|error| error.0)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for PlainErrors<A> {
    type Error = PlainError<A::Error>;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Self::Error> {
        self.0.next_element_seed(PlainErrors(seed)).map_err(PlainError)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for PlainErrors<A> {
    type Error = PlainError<A::Error>;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        self.0.next_key_seed(PlainErrors(seed)).map_err(PlainError)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Self::Error> {
        self.0.next_value_seed(PlainErrors(seed)).map_err(PlainError)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for PlainErrors<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(PlainErrors(deserializer)).map_err(|error| error.0)
    }
}

impl<'de, D: Deserializer<'de>> PlainErrors<D> {
    fn read<V: Visitor<'de>>(self, visitor: V, object: bool) -> Result<V::Value, PlainError<D::Error>> {
        self.0.deserialize_any(Plain { visitor, object }).map_err(PlainError)
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for PlainErrors<D> {
    type Error = PlainError<D::Error>;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.read(visitor, false)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.read(visitor, true)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.read(visitor, true)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_option(Plain { visitor, object: false }).map_err(PlainError)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct identifier enum ignored_any
    }
}
