//! The plan as Markdown, for tickets and reviews.

use std::fmt::Write;

use super::Plan;
use super::text::{chain, of_subject};
use crate::domain::instant_text;

impl Plan {
    /// Renders the plan as Markdown: blockers, warnings, and a table of the rows and what becomes of them.
    ///
    /// ```
    /// # use client_lifecycle::{DeletionPolicy, Request};
    /// # use client_lifecycle::protocol::{Answer, Survey};
    /// # let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow_any()).build()?;
    /// # let survey = Survey::new(vec!["c1".into()], vec![Answer::count(1); 2]);
    /// # let now = chrono::DateTime::UNIX_EPOCH;
    /// let plan = policy.inquire(&Request::hard_delete("clients", "c1"), now)?.plan(&survey)?;
    /// assert!(plan.markdown().contains("| 1 | clients | delete | as asked |"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn markdown(&self) -> String {
        let ids: Vec<_> = self.subjects.iter().map(|id| format!("`{}`", cell(&id.to_string()))).collect();
        let mut text = format!("## {} of `{}` {}\n", self.mode, self.kind, ids.join(", "));
        let state = if self.is_executable() { "Nothing stands in the way." } else { "**Not possible yet.**" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{state} Outcome: {}.", self.outcome);
        if !self.blockers.is_empty() {
            text += "\n| rows | blocks | why | first |\n|--:|---|---|---|\n";
            for blocker in &self.blockers {
                let (rule, message) = (cell(&blocker.rule), cell(&blocker.message));
                let _ =
                    writeln!(text, "| {} | {rule} | {message} | {} |", blocker.count, cell(&blocker.remedy));
            }
        }
        if !self.warnings.is_empty() {
            text += "\n| rows | warning | what | acknowledged |\n|--:|---|---|---|\n";
            for warning in &self.warnings {
                let (name, message) = (cell(&warning.name), cell(&warning.message));
                let yes = if warning.acknowledged { "yes" } else { "no" };
                let _ = writeln!(text, "| {} | {name} | {message} | {yes} |", warning.count);
            }
        }
        text += "\n| rows | kind | becomes | why | until |\n|--:|---|---|---|---|\n";
        for step in &self.steps {
            let why = match &*step.key.path {
                [] => of_subject(step.key.disposition).to_owned(),
                path => {
                    let basis = step.key.basis.iter().map(|basis| format!(": {basis}"));
                    format!("{} over {}{}", step.key.rule, chain(path), basis.collect::<String>())
                }
            };
            let until = step.until.map(|until| instant_text(until.last)).unwrap_or_default();
            let (kind, why) = (cell(step.key.kind.as_str()), cell(&why));
            let _ =
                writeln!(text, "| {} | {kind} | {} | {why} | {until} |", step.count, step.key.disposition);
        }
        for effect in &self.effects {
            let _ = writeln!(text, "\n{} × `{}` will be sent.", effect.count, cell(&effect.topic));
        }
        let _ = write!(text, "\nPolicy {}, digest `{}`.", cell(&self.policy_version), self.digest);
        text
    }
}

/// Returns text that stays within its table cell.
fn cell(text: &str) -> String {
    let characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    characters.collect::<String>().replace('|', "\\|")
}
