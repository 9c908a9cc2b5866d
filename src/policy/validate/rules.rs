//! Checks rules: every reference has a rule, its entries are valid in the mode, and the kinds have the fields it
//! needs.

use std::collections::BTreeSet;

use crate::domain::{DataMap, Fault, FaultCode, Faults, FieldName, Kind, KindName, Mode, Reference};
use crate::policy::compile::{CompileContext, RowOutcome, cases, tombstone_kinds};
use crate::policy::graph::{closes_cycle, reached_paths};
use crate::policy::{Entry, ModePolicy, OnSurvive, Parent, Redirect, Rule, Rules};

pub(super) fn check(subject: &KindName, map: &DataMap, mode: Mode, policy: &ModePolicy, faults: &mut Faults) {
    let path = format!("modes.{mode}.rules");
    if mode.has_no_rules() && policy.rules != Rules::default() {
        let message = format!("mode {mode} removes nothing, so no reference is reached");
        faults.push(Fault::new(FaultCode::Misplaced, &path, message).remedy("remove the rules"));
        return;
    }
    for name in policy.rules.named.keys() {
        if map.reference(name).is_none() {
            let message = format!("unknown reference `{name}`");
            faults.push(
                Fault::new(FaultCode::UnknownReference, format!("{path}.{name}"), message)
                    .remedy("declare it under `references`, or correct the name"),
            );
        }
    }
    let reached: BTreeSet<KindName> = reached_paths(map, subject).into_keys().map(|(kind, _)| kind).collect();
    for reference in map.references() {
        let named = policy.rules.named.get(&reference.name);
        let path = match named {
            Some(_) => format!("{path}.{}", reference.name),
            None => format!("{path}.*"),
        };
        match named.or(policy.rules.others.as_ref()) {
            Some(list) => {
                entries(subject, map, mode, reference, list, &path, faults);
                super::clashes::check(subject, map, policy, reference, list, &path, faults);
            }
            // In mode `reassign`, a reference without a rule stays unchanged.
            None if !mode.removes() => {}
            // A reference that cannot be reached from the subject may belong to another policy over the same map.
            None if !reached.contains(&reference.to) => {}
            None => faults.push(
                Fault::new(
                    FaultCode::Undecided,
                    format!("modes.{mode}.rules.{}", reference.name),
                    "the reference has no rule",
                )
                .remedy("add a rule for it, or a rule for all other references under \"*\""),
            ),
        }
    }
}

fn entries(
    subject: &KindName,
    map: &DataMap,
    mode: Mode,
    reference: &Reference,
    entries: &[Entry],
    path: &str,
    faults: &mut Faults,
) {
    for parent in [None, Some(Parent::Anonymize), Some(Parent::Retain)] {
        let mut speaking = entries.iter().enumerate().filter(|(_, entry)| entry.parent == parent);
        if let Some((last, _)) = speaking.clone().find(|(_, entry)| entry.decides_all())
            && let Some((dead, _)) = speaking.clone().find(|(index, _)| *index > last)
        {
            let message = "the entry is never reached";
            faults.push(
                Fault::new(FaultCode::UnreachableEntry, format!("{path}[{dead}]"), message)
                    .remedy(format!("entry {last} has no `when`, so it applies to every row")),
            );
        }
        if parent.is_none() && speaking.all(|(_, entry)| entry.when.is_some()) {
            faults.push(
                Fault::new(
                    FaultCode::Undecided,
                    path,
                    "no entry applies to rows that meet none of the conditions",
                )
                .remedy("add a final entry without `when`"),
            );
        }
    }
    if mode == Mode::Reassign && entries.iter().any(|entry| entry.then.reassigns()) {
        movable(subject, reference, path, faults);
    }
    for (index, entry) in entries.iter().enumerate() {
        let path = if entries.len() > 1 { format!("{path}[{index}]") } else { path.to_owned() };
        if entry.parent.is_some() && closes_cycle(map, reference) {
            let message = "`parent` is ambiguous on a reference in a cycle of kinds";
            faults.push(
                Fault::new(FaultCode::ParentInCycle, &path, message)
                    .remedy("remove `parent`, or use a condition"),
            );
        }
        let links = matches!(&entry.on_survive, Some(OnSurvive::Redirect(Redirect::Reassign(_))));
        if entry.qualifies.is_some() && !links && !entry.then.reassigns() {
            let message = "`qualifies` needs a reassigned target";
            faults.push(
                Fault::new(FaultCode::Misplaced, format!("{path}.qualifies"), message)
                    .remedy("remove it, or use the rule `reassign`"),
            );
        }
        if entry.then == Rule::Leave && !reference.owned {
            let message = format!("`leave` is for owned references, and `{}` is not one", reference.name);
            faults.push(
                Fault::new(FaultCode::Misplaced, &path, message)
                    .remedy("use `keep`, or declare the reference `owned`"),
            );
        }
        if let Some((code, message, remedy)) = misplaced(mode, entry) {
            faults.push(Fault::new(code, &path, message).remedy(remedy));
        }
        if let Rule::Redirect(redirect) = &entry.then {
            target(map, reference, redirect, &path, faults);
        }
        match &entry.on_survive {
            Some(OnSurvive::Redirect(redirect)) => {
                target(map, reference, redirect, &format!("{path}.on_survive"), faults);
            }
            Some(OnSurvive::Tombstone) | None => {}
        }
        masks(map, reference, entry, &path, faults);
        if let Rule::Retain(retention) = &entry.then
            && retention.basis.trim().is_empty()
        {
            let message = "a retention needs a legal basis";
            faults.push(
                Fault::new(FaultCode::MissingBasis, format!("{path}.retain.basis"), message)
                    .remedy("name the law and article, or the contract, in `basis`"),
            );
        }
    }
}

/// Checks that a reference can be redirected in mode `reassign`: it must refer to the subject, or the subject must
/// hold it.
fn movable(subject: &KindName, reference: &Reference, path: &str, faults: &mut Faults) {
    if reference.to != *subject && reference.from != *subject {
        let message = format!("`{}` refers neither to the subject nor from it", reference.name);
        faults.push(Fault::new(FaultCode::NotConnected, path, message).remedy(format!(
            "reassign it with a policy whose subject is `{}` or `{}`",
            reference.to, reference.from
        )));
    } else if reference.each && reference.to != *subject {
        let message =
            format!("`{}` is a list of the subject, so one new target cannot replace it", reference.name);
        faults.push(
            Fault::new(FaultCode::ListReference, path, message)
                .remedy("use `keep`, and write the list as another field"),
        );
    }
}

/// Returns the fault of a rule that is not valid in the mode.
fn misplaced(mode: Mode, entry: &Entry) -> Option<(FaultCode, String, &'static str)> {
    let rule = entry.then.as_str();
    let in_mode =
        |remedy| Some((FaultCode::Misplaced, format!("`{rule}` is not valid in mode {mode}"), remedy));
    match &entry.then {
        Rule::Keep | Rule::Redirect(Redirect::Reassign(None)) if mode == Mode::Reassign => match entry {
            Entry { parent: None, on_survive: None, .. } => None,
            _ => Some((
                FaultCode::Misplaced,
                format!("`parent` and `on_survive` are not valid in mode {mode}"),
                "remove them; this mode removes nothing",
            )),
        },
        _ if mode == Mode::Reassign => in_mode("use `reassign` with a target from the request, or `keep`"),
        Rule::Cascade if mode == Mode::Anonymize => in_mode("use `delete`, `anonymize` or `keep`"),
        Rule::Delete | Rule::SoftDelete | Rule::Anonymize(_) if mode == Mode::Reactivate => {
            in_mode("use `cascade` or `keep`")
        }
        Rule::Retain(_) if !mode.erases() => in_mode("use `keep`; this mode erases nothing"),
        Rule::Cascade | Rule::Restrict | Rule::Leave if entry.parent.is_some() => Some((
            FaultCode::ParentStays,
            format!("`{rule}` applies to removed parents, but this parent stays"),
            "use `delete`, `anonymize`, `protect` or `keep`",
        )),
        _ => None,
    }
}

fn target(map: &DataMap, reference: &Reference, redirect: &Redirect, path: &str, faults: &mut Faults) {
    if reference.each && matches!(redirect, Redirect::SetDefault(_)) {
        let message = format!("`{}` is a list, and a default is one value", reference.name);
        faults.push(
            Fault::new(FaultCode::ListReference, path, message)
                .remedy("use `set_null`, which takes the ids out of the list, or `reassign`"),
        );
        return;
    }
    let from = map.kind(&reference.from);
    let field = from.and_then(|kind| kind.fields.get(reference.only_field()?));
    let declared = field.and_then(|field| field.default.as_ref());
    let empties =
        match redirect {
            Redirect::SetNull => true,
            Redirect::SetDefault(Some(value)) => value.is_null(),
            Redirect::SetDefault(None) => {
                let Some(default) = declared else {
                    let message = format!("`{}` has no default", reference.name);
                    faults.push(Fault::new(FaultCode::MissingDefault, path, message).remedy(
                        "use {\"set_default\": …}, or declare `default` for the field in the data map",
                    ));
                    return;
                };
                default.is_null()
            }
            Redirect::Reassign(_) => false,
        };
    if empties {
        if !map.can_be_emptied(reference) {
            let message = format!("`{}` is mandatory and cannot be emptied", reference.name);
            let remedy = if reference.nullable && reference.fields.len() > 1 {
                format!(
                    "declare under `kinds.{}.fields` which of its fields are `nullable`, or choose another rule",
                    reference.from
                )
            } else {
                "declare the reference `nullable`, or choose another rule".into()
            };
            faults.push(Fault::new(FaultCode::MandatoryReference, path, message).remedy(remedy));
        }
        return;
    }
    if let Some(field) =
        reference.fields.iter().find(|field| from.is_some_and(|kind| kind.id.contains(field)))
    {
        let message = format!("`{field}` is part of the id of `{}` and cannot be changed", reference.from);
        faults.push(Fault::new(FaultCode::ConflictingRoles, path, message).remedy("choose another rule"));
    } else if let Some((field, role)) = other_role(map, reference) {
        let message = format!("a new target would also change `{field}`, which {role}");
        faults.push(
            Fault::new(FaultCode::ConflictingRoles, path, message)
                .remedy("use `set_null`, or choose another rule"),
        );
    } else if reference.key.is_some() {
        let message =
            format!("`{}` holds another key than an id, so it cannot get a new target", reference.name);
        faults.push(
            Fault::new(FaultCode::ReferenceKey, path, message)
                .remedy("use `set_null`, or choose another rule"),
        );
    } else if let Redirect::Reassign(Some(target)) = redirect
        && target.read_as_tuple(reference.fields.len()).is_none()
    {
        let message = format!("the new target needs {} values", reference.fields.len());
        faults.push(
            Fault::new(FaultCode::ReferenceKey, path, message)
                .remedy("give one value for each field of the reference"),
        );
    } else if reference.only_field().is_none() && matches!(redirect, Redirect::SetDefault(_)) {
        let message = format!("`{}` has several fields, but a default has one value", reference.name);
        faults.push(
            Fault::new(FaultCode::ReferenceKey, path, message).remedy(
                "use {\"reassign\": [\u{2026}]} with one value for each field, or choose another rule",
            ),
        );
    }
}

/// Returns a field of a reference of several fields that also has another role, with that role.
fn other_role<'a>(map: &DataMap, reference: &'a Reference) -> Option<(&'a FieldName, String)> {
    let kind = map.kind(&reference.from).filter(|_| reference.fields.len() > 1)?;
    reference.fields.iter().find_map(|field| {
        let mut others = map.references_from(&kind.name).filter(|other| other.fields != reference.fields);
        let other = others.find(|other| other.fields.contains(field));
        let role = match other {
            Some(other) => format!("belongs to `{}`", other.name),
            None if kind.shard_key.as_ref() == Some(field) => "is the shard key".into(),
            None => return None,
        };
        Some((field, role))
    })
}

fn masks(map: &DataMap, reference: &Reference, entry: &Entry, path: &str, faults: &mut Faults) {
    let Rule::Anonymize(own) = &entry.then else {
        return;
    };
    let Some(kind) = map.kind(&reference.from) else {
        return;
    };
    if own.is_empty() && kind.personal.is_empty() {
        let message = format!("`{}` has no personal fields to mask", kind.name);
        faults.push(
            Fault::new(FaultCode::MissingPersonal, path, message)
                .remedy("declare `personal` for the kind, or add masks to the rule"),
        );
    }
    for (field, mask) in own {
        let path = format!("{path}.anonymize.{field}");
        let mut held = map.references_from(&kind.name).filter(|other| other.key.is_none() || other.each);
        if kind.id.contains(field) || held.any(|other| other.fields.contains(field)) {
            faults.push(
                Fault::new(FaultCode::MaskedKey, &path, "ids and references cannot be masked")
                    .remedy("use `on_survive`"),
            );
        }
        if let Some(other) = kind.personal.get(field)
            && other != mask
        {
            let message = "the kind declares a different mask for this field";
            faults.push(
                Fault::new(FaultCode::MaskConflict, &path, message).remedy("use one mask for each field"),
            );
        }
        faults.extend(crate::domain::placeholder_without_id(&path, kind, mask));
        let unique = kind.fields.get(field).is_some_and(|declared| declared.unique);
        if unique && !mask.keeps_unique() {
            let message = "the field is unique, and the mask may give two rows the same value";
            faults.push(
                Fault::new(FaultCode::MaskNotUnique, &path, message)
                    .remedy("use `null`, `placeholder_email` or `hmac`"),
            );
        }
    }
}

/// Checks the possible outcomes: rows have the fields that their outcome needs, and rows that must stay may stay.
pub(super) fn check_outcomes(
    subject: &KindName,
    map: &DataMap,
    mode: Mode,
    policy: &ModePolicy,
    faults: &mut Faults,
) {
    let context = CompileContext::new(subject, map, mode, policy);
    subject_fields(&context, faults);
    for reference in map.references() {
        reference_fields(&context, reference, faults);
        super::owned::fields(&context, reference, faults);
        super::personal_ids::outcomes(&context, reference, faults);
    }
    tombstones(&context, faults);
}

fn subject_fields(context: &CompileContext<'_>, faults: &mut Faults) {
    let Some(kind) = context.map.kind(context.subject) else {
        return;
    };
    if kind.id.is_none() {
        faults.push(without_id("subject", kind, "the subject"));
        return;
    }
    let path = format!("modes.{}", context.mode);
    let (missing, code) = match context.mode {
        Mode::Deactivate | Mode::Reactivate if kind.status.is_none() => ("status", FaultCode::MissingStatus),
        Mode::SoftDelete | Mode::Restore if kind.deleted_at.is_none() => {
            ("deleted_at", FaultCode::MissingDeletedAt)
        }
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
    for parent in context.possible_parents(reference) {
        for case in cases(kind, entries, parent, context.mode) {
            let is_found_again = match case.outcome {
                Some(RowOutcome::Soft | RowOutcome::Retain) => true,
                Some(RowOutcome::Off) => context.mode == Mode::Reactivate,
                _ => false,
            };
            if kind.id.is_none() && is_found_again {
                let rule = entries.get(case.entry).map_or("", |entry| entry.then.as_str());
                let position = if entries.len() > 1 { format!("[{}]", case.entry) } else { String::new() };
                let path = format!("modes.{}.rules.{}{position}", context.mode, reference.name);
                faults.push(without_id(&path, kind, &format!("`{rule}`")));
            }
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

/// Returns the fault of a rule or mode that must find rows again later, although they have no id.
fn without_id(path: &str, kind: &Kind, what: &str) -> Fault {
    let message = format!("{what} must find its rows again, but rows of `{}` have no id", kind.name);
    Fault::new(FaultCode::MissingIdentity, path, message)
        .remedy(format!("declare `kinds.{}.id`, or choose another rule", kind.name))
}

fn tombstones(context: &CompileContext<'_>, faults: &mut Faults) {
    for (kind, (reference, rule)) in tombstone_kinds(context) {
        if context.map.kind(&kind).is_some_and(|kind| kind.tombstone) {
            continue;
        }
        let chain: Vec<_> =
            context.path(&reference, RowOutcome::is_deleted).iter().map(ToString::to_string).collect();
        let message = format!(
            "a row that survives by `{rule}` must keep referring to a deleted row of `{kind}` \
                     (chain {})",
            chain.join(" <- ")
        );
        faults.push(
            Fault::new(
                FaultCode::MissingTombstone,
                format!("modes.{}.rules.{reference}", context.mode),
                message,
            )
            .remedy(format!(
                "set `on_survive`, or declare the reference `nullable`, or let the row stay \
                 as `kinds.{kind}.tombstone`"
            )),
        );
    }
}
