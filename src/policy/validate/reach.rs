//! Checking what can happen: fields that rows need, and rows that would have to stay.

use crate::domain::{DataMap, Fault, FaultCode, Faults, KindName, Mode, Reference};
use crate::policy::ModePolicy;
use crate::policy::compile::{CompileContext, RowOutcome, cases, tombstone_kinds};

pub(super) fn check(subject: &KindName, map: &DataMap, mode: Mode, policy: &ModePolicy, faults: &mut Faults) {
    let context = CompileContext::new(subject, map, mode, policy);
    subject_fields(&context, faults);
    for reference in map.references() {
        reference_fields(&context, reference, faults);
    }
    tombstones(&context, faults);
}

fn subject_fields(context: &CompileContext<'_>, faults: &mut Faults) {
    let Some(kind) = context.map.kind(context.subject) else {
        return;
    };
    let path = format!("modes.{}", context.mode);
    let (missing, code) = match context.mode {
        Mode::Deactivate | Mode::Reactivate if kind.status.is_none() => ("status", FaultCode::MissingStatus),
        Mode::SoftDelete if kind.deleted_at.is_none() => ("deleted_at", FaultCode::MissingDeletedAt),
        Mode::Anonymize if kind.personal.is_empty() => ("personal", FaultCode::MissingPersonal),
        _ => return,
    };
    faults.push(
        Fault::new(code, path, format!("the mode needs `{missing}` of `{}`", kind.name))
            .remedy(format!("declare `kinds.{}.{missing}`", kind.name)),
    );
}

fn reference_fields(context: &CompileContext<'_>, reference: &Reference, faults: &mut Faults) {
    let Some(kind) = context.map.kind(&reference.from) else {
        return;
    };
    let entries = context.entries(&reference.name);
    for parent in context.possible_outcomes(&reference.to) {
        for case in cases(kind, entries, parent, context.mode) {
            let (missing, code) = match case.outcome {
                Some(RowOutcome::Soft) if kind.deleted_at.is_none() => {
                    ("deleted_at", FaultCode::MissingDeletedAt)
                }
                Some(RowOutcome::Off) if kind.status.is_none() => ("status", FaultCode::MissingStatus),
                _ => continue,
            };
            let rule = entries.get(case.entry).map_or("", |entry| entry.then.as_str());
            faults.push(
                Fault::new(
                    code,
                    format!("modes.{}.rules.{}", context.mode, reference.name),
                    format!("`{rule}` needs `{missing}` of `{}`", kind.name),
                )
                .remedy(format!("declare `kinds.{}.{missing}`, or choose `keep`", kind.name)),
            );
        }
    }
}

fn tombstones(context: &CompileContext<'_>, faults: &mut Faults) {
    for (kind, (reference, rule)) in tombstone_kinds(context) {
        if context.map.kind(&kind).is_some_and(|kind| kind.tombstone) {
            continue;
        }
        let chain: Vec<_> = context.path(&reference).iter().map(ToString::to_string).collect();
        faults.push(
            Fault::new(
                FaultCode::MissingTombstone,
                format!("modes.{}.rules.{reference}", context.mode),
                format!(
                    "a row that survives by `{rule}` must keep referring to a deleted row of `{kind}` \
                     (chain {})",
                    chain.join(" <- ")
                ),
            )
            .remedy(format!(
                "set `on_survive`, or declare the reference `nullable`, or let the row stay \
                 as `kinds.{kind}.tombstone`"
            )),
        );
    }
}
