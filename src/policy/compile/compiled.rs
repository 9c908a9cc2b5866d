//! A compiled mode: everything about a mode that is the same for every request.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::{
    Condition, DataMap, DeletedField, FieldName, FieldType, Kind, KindName, Mask, OnDelete, RecordId,
    Reference, ReferenceName, Value,
};
use crate::plan::StepKey;
use crate::policy::{Guard, Retention};
use crate::protocol::{Branch, ElementChange, EventDraft, NewValue, Question, Rows, SetId, Stratum, Write};

/// A compiled mode. Every `question` is the position of an answer in the survey.
#[derive(Debug)]
pub(crate) struct CompiledMode {
    /// The data map that the sets speak of. If the database has foreign keys that the policy does not declare, it also
    /// has their references.
    pub(crate) map: Arc<DataMap>,
    pub(crate) sets: Arc<[Stratum]>,
    pub(crate) questions: Arc<[Question]>,
    /// In execution order.
    pub(crate) steps: Vec<CompiledStep>,
    pub(crate) blockers: Vec<CompiledBlocker>,
    pub(crate) unknowns: Vec<CompiledUnknown>,
    /// Branches to the rows of the subject's kind, other than the subjects, that the operation would write.
    pub(crate) written: Vec<Branch>,
    /// Each guard with the question about the rows that match it.
    pub(crate) guards: Vec<(Guard, usize)>,
    /// The events of each effect, with the question about how many there are.
    pub(crate) effects: Vec<(EventDraft, usize)>,
    /// The fields of the subject that the audit entry keeps, if the mode erases.
    pub(crate) before: Vec<FieldName>,
    pub(crate) targets: Vec<CompiledTarget>,
    /// The sets of targets that the request names, with the references that get them. The sets are empty until then.
    pub(crate) named_targets: Vec<(SetId, ReferenceName)>,
    pub(crate) locks: Vec<Rows>,
}

/// A step whose number of rows is not known yet.
#[derive(Debug, Clone)]
pub(crate) struct CompiledStep {
    pub(crate) key: StepKey,
    pub(crate) rows: Rows,
    pub(crate) question: usize,
    pub(crate) write: WriteTemplate,
    pub(crate) grounds: Vec<CompiledGround>,
    /// For tombstones: each reference that forces rows to stay, with the question about the surviving rows.
    pub(crate) forced_by: Vec<(ReferenceName, usize)>,
    /// Whether the plan shows the step. A hidden step prepares or completes another step.
    pub(crate) shown: bool,
}

impl CompiledStep {
    pub(super) fn new(key: StepKey, rows: Rows, question: usize, write: WriteTemplate) -> Self {
        let (grounds, forced_by) = (Vec::new(), Vec::new());
        Self { key, rows, question, write, grounds, forced_by, shown: true }
    }

    pub(super) fn hidden(key: StepKey, rows: Rows, question: usize, write: WriteTemplate) -> Self {
        Self { shown: false, ..Self::new(key, rows, question, write) }
    }
}

/// A retention period, and the questions about the rows it retains.
#[derive(Debug, Clone)]
pub(crate) struct CompiledGround {
    pub(crate) reference: ReferenceName,
    pub(crate) retention: Retention,
    /// The question about the number of rows, and their first and last date.
    pub(crate) question: usize,
    /// The question about the number of rows without a date.
    pub(crate) undated: usize,
}

/// A question about rows that block the operation.
#[derive(Debug)]
pub(crate) struct CompiledBlocker {
    pub(crate) kind: KindName,
    /// `None` for rows that the policy's filter excludes.
    pub(crate) reference: Option<ReferenceName>,
    pub(crate) rule: &'static str,
    /// The condition of the entry, as text.
    pub(crate) when: Option<String>,
    /// The policy's rationale for the entry.
    pub(crate) rationale: Option<String>,
    /// The action of the foreign key, if the reference is not declared.
    pub(crate) undeclared: Option<OnDelete>,
    pub(crate) question: usize,
}

/// A question about rows for which it is unknown whether a rule or a guard protects them, because a value is null.
#[derive(Debug)]
pub(crate) struct CompiledUnknown {
    /// The name of the warning.
    pub(crate) name: String,
    pub(crate) kind: KindName,
    /// What would happen, as the end of a sentence that begins "it is unknown whether".
    pub(crate) what: String,
    pub(crate) question: usize,
}

/// The new target of redirected references. It must exist, and the operation must not remove it.
#[derive(Debug)]
pub(crate) struct CompiledTarget {
    pub(crate) reference: ReferenceName,
    pub(crate) from: KindName,
    pub(crate) to: KindName,
    /// The target from the policy; `None` if the request names it.
    pub(crate) target: Option<Value>,
    pub(crate) rule: &'static str,
    /// The question about the number of rows that would refer to the target.
    pub(crate) question: usize,
    /// Rows that the target must not be among.
    pub(crate) except: Vec<Rows>,
    /// The condition that the target must meet.
    pub(crate) qualifies: Option<Condition>,
    /// The rows that move below another row of their own kind; `None` if the reference leads to another kind.
    pub(crate) adoption: Option<Adoption>,
}

/// Rows that move below another row of their own kind. None of them may come to lie below itself.
#[derive(Debug)]
pub(crate) struct Adoption {
    pub(crate) rows: Rows,
    /// The rows below which they lie now.
    pub(crate) former: Vec<Rows>,
}

impl Adoption {
    /// Returns the adoption of rows over a reference. The rows of a list lie below several others, so they form no
    /// tree.
    pub(super) fn over(reference: &Reference, rows: Rows, former: &[Rows]) -> Option<Self> {
        let is_tree = reference.from == reference.to && !reference.each;
        is_tree.then(|| Self { rows, former: former.to_vec() })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WriteTemplate {
    Delete,
    Update(Vec<(FieldName, ValueTemplate)>),
    Mark(Vec<(FieldName, ValueTemplate)>),
    Replace(Vec<(FieldName, ValueTemplate)>),
    Keep,
}

/// A new value, or a placeholder that the request fills in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ValueTemplate {
    Known(NewValue),
    /// The instant of the request, in the form of a field of this type.
    Now(FieldType),
    /// The mark of a deleted record: the instant of the request, in the form of this field and type.
    MarkedNow(DeletedField, FieldType),
    /// The new target of a reference: a value from the policy (may be null), or `None` for the record that the
    /// request names.
    Target(Option<Value>),
    /// The part of the new target at this position, for a reference of several fields.
    TargetPart(usize, Option<Value>),
    /// The list without the elements that refer to the rows `of`. A new target replaces the first of them.
    Elements {
        reference: ReferenceName,
        of: Vec<Rows>,
        target: Option<Value>,
    },
}

impl WriteTemplate {
    /// Marks rows as deleted, and records what it replaces.
    pub(super) fn mark(kind: &Kind) -> Self {
        Self::Replace(marked(kind).chain(touched(kind)).collect())
    }

    /// Records what the write replaces, so that it can be put back.
    pub(super) fn recording(self) -> Self {
        match self {
            Self::Update(values) => Self::Replace(values),
            other => other,
        }
    }

    /// Puts back the former values of these fields.
    pub(super) fn put_back(kind: &Kind, fields: &[FieldName]) -> Self {
        let former = fields.iter().map(|field| (field.clone(), ValueTemplate::Known(NewValue::Former)));
        Self::Update(former.chain(touched(kind)).collect())
    }

    /// Sets rows ON or OFF.
    pub(super) fn switch(kind: &Kind, on: bool) -> Self {
        Self::Update(switched(kind, on).chain(touched(kind)).collect())
    }

    /// Sets rows OFF, and records them under the operation, so that `reactivate` finds them again.
    pub(super) fn mark_off(kind: &Kind) -> Self {
        Self::Mark(switched(kind, false).chain(touched(kind)).collect())
    }

    /// Leaves the new values to the request.
    pub(super) fn edit(kind: &Kind) -> Self {
        Self::Update(touched(kind).collect())
    }

    /// Masks fields of rows that stay.
    pub(super) fn anonymize(kind: &Kind, masks: &BTreeMap<FieldName, Mask>) -> Self {
        Self::in_order_of_fields(masked(masks).chain(touched(kind)))
    }

    /// Adds masks to rows that another step already anonymizes.
    pub(super) fn add_masks(masks: &BTreeMap<FieldName, Mask>) -> Self {
        Self::in_order_of_fields(masked(masks))
    }

    /// Masks the personal fields of rows that count as deleted, sets them OFF and marks them.
    pub(super) fn tombstone(kind: &Kind) -> Self {
        let closed = switched(kind, false).chain(marked(kind));
        Self::in_order_of_fields(masked(&kind.personal).chain(closed).chain(touched(kind)))
    }

    /// Redirects a reference from the rows `of` to another target.
    pub(super) fn redirect(
        map: &DataMap,
        kind: &Kind,
        reference: &Reference,
        of: Vec<Rows>,
        target: Option<Value>,
    ) -> Self {
        let redirected: Vec<(FieldName, ValueTemplate)> = match (&target, reference.only_field()) {
            (_, Some(field)) if reference.each => {
                let reference = reference.name.clone();
                vec![(field.clone(), ValueTemplate::Elements { reference, of, target })]
            }
            (Some(Value::Null), _) => emptied(map, reference).collect(),
            (_, Some(field)) => vec![(field.clone(), ValueTemplate::Target(target))],
            (_, None) => {
                let parts = reference.fields.iter().enumerate();
                parts
                    .map(|(at, field)| (field.clone(), ValueTemplate::TargetPart(at, target.clone())))
                    .collect()
            }
        };
        Self::Update(redirected.into_iter().chain(touched(kind)).collect())
    }

    /// Gives fields of rows that stay the values that a foreign key gives them.
    pub(super) fn by_foreign_key(kind: &Kind, values: &[(FieldName, Value)]) -> Self {
        let values = values.iter();
        let values = values.map(|(field, value)| (field.clone(), ValueTemplate::Target(Some(value.clone()))));
        Self::Update(values.chain(touched(kind)).collect())
    }

    /// Sets a reference to null in rows that a later step deletes.
    pub(super) fn unlink(map: &DataMap, reference: &Reference) -> Self {
        Self::Update(emptied(map, reference).collect())
    }

    /// Writes each field once. Of several values for a field, the last wins.
    fn in_order_of_fields(values: impl Iterator<Item = (FieldName, ValueTemplate)>) -> Self {
        Self::Update(values.collect::<BTreeMap<_, _>>().into_iter().collect())
    }

    /// Returns the new target of a redirect. `requested` is the record that the request names.
    pub(crate) fn target(&self, requested: Option<&RecordId>) -> Option<Value> {
        match self {
            Self::Update(values) | Self::Replace(values) => {
                values.iter().find_map(|(_, value)| match value {
                    ValueTemplate::Target(target)
                    | ValueTemplate::TargetPart(_, target)
                    | ValueTemplate::Elements { target, .. } => {
                        Some(target_value(target.as_ref(), requested))
                    }
                    ValueTemplate::Known(_) | ValueTemplate::Now(_) | ValueTemplate::MarkedNow(..) => None,
                })
            }
            Self::Delete | Self::Mark(_) | Self::Keep => None,
        }
    }

    /// Returns whether the write changes the elements of a list.
    pub(super) fn changes_elements(&self) -> bool {
        match self {
            Self::Update(values) | Self::Mark(values) | Self::Replace(values) => {
                values.iter().any(|(_, value)| matches!(value, ValueTemplate::Elements { .. }))
            }
            Self::Delete | Self::Keep => false,
        }
    }

    /// Fills in the time of the request and the target that it names.
    pub(crate) fn fill(&self, now: DateTime<Utc>, requested: Option<&RecordId>) -> Write {
        let value = |template: &ValueTemplate| match template {
            ValueTemplate::Known(value) => value.clone(),
            ValueTemplate::Now(declared) => NewValue::Value(declared.instant(now)),
            ValueTemplate::MarkedNow(deleted, declared) => NewValue::Value(deleted.mark_at(*declared, now)),
            ValueTemplate::Elements { reference, of, target } => NewValue::Elements(ElementChange {
                reference: reference.clone(),
                of: of.clone(),
                new: target_value(target.as_ref(), requested).as_id(),
            }),
            ValueTemplate::Target(target) => NewValue::Value(target_value(target.as_ref(), requested)),
            ValueTemplate::TargetPart(position, target) => {
                let whole = target_value(target.as_ref(), requested).as_id();
                let part = whole.as_ref().and_then(|whole| whole.parts().get(*position));
                NewValue::Value(part.map(Value::from).unwrap_or_default())
            }
        };
        let filled = |values: &[(FieldName, ValueTemplate)]| {
            values.iter().map(|(field, template)| (field.clone(), value(template))).collect()
        };
        match self {
            Self::Delete => Write::Delete,
            Self::Update(values) => Write::Update(filled(values)),
            Self::Mark(values) => Write::Mark(filled(values)),
            Self::Replace(values) => Write::Replace(filled(values)),
            Self::Keep => Write::Keep,
        }
    }
}

/// Returns the value of a target. It is null if the request should name a record and does not; the plan then has a
/// blocker.
fn target_value(target: Option<&Value>, requested: Option<&RecordId>) -> Value {
    target.cloned().unwrap_or_else(|| requested.map_or(Value::Null, Value::from))
}

/// Returns the fields that become null if a reference is emptied.
fn emptied<'a>(
    map: &'a DataMap,
    reference: &'a Reference,
) -> impl Iterator<Item = (FieldName, ValueTemplate)> {
    map.emptied_fields(reference).map(|field| (field.clone(), ValueTemplate::Target(Some(Value::Null))))
}

fn marked(kind: &Kind) -> impl Iterator<Item = (FieldName, ValueTemplate)> {
    kind.deleted_at.iter().map(|deleted| {
        let declared = kind.type_of(&deleted.field);
        (deleted.field.clone(), ValueTemplate::MarkedNow(deleted.clone(), declared))
    })
}

fn switched(kind: &Kind, on: bool) -> impl Iterator<Item = (FieldName, ValueTemplate)> {
    kind.status.iter().map(move |status| {
        let value = if on { &status.on } else { &status.off };
        (status.field.clone(), ValueTemplate::Known(NewValue::Value(value.clone())))
    })
}

fn masked(masks: &BTreeMap<FieldName, Mask>) -> impl Iterator<Item = (FieldName, ValueTemplate)> {
    masks.iter().map(|(field, mask)| {
        let value = match mask {
            Mask::Null => NewValue::Value(Value::Null),
            mask => NewValue::Masked(mask.clone()),
        };
        (field.clone(), ValueTemplate::Known(value))
    })
}

/// Returns the fields that every write sets: `updated_at` and the version.
fn touched(kind: &Kind) -> impl Iterator<Item = (FieldName, ValueTemplate)> {
    let at = kind.updated_at.iter();
    let at = at.map(|field| (field.clone(), ValueTemplate::Now(kind.type_of(field))));
    at.chain(kind.version.iter().map(|field| (field.clone(), ValueTemplate::Known(NewValue::Next))))
}
