//! Conditions in documents.

use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Comparison, Condition, Moment};
use crate::domain::text_visitor::TextVisitor;
use crate::domain::{FieldName, Period, Value, instant_text};

/// One object with every key a condition may have; exactly one combination makes sense.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a condition, such as {\"field\": \"status\", \"eq\": \"PENDING\"}")]
struct Document {
    all: Option<Vec<Condition>>,
    any: Option<Vec<Condition>>,
    not: Option<Box<Condition>>,
    field: Option<FieldName>,
    #[serde(default, deserialize_with = "crate::domain::present")]
    eq: Option<Value>,
    #[serde(default, deserialize_with = "crate::domain::present")]
    ne: Option<Value>,
    lt: Option<Value>,
    le: Option<Value>,
    gt: Option<Value>,
    ge: Option<Value>,
    r#in: Option<Vec<Value>>,
    is_null: Option<bool>,
    before: Option<MomentDocument>,
    after: Option<MomentDocument>,
    within: Option<Period>,
    older_than: Option<Period>,
}

const ONE_TEST: &str = "a condition is `field` with one of eq, ne, lt, le, gt, ge, in, is_null, before, \
                        after, within, older_than, or one of all, any, not";

impl TryFrom<Document> for Condition {
    type Error = String;

    fn try_from(document: Document) -> Result<Self, String> {
        let Document {
            all,
            any,
            not,
            field,
            eq,
            ne,
            lt,
            le,
            gt,
            ge,
            r#in,
            is_null,
            before,
            after,
            within,
            older_than,
        } = document;
        let mut found = Vec::new();
        found.extend(all.map(Self::All));
        found.extend(any.map(Self::Any));
        found.extend(not.map(Self::Not));
        let joined = found.len();
        if let Some(field) = field.clone() {
            let compared = [
                (eq, Comparison::Equal),
                (ne, Comparison::NotEqual),
                (lt, Comparison::Less),
                (le, Comparison::LessOrEqual),
                (gt, Comparison::Greater),
                (ge, Comparison::GreaterOrEqual),
            ];
            for (value, is) in compared {
                let Some(value) = value else { continue };
                if value.is_null() {
                    return Err("a comparison with null never holds; use `is_null`".into());
                }
                found.push(Self::Compare { field: field.clone(), is, value });
            }
            if let Some(values) = r#in {
                if values.iter().any(Value::is_null) {
                    return Err("a comparison with null never holds; use `is_null`".into());
                }
                found.push(Self::OneOf { field: field.clone(), values });
            }
            found.extend(is_null.map(
                |is_null| {
                    if is_null { super::is_null(&field) } else { super::not_null(&field) }
                },
            ));
            for (moment, is) in [(before, Comparison::Less), (after, Comparison::Greater)] {
                let Some(MomentDocument(moment)) = moment else { continue };
                found.push(Self::Time { field: field.clone(), is, moment });
            }
            found.extend(within.map(|period| super::within(&field, period)));
            found.extend(older_than.map(|period| super::older_than(&field, period)));
        }
        match (found.pop(), found.is_empty()) {
            (Some(one), true) if field.is_some() != (joined == 1) => Ok(one),
            _ => Err(ONE_TEST.into()),
        }
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    if text == "now" {
        return Ok(Moment::Now);
    }
    text.parse().map(Moment::At).map_err(|_| format!("`{text}` is neither `now` nor an RFC 3339 instant"))
}

/// `now`, or an instant.
struct MomentDocument(Moment);

impl<'de> Deserialize<'de> for MomentDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "`now` or an RFC 3339 instant, such as `2024-01-20T00:00:00Z`";
        deserializer.deserialize_str(TextVisitor { expected, read: moment }).map(Self)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Document::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(field) = self.field() {
            map.serialize_entry("field", field)?;
        }
        match self {
            Self::Compare { is, value, .. } => map.serialize_entry(
                match is {
                    Comparison::Equal => "eq",
                    Comparison::NotEqual => "ne",
                    Comparison::Less => "lt",
                    Comparison::LessOrEqual => "le",
                    Comparison::Greater => "gt",
                    Comparison::GreaterOrEqual => "ge",
                },
                value,
            )?,
            Self::OneOf { values, .. } => map.serialize_entry("in", values)?,
            Self::IsNull { .. } => map.serialize_entry("is_null", &true)?,
            Self::Time { is, moment, .. } => match (moment, is) {
                (Moment::Cutoff(period), Comparison::Less) => {
                    map.serialize_entry("older_than", period)?;
                }
                (Moment::Cutoff(period), Comparison::GreaterOrEqual) => {
                    map.serialize_entry("within", period)?;
                }
                (Moment::Now, Comparison::Less) => map.serialize_entry("before", "now")?,
                (Moment::Now, Comparison::Greater) => map.serialize_entry("after", "now")?,
                (Moment::At(at), Comparison::Less) => {
                    map.serialize_entry("before", &instant_text(*at))?;
                }
                (Moment::At(at), Comparison::Greater) => {
                    map.serialize_entry("after", &instant_text(*at))?;
                }
                _ => {
                    return Err(S::Error::custom("a time condition that documents cannot say"));
                }
            },
            Self::All(conditions) => map.serialize_entry("all", conditions)?,
            Self::Any(conditions) => map.serialize_entry("any", conditions)?,
            Self::Not(condition) => map.serialize_entry("not", condition)?,
        }
        map.end()
    }
}
