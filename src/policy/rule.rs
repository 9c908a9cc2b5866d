//! Rules: what happens to a row whose parent is removed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::words::words;
use crate::domain::{
    CalendarPeriod, Condition, FieldName, Mask, Moment, Period, RecordId, ReferenceName, Value,
};

/// What happens to a row whose parent is removed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// The row is treated like its parent: deleted, marked as deleted, or set OFF.
    Cascade,
    /// The row is deleted, whatever happens to its parent.
    Delete,
    /// The row is marked as deleted.
    SoftDelete,
    /// The row blocks the operation, unless the operation removes it over another reference.
    Restrict,
    /// The row blocks the operation.
    Protect,
    /// The row stays, masked. If the rule has no masks, the masks of the kind apply.
    Anonymize(BTreeMap<FieldName, Mask>),
    /// The row stays untouched until a period is over. The entries after this one then decide about it; if none of them
    /// does, it is deleted.
    Retain(Retention),
    /// The row stays; its reference gets a new target.
    Redirect(Redirect),
    /// The row stays.
    Keep,
    /// The row stays if the record it owns is removed. If the row is removed, the record it owns stays.
    Leave,
}

/// The period for which a row stays, its start, and its legal ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a retention, such as {\"for\": \"P6Y\", \"from\": \"issued_at\", \"basis\": \"the law and its article\"}"
)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retention {
    /// For how long: `P6Y` is six years.
    #[serde(rename = "for")]
    pub period: Period,
    /// The field of the row, a date or a timestamp, from which the period runs.
    pub from: FieldName,
    /// Whether the period counts from the end of the calendar year, quarter or month of `from`, in UTC. Default: from
    /// the day of `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_end_of: Option<CalendarPeriod>,
    /// The legal basis, such as a law and its article. It must not be empty.
    pub basis: String,
}

impl Retention {
    /// Returns when a row with this start may be deleted; `None` if that never comes.
    #[must_use]
    pub fn end(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.from_end_of {
            Some(calendar) => calendar.end(self.period, from),
            None => self.period.end(from),
        }
    }

    /// Returns the moment before which a row's start must lie for its period to be over.
    #[must_use]
    pub fn cutoff(&self) -> Moment {
        match self.from_end_of {
            Some(calendar) => Moment::CutoffFromEndOf(calendar, self.period),
            None => Moment::Cutoff(self.period),
        }
    }
}

/// The new target of a reference.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Redirect {
    /// Null.
    SetNull,
    /// This id. `None` stands for the default that the data map declares for the field.
    SetDefault(Option<Value>),
    /// This record. `None` stands for the record that the request names.
    Reassign(Option<RecordId>),
}

/// What happens to the reference of a row that survives its parent.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OnSurvive {
    /// The reference gets a new target.
    Redirect(Redirect),
    /// The parent stays as an anonymized tombstone.
    Tombstone,
}

impl From<Redirect> for OnSurvive {
    fn from(redirect: Redirect) -> Self {
        Self::Redirect(redirect)
    }
}

/// What happens to a row that a new target would make equal to another row under a unique key.
///
/// ```
/// use client_lifecycle::policy::{OnClash, reassign};
/// let views = reassign().on_clash(OnClash::delete(["user_id", "case_id"]));
/// # let _ = views;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnClash {
    /// The row that moves is deleted. Of several such rows that are equal to each other, the first by id stays.
    Delete {
        /// The fields of the unique key. The fields of the reference are among them.
        unique: Vec<FieldName>,
    },
}

impl OnClash {
    /// Deletes a row that would be equal to another row in these fields.
    pub fn delete<F: Into<FieldName>>(unique: impl IntoIterator<Item = F>) -> Self {
        Self::Delete { unique: unique.into_iter().map(Into::into).collect() }
    }

    /// Returns the fields of the unique key.
    #[must_use]
    pub fn unique(&self) -> &[FieldName] {
        match self {
            Self::Delete { unique } => unique,
        }
    }
}

words! {
    /// How a parent survived.
    #[non_exhaustive]
    pub enum Parent: "parent" {
        /// The parent was anonymized.
        Anonymize = "anonymize",
        /// The parent is retained.
        Retain = "retain",
    }
}

/// One entry of a rule. The first entry whose condition holds decides.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Applies only to rows that meet this condition.
    pub when: Option<Condition>,
    /// Applies to rows below parents that survived in this way; `None` applies to rows below removed parents.
    pub parent: Option<Parent>,
    /// The rule.
    pub then: Rule,
    /// What happens to the reference if the row survives its parent.
    pub on_survive: Option<OnSurvive>,
    /// The condition on the new target of a reassigned reference.
    pub qualifies: Option<Condition>,
    /// What happens to rows that the new target would make equal to other rows. By default, they block.
    pub on_clash: Option<OnClash>,
    /// The reason for the rule. Shown if the entry blocks an operation. It affects neither the decision nor any
    /// digest.
    pub rationale: Option<String>,
    /// Whether the entry stands for an action of the database. It applies only below rows that are physically deleted.
    pub(crate) by_database: bool,
}

/// The entries for each reference, and for all other references.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Rules {
    /// The entries by reference.
    pub named: BTreeMap<ReferenceName, Vec<Entry>>,
    /// The entries for all other references.
    pub others: Option<Vec<Entry>>,
}

impl Rules {
    /// Returns the entries for a reference.
    #[must_use]
    pub fn entries(&self, reference: &ReferenceName) -> Option<&[Entry]> {
        self.named.get(reference).or(self.others.as_ref()).map(Vec::as_slice)
    }
}

impl Rule {
    /// Returns the name in documents.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Cascade => "cascade",
            Self::Delete => "delete",
            Self::SoftDelete => "soft_delete",
            Self::Restrict => "restrict",
            Self::Protect => "protect",
            Self::Anonymize(_) => "anonymize",
            Self::Retain(_) => "retain",
            Self::Redirect(Redirect::SetNull) => "set_null",
            Self::Redirect(Redirect::SetDefault(_)) => "set_default",
            Self::Redirect(Redirect::Reassign(_)) => "reassign",
            Self::Keep => "keep",
            Self::Leave => "leave",
        }
    }

    /// Returns whether the rule gives the reference another record as its target.
    #[must_use]
    pub fn reassigns(&self) -> bool {
        matches!(self, Self::Redirect(Redirect::Reassign(_)))
    }

    /// Returns whether the rule may make rows block.
    #[must_use]
    pub fn blocks(&self) -> bool {
        matches!(self, Self::Restrict | Self::Protect)
    }
}

impl Entry {
    /// Returns whether the entry decides about every row that no earlier entry decides about. A `retain` leaves rows
    /// whose period is over to the entries after it.
    pub(crate) fn decides_all(&self) -> bool {
        self.when.is_none() && !matches!(self.then, Rule::Retain(_))
    }
}

impl From<Rule> for Entry {
    fn from(then: Rule) -> Self {
        Self {
            when: None,
            parent: None,
            then,
            on_survive: None,
            qualifies: None,
            on_clash: None,
            rationale: None,
            by_database: false,
        }
    }
}
