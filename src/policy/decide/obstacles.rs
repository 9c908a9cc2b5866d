//! Blockers, which stop the operation, and warnings, which the request must acknowledge.

use super::inquiry::{AskedTarget, Inquiry};
use crate::domain::{Mode, OnDelete, ReferenceName, Request};
use crate::plan::{Blocker, Plan, Step, Warning};
use crate::policy::compile::{CompiledBlocker, CompiledUnknown};
use crate::policy::{Guard, Severity};
use crate::protocol::{Disposition, Survey};

/// Adds the blockers, the warnings and the notes to a plan whose steps are known.
pub(super) fn add_obstacles(inquiry: &Inquiry, survey: &Survey, plan: &mut Plan) {
    for (guard, question) in &inquiry.mode.guards {
        by_guard(guard, *question, &inquiry.request, survey, plan);
    }
    plan.blockers.extend(inquiry.mode.blockers.iter().filter_map(|blocker| by_rule(blocker, survey)));
    plan.blockers.extend(by_undecided(inquiry));
    plan.blockers.extend(by_scope(inquiry, survey));
    plan.blockers.extend(by_target(inquiry, survey));
    plan.blockers.extend(by_adoption(inquiry, survey));
    inquiry.note_what_stays_gone(plan);
    let unknowns = inquiry.mode.unknowns.iter();
    plan.warnings.extend(unknowns.filter_map(|unknown| by_unknown(unknown, &inquiry.request, survey)));
    plan.warnings.extend(undated(&inquiry.request, &plan.steps));
}

fn by_guard(guard: &Guard, question: usize, request: &Request, survey: &Survey, plan: &mut Plan) {
    let count = survey.count(question);
    if count == 0 {
        return;
    }
    let message = match (&*guard.message, &guard.when) {
        ("", Some(when)) => format!("{} of `{}` with {when}", rows(count), guard.on),
        ("", None) => format!("{} of `{}`", rows(count), guard.on),
        (message, _) => message.to_owned(),
    };
    let warning = |acknowledged| Warning {
        name: guard.name.clone(),
        kind: guard.on.clone(),
        count,
        sample: Vec::new(),
        message: message.clone(),
        remedy: guard.remedy.clone(),
        acknowledged,
    };
    match guard.severity {
        Severity::Note => plan.notes.push(warning(true)),
        Severity::Warn => {
            plan.warnings.push(warning(request.acknowledged.contains(&guard.name)));
        }
        Severity::Block => plan.blockers.push(Blocker {
            kind: guard.on.clone(),
            reference: None,
            rule: guard.name.clone(),
            count,
            sample: survey.sample(question).to_vec(),
            remedy: match &*guard.remedy {
                "" => format!("deal with {} of `{}` first", rows(count), guard.on),
                remedy => remedy.to_owned(),
            },
            message,
        }),
    }
}

fn by_rule(compiled: &CompiledBlocker, survey: &Survey) -> Option<Blocker> {
    let count = survey.count(compiled.question);
    let (kind, found) = (&compiled.kind, rows(count));
    let (are, needs, them) = if count == 1 { ("is", "needs", "it") } else { ("are", "need", "them") };
    let when = compiled.when.as_ref();
    let with = when.map(|when| format!(" with {when}")).unwrap_or_default();
    let filter = when.map(|when| format!(": {when}")).unwrap_or_default();
    let rationale = compiled.rationale.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let restored =
        super::restore::blocked(compiled.rule, compiled.reference.as_ref(), &format!("{found} of `{kind}`"));
    let (message, remedy) = match (&compiled.reference, when) {
        _ if restored.is_some() => restored.unwrap_or_default(),
        (Some(reference), _) if compiled.undeclared.is_some() => {
            (by_foreign_key(compiled, reference, count), of_foreign_key(reference))
        }
        (None, _) => (
            format!("{found} of `{kind}` {are} affected but excluded by the policy's filter{filter}"),
            format!("delete {them} in another way first, or let {them} refer to another record"),
        ),
        (Some(reference), when) => (
            format!("{found} of `{kind}`{with} {needs} the record that `{reference}` refers to{rationale}"),
            match when {
                Some(when) => {
                    format!("change {them} so that {when} no longer holds, or delete {them}")
                }
                None => format!("delete {them}, or let {them} refer to another record"),
            },
        ),
    };
    (count > 0).then(|| Blocker {
        kind: kind.clone(),
        reference: compiled.reference.clone(),
        rule: compiled.rule.into(),
        count,
        sample: survey.sample(compiled.question).to_vec(),
        message,
        remedy,
    })
}

/// Blocks the removal of records until the policy decides about every table and reference that asks for it.
fn by_undecided(inquiry: &Inquiry) -> Option<Blocker> {
    let removes = !matches!(inquiry.request.mode, Mode::Create | Mode::Update | Mode::Reactivate);
    let open = inquiry.query.map.undecided().iter().filter(|one| removes && one.restrict);
    let names: Vec<String> = open.map(|one| format!("`{one}`")).collect();
    (!names.is_empty()).then(|| Blocker {
        kind: inquiry.request.kind.clone(),
        reference: None,
        rule: "undecided".into(),
        count: u64::try_from(names.len()).unwrap_or(u64::MAX),
        sample: Vec::new(),
        message: format!("the policy does not decide yet about {}", names.join(", ")),
        remedy: "decide about each: declare it and give it a rule, or list it under `excluded` with a reason"
            .into(),
    })
}

/// Describes rows that block because of a foreign key that the policy does not declare.
fn by_foreign_key(compiled: &CompiledBlocker, reference: &ReferenceName, count: u64) -> String {
    let (kind, found) = (&compiled.kind, rows(count));
    let action = compiled.undeclared.map(|action| format!(", ON DELETE {action}")).unwrap_or_default();
    let key = format!("(foreign key, undeclared{action})");
    let needs = if count == 1 { "needs" } else { "need" };
    match compiled.undeclared {
        Some(OnDelete::SetNull | OnDelete::SetDefault) => {
            let cannot = "which cannot get the value that the foreign key gives it";
            format!("{found} of `{kind}` {needs} `{reference}`, {cannot} {key}")
        }
        _ => format!("{found} of `{kind}` {needs} the record that `{reference}` refers to {key}"),
    }
}

fn of_foreign_key(reference: &ReferenceName) -> String {
    format!(
        "declare `{reference}` and give it a rule, or delete the rows, or let them refer to another record"
    )
}

/// Adds a blocker for rows of the subject's kind that the actor may not touch.
fn by_scope(inquiry: &Inquiry, survey: &Survey) -> Option<Blocker> {
    let question = inquiry.about_actor.outside?;
    let (kind, count) = (&inquiry.request.kind, survey.count(question));
    let (are, them) = if count == 1 { ("is", "it") } else { ("are", "them") };
    (count > 0).then(|| Blocker {
        kind: kind.clone(),
        reference: None,
        rule: "scope".into(),
        count,
        sample: survey.sample(question).to_vec(),
        message: format!("{} of `{kind}` {are} affected but outside the actor's scope", rows(count)),
        remedy: format!("ask an actor whose scope includes {them}, or let {them} refer to another record"),
    })
}

/// Adds a blocker for redirected references without a valid new target.
fn by_target(inquiry: &Inquiry, survey: &Survey) -> Vec<Blocker> {
    let targets = inquiry.mode.targets.iter().zip(&inquiry.targets);
    let blocked = targets.filter_map(|(target, asked)| {
        let count = survey.count(target.question);
        let (message, remedy, sample) = match asked {
            // A reassignment needs its target even if there are no rows to move.
            _ if count == 0 && inquiry.request.mode != Mode::Reassign => return None,
            Some(asked) if survey.count(asked.exists) == 1 => return None,
            Some(AskedTarget { id, .. }) => {
                let (unfit, fit) = match &target.qualifies {
                    Some(must) => (
                        format!("does not exist, does not stay or does not have {must}"),
                        format!("that exists and stays, with {must}"),
                    ),
                    None => ("does not exist or does not stay".into(), "that exists and stays".into()),
                };
                let (found, from, to) = (rows(count), &target.from, &target.to);
                (
                    format!("{found} of `{from}` would refer to `{id}` of `{to}`, which {unfit}"),
                    format!("name a record of `{to}` {fit}"),
                    vec![id.clone()],
                )
            }
            None => (
                format!(
                    "{} of `{}` need another record of `{}` to refer to",
                    rows(count),
                    target.from,
                    target.to
                ),
                format!("name the new target of `{}` in the request", target.reference),
                survey.sample(target.question).to_vec(),
            ),
        };
        Some(Blocker {
            kind: target.from.clone(),
            reference: Some(target.reference.clone()),
            rule: target.rule.into(),
            count,
            sample,
            message,
            remedy,
        })
    });
    blocked.collect()
}

/// Adds a blocker for rows that would come to lie below themselves.
fn by_adoption(inquiry: &Inquiry, survey: &Survey) -> Vec<Blocker> {
    let targets = inquiry.mode.targets.iter().zip(&inquiry.targets);
    let blocked = targets.filter_map(|(target, asked)| {
        let AskedTarget { id, below_itself, .. } = asked.as_ref()?;
        let question = (*below_itself)?;
        let count = survey.count(question);
        let (found, kind, reference) = (rows(count), &target.from, &target.reference);
        let (itself, it) = if count == 1 { ("itself", "it") } else { ("themselves", "them") };
        (count > 0).then(|| Blocker {
            kind: kind.clone(),
            reference: Some(reference.clone()),
            rule: target.rule.into(),
            count,
            sample: survey.sample(question).to_vec(),
            message: format!(
                "{found} of `{kind}` would come to lie below {itself} over `{reference}`, because the new target `{id}` \
                 is the same row or lies below {it}"
            ),
            remedy: format!("name a record of `{kind}` that does not lie below {it}"),
        })
    });
    blocked.collect()
}

/// Warns about rows for which it is unknown whether a rule or a guard protects them.
fn by_unknown(unknown: &CompiledUnknown, request: &Request, survey: &Survey) -> Option<Warning> {
    let count = survey.count(unknown.question);
    let (lack, them) = if count == 1 { ("lacks", "it") } else { ("lack", "them") };
    let (kind, what) = (&unknown.kind, unknown.what.replace("{them}", them));
    (count > 0).then(|| Warning {
        acknowledged: request.acknowledged.contains(&unknown.name),
        name: unknown.name.clone(),
        kind: kind.clone(),
        count,
        sample: survey.sample(unknown.question).to_vec(),
        message: format!("{} of `{kind}` {lack} a value, so it is unknown whether {what}", rows(count)),
        remedy: format!("give {them} the value, or accept that nothing protects {them}"),
    })
}

/// Warns about rows that are retained indefinitely, because they have no start date.
fn undated(request: &Request, steps: &[Step]) -> Vec<Warning> {
    let mut found: Vec<Warning> = Vec::new();
    let retained = steps.iter().filter(|step| step.key.disposition == Disposition::Retain);
    for (step, ground) in retained.flat_map(|step| step.grounds.iter().map(move |ground| (step, ground))) {
        if ground.undated == 0 {
            continue;
        }
        let name = format!("undated:{}", ground.reference);
        match found.iter_mut().find(|warning| warning.name == name) {
            Some(warning) => warning.count += ground.undated,
            None => found.push(Warning {
                acknowledged: request.acknowledged.contains(&name),
                name,
                kind: step.key.kind.clone(),
                count: ground.undated,
                sample: Vec::new(),
                message: format!(
                    "rows of `{}` have no date from which {} runs, so they stay indefinitely ({})",
                    step.key.kind, ground.period, ground.basis
                ),
                remedy: "give them a date, or accept that they stay".into(),
            }),
        }
    }
    found
}

pub(super) fn rows(count: u64) -> String {
    if count == 1 { "1 row".into() } else { format!("{count} rows") }
}
