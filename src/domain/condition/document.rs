//! Conditions in documents.

use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Comparison, Condition, Moment};
use crate::domain::text_visitor::TextVisitor;
use crate::domain::{FieldName, Period, Value, instant_text};

/// A condition on one row: a `field` with one test, or one of `all`, `any`, `not` and `unknown`. A comparison with a null field
/// does not hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a condition, such as {\"field\": \"status\", \"eq\": \"PENDING\"}")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::domain::schema::one_test))]
struct Document {
    /// Conditions that must all hold: `[{"field": "paid", "eq": false}, {"field": "due_at", "before": "now"}]`.
    all: Option<Vec<Condition>>,
    /// Conditions of which at least one must hold.
    any: Option<Vec<Condition>>,
    /// A condition that must not hold. If it is unknown because a field is null, `not` is unknown too.
    not: Option<Box<Condition>>,
    /// A condition that must be unknown because a field that it compares is null. `unknown` itself is never unknown.
    unknown: Option<Box<Condition>>,
    /// The field that is tested.
    field: Option<FieldName>,
    /// The field equals this value.
    #[serde(default, deserialize_with = "crate::domain::present")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::domain::schema::not_null"))]
    eq: Option<Value>,
    /// The field is not null and differs from this value.
    #[serde(default, deserialize_with = "crate::domain::present")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::domain::schema::not_null"))]
    ne: Option<Value>,
    /// The field is less than this value.
    lt: Option<Value>,
    /// The field is at most this value.
    le: Option<Value>,
    /// The field is greater than this value.
    gt: Option<Value>,
    /// The field is at least this value.
    ge: Option<Value>,
    /// The field equals one of these values: `["PENDING", "OVERDUE"]`.
    #[cfg_attr(feature = "schema", schemars(extend("items" = crate::domain::schema::no_null())))]
    r#in: Option<Vec<Value>>,
    /// With `true`, the field is null. With `false`, it is not.
    is_null: Option<bool>,
    /// The field lies before this moment: `"now"`, or an RFC 3339 instant such as `"2026-01-01T00:00:00Z"`.
    before: Option<MomentDocument>,
    /// The field lies after this moment: `"now"`, or an RFC 3339 instant.
    after: Option<MomentDocument>,
    /// The field lies within the last period, or in the future: `"P30D"` is the last 30 days.
    within: Option<Period>,
    /// The field lies further back than this period: `"P6Y"` is more than six years ago.
    older_than: Option<Period>,
}

const ONE_TEST: &str = "a condition is `field` with one of eq, ne, lt, le, gt, ge, in, is_null, before, \
                        after, within, older_than, or one of all, any, not, unknown";

impl TryFrom<Document> for Condition {
    type Error = String;

    fn try_from(document: Document) -> Result<Self, String> {
        let Document {
            all,
            any,
            not,
            unknown,
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
        found.extend(unknown.map(Self::Unknown));
        let joined = found.len();
        let has_field = field.is_some();
        // Read the tests even without a field, so that a test beside `all`, `any`, `not` or `unknown` is reported and
        // not ignored.
        let field = field.unwrap_or_else(|| "".into());
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
        match (found.pop(), found.is_empty()) {
            (Some(one), true) if has_field != (joined == 1) => Ok(one),
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
pub(crate) struct MomentDocument(Moment);

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

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Condition {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Document::json_schema(generator)
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
                    return Err(S::Error::custom("a time condition that documents cannot express"));
                }
            },
            Self::All(conditions) => map.serialize_entry("all", conditions)?,
            Self::Any(conditions) => map.serialize_entry("any", conditions)?,
            Self::Not(condition) => map.serialize_entry("not", condition)?,
            Self::Unknown(condition) => map.serialize_entry("unknown", condition)?,
        }
        map.end()
    }
}
