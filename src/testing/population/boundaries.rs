//! Boundary values: the values of a field around every value and instant that the policy compares it with.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, TimeZone, Utc};
use serde_json::json;

use crate::domain::{
    Comparison, Condition, FieldName, FieldType, Kind, KindName, Mask, Moment, Reference, Value, instant_text,
};
use crate::policy::{DeletionPolicy, Retention, Rule};

/// The values and instants with which a policy compares the fields of its kinds.
pub(super) struct Boundaries {
    conditions: Vec<(KindName, Condition)>,
    scopes: Vec<(KindName, FieldName)>,
    masks: Vec<(KindName, FieldName, Mask)>,
    now: DateTime<Utc>,
}

impl Boundaries {
    /// Collects the conditions, periods and masks of a policy, in all modes.
    pub(super) fn of(policy: &DeletionPolicy, now: DateTime<Utc>) -> Self {
        let conditions = policy.conditions().into_iter();
        let mut conditions: Vec<_> =
            conditions.map(|one| (one.kind.clone(), one.condition.clone())).collect();
        let mut masks = Vec::new();
        for kind in policy.map().kinds() {
            let personal = kind.personal.iter();
            masks.extend(personal.map(|(field, mask)| (kind.name.clone(), field.clone(), mask.clone())));
        }
        for mode in policy.modes().filter_map(|mode| policy.mode(mode)) {
            for Reference { name, from, .. } in policy.map().references() {
                for entry in mode.rules.entries(name).unwrap_or_default() {
                    match &entry.then {
                        Rule::Retain(retention) => conditions.push((from.clone(), is_over(retention))),
                        Rule::Anonymize(own) => masks.extend(
                            own.iter().map(|(field, mask)| (from.clone(), field.clone(), mask.clone())),
                        ),
                        _ => {}
                    }
                }
            }
        }
        let scopes = policy.scopes().map(|field| (policy.subject().clone(), field.clone())).collect();
        Self { conditions, scopes, masks, now }
    }

    /// Returns whether the policy expects that a field can be null.
    pub(super) fn can_be_null(&self, kind: &Kind, field: &FieldName) -> bool {
        let is_declared = kind.fields.get(field).is_some_and(|declared| declared.nullable);
        let is_tested = || {
            let mut comparisons = self.comparisons(kind, field).into_iter();
            comparisons.any(|comparison| matches!(comparison, Condition::IsNull { .. }))
        };
        let becomes_null = || self.masks_of(kind, field).any(|mask| *mask == Mask::Null);
        is_declared || is_null_on_live_rows(kind, field) || is_tested() || becomes_null()
    }

    /// Returns the values to try for a field that is neither a key nor a reference, the simplest first.
    pub(super) fn values(&self, kind: &Kind, field: &FieldName) -> Vec<Value> {
        let field_type = kind.type_of(field);
        let mut values = self.plain_values(kind, field);
        if self.can_be_null(kind, field) {
            // A row is live unless it is marked.
            let at = usize::from(!is_null_on_live_rows(kind, field));
            values.insert(at.min(values.len()), Value::Null);
        }
        values.extend(self.compared_values(kind, field));
        for mask in self.masks_of(kind, field) {
            if let Mask::Truncate(length) = mask {
                let lengths = [length.saturating_sub(1), *length, length.saturating_add(1)];
                values.extend(lengths.map(|length| "x".repeat(length.into()).into()));
            }
        }
        let mut seen: Vec<Value> = Vec::new();
        for value in values {
            if field_type.read(&value).is_ok() && !seen.contains(&value) {
                seen.push(value);
            }
        }
        seen
    }

    /// Returns the values around those that conditions compare a field with.
    pub(super) fn compared_values(&self, kind: &Kind, field: &FieldName) -> Vec<Value> {
        let field_type = kind.type_of(field);
        let around = |comparison: &Condition| match comparison {
            Condition::Compare { is, value, .. } => around_value(field_type, *is, value),
            Condition::OneOf { values, .. } => values.clone(),
            Condition::Time { moment, .. } => around_moment(field_type, *moment, self.now),
            _ => Vec::new(),
        };
        self.comparisons(kind, field).into_iter().flat_map(around).collect()
    }

    /// Returns ordinary values that no condition mentions. A field that limits the scope of actors has two.
    fn plain_values(&self, kind: &Kind, field: &FieldName) -> Vec<Value> {
        if let Some(status) = kind.status.as_ref().filter(|status| status.field == *field) {
            return vec![status.on.clone(), status.off.clone()];
        }
        // A row is live unless it is marked.
        let deleted = kind.deleted_at.as_ref().filter(|deleted| deleted.field == *field);
        if let Some(deleted) = deleted.filter(|deleted| !deleted.live.is_null()) {
            return vec![deleted.live.clone(), deleted.mark_at(kind.type_of(field), self.now)];
        }
        let scopes = self.scopes.iter().filter(|(of, scope)| *of == kind.name && scope == field).count();
        let new_year = Utc.with_ymd_and_hms(self.now.year(), 1, 1, 0, 0, 0).single().unwrap_or(self.now);
        let mut values: Vec<Value> = match kind.type_of(field) {
            FieldType::Text => vec!["a".into(), "b".into()],
            FieldType::Integer => vec![0.into(), 1.into()],
            FieldType::Boolean => return vec![false.into(), true.into()],
            FieldType::Date => vec![day_text(new_year).into()],
            FieldType::Timestamp => vec![instant_text(new_year).into()],
            FieldType::TimestampMs => vec![new_year.timestamp_millis().into()],
            FieldType::Uuid => [1, 2].map(|n| uuid::Uuid::from_u128(n).to_string().into()).into(),
            FieldType::Decimal => vec![0.5.into(), 1.5.into()],
            FieldType::Json => return vec![Value::Json(json!({ "a": 1 }))],
        };
        values.truncate(if scopes > 0 { 2 } else { 1 });
        values
    }

    fn comparisons<'a>(&'a self, kind: &Kind, field: &FieldName) -> Vec<&'a Condition> {
        let mut found = Vec::new();
        for (_, condition) in self.conditions.iter().filter(|(on, _)| *on == kind.name) {
            condition.visit(&mut |leaf| {
                if leaf.field() == Some(field) {
                    found.push(leaf);
                }
            });
        }
        found
    }

    fn masks_of<'a>(&'a self, kind: &'a Kind, field: &'a FieldName) -> impl Iterator<Item = &'a Mask> {
        let of_field = self.masks.iter().filter(move |(on, name, _)| *on == kind.name && name == field);
        of_field.map(|(_, _, mask)| mask)
    }
}

/// Returns whether a field is null on live rows.
fn is_null_on_live_rows(kind: &Kind, field: &FieldName) -> bool {
    kind.deleted_at.as_ref().is_some_and(|deleted| deleted.field == *field && deleted.live.is_null())
}

/// Returns the condition that a retention is over.
fn is_over(retention: &Retention) -> Condition {
    Condition::Time { field: retention.from.clone(), is: Comparison::Less, moment: retention.cutoff() }
}

/// Returns the value, and the values just below and just above it. Text has such neighbours only if its order is
/// compared.
fn around_value(field_type: FieldType, is: Comparison, value: &Value) -> Vec<Value> {
    let is_equality = matches!(is, Comparison::Equal | Comparison::NotEqual);
    let neighbours: Vec<Value> = match (field_type, field_type.read(value)) {
        (FieldType::Integer, Ok(Value::Integer(number))) => {
            vec![number.saturating_sub(1).into(), number.saturating_add(1).into()]
        }
        (FieldType::Decimal, Ok(Value::Real(number))) => {
            [-1.0, 1.0].map(|step| (((number * 100.0).round() + step) / 100.0).into()).into()
        }
        (FieldType::Text, Ok(Value::Text(text))) if !is_equality => {
            let mut shorter = text.clone();
            shorter.pop();
            vec![shorter.into(), format!("{text} ").into()]
        }
        (FieldType::Date | FieldType::Timestamp | FieldType::TimestampMs, Ok(Value::Timestamp(at))) => {
            return around_instant(field_type, at);
        }
        _ => Vec::new(),
    };
    std::iter::once(value.clone()).chain(neighbours).collect()
}

/// Returns instants around a moment. For a period, they are around the days and the instants at which a period that
/// ends now can begin.
fn around_moment(field_type: FieldType, moment: Moment, now: DateTime<Utc>) -> Vec<Value> {
    let cutoff = moment.at(now);
    let Moment::Cutoff(period) = moment else { return around_instant(field_type, cutoff) };
    if cutoff.time() != NaiveTime::MIN {
        // The period is exact, and the cutoff is the first millisecond of the periods that are not over.
        return around_instant(field_type, cutoff - TimeDelta::milliseconds(1));
    }
    let day_before = |day: DateTime<Utc>| day.checked_sub_signed(TimeDelta::days(1)).unwrap_or(day);
    let last = day_before(cutoff);
    let mut first = last;
    // Periods that begin on different days can all end on the last day of a short month. At most four days do.
    for _ in 0..3 {
        if period.end(day_before(first)) == period.end(last) {
            first = day_before(first);
        }
    }
    let time_of_day = now.time().signed_duration_since(NaiveTime::MIN);
    let mut instants = vec![cutoff];
    for day in if first == last { vec![last] } else { vec![first, last] } {
        instants.extend([day, day + time_of_day]);
    }
    instants.into_iter().flat_map(|at| around_instant(field_type, at)).collect()
}

/// Returns the instant, and those a second or a day before and after it. Dates have days only.
fn around_instant(field_type: FieldType, at: DateTime<Utc>) -> Vec<Value> {
    let steps = [0, -1, 1, -86_400, 86_400];
    let instants = steps.iter().filter_map(|step| at.checked_add_signed(TimeDelta::seconds(*step)));
    let written = instants.filter(|at| (1..=9999).contains(&at.year()));
    match field_type {
        FieldType::Date => written.map(|at| day_text(at).into()).collect(),
        FieldType::TimestampMs => written.map(|at| at.timestamp_millis().into()).collect(),
        _ => written.map(|at| instant_text(at).into()).collect(),
    }
}

fn day_text(at: DateTime<Utc>) -> String {
    at.date_naive().format("%Y-%m-%d").to_string()
}
