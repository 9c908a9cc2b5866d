//! Prints the steps of the workflow.

use client_lifecycle::Plan;
use client_lifecycle::domain::{AuditEntry, Event, Reason};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::protocol::Receipt;

use crate::Failure;
use crate::clinic::Rows;

pub(crate) fn title(number: u8, text: &str) {
    println!("\n{number}. {text}\n");
}

/// Prints the first part of the plan: the blockers and warnings, without the list of affected rows.
pub(crate) fn obstacles(plan: &Plan) {
    let text = plan.to_string();
    let (obstacles, _) = text.split_once("\n\nWhat goes").unwrap_or((&text, ""));
    println!("{obstacles}");
}

pub(crate) fn refusal(who: &str, done: &Result<Receipt, Error>) {
    match done {
        Ok(_) => println!("{who}: done"),
        Err(error) => {
            println!("{who}: {}", error.code());
            println!("  {error}");
            println!("  remedy: {}", error.remedy());
        }
    }
}

pub(crate) fn rows(before: &Rows, after: &Rows) {
    println!("{:<14}  {:>6}  {:>5}  {:>10}", "table", "before", "after", "difference");
    for ((table, before), (_, after)) in before.0.iter().zip(&after.0) {
        println!("{table:<14}  {before:>6}  {after:>5}  {:>10}", after - before);
    }
}

pub(crate) fn attempts(entries: &[AuditEntry]) {
    for entry in entries {
        let actor = entry.actor.as_ref().map_or("an anonymous caller", |actor| &*actor.id);
        let reason = entry.reason.map_or("no reason", Reason::as_str);
        let subjects: Vec<_> = entry.subjects.iter().map(ToString::to_string).collect();
        println!(
            "{}  {}  {:<9}  by {actor}  {reason}  {}",
            entry.at.date_naive(),
            entry.action,
            entry.outcome,
            subjects.join(", ")
        );
    }
}

pub(crate) fn events(events: &[Event]) -> Result<(), Failure> {
    for event in events {
        let fields = serde_json::to_string(&event.fields)?;
        println!("  {:<21}  {fields}", event.topic);
    }
    Ok(())
}

pub(crate) fn yes(true_or_not: bool) -> &'static str {
    if true_or_not { "yes" } else { "no" }
}

/// Prints what a restore brought back, and what it could not.
pub(crate) fn restored(plan: &Plan) {
    for step in &plan.steps {
        println!("came back: {} of {}", step.count, step.key.kind);
    }
    for note in &plan.notes {
        println!("good to know: {}", note.message);
    }
}
