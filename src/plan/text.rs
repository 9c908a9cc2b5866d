//! The plan for people: as text, as Markdown for tickets and reviews, and as a Mermaid flowchart.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write;

use super::{Ground, Plan, Step, StepKey, Until};
use crate::domain::{INFINITY, KindName, RecordId, ReferenceName, instant_text};
use crate::protocol::Disposition;

/// What is said of references that only a foreign key of the database knows.
pub(super) const UNDECLARED: &str = "foreign key, undeclared";

/// The maximum number of subjects' ids that the text shows.
const SHOWN_IDS: usize = 3;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heading(f)?;
        self.obstacle_lines(f)?;
        self.section(f, "What goes", |step| !step.key.disposition.stays())?;
        self.section(f, "What comes back", |step| step.key.disposition == Disposition::Restore)?;
        self.section(f, "What is marked or switched, and can come back", |step| {
            step.key.disposition.can_come_back()
        })?;
        self.section(f, "What stays, without the person", |step| step.key.disposition.is_masked())?;
        self.section(f, "What has to stay for now, and may be deleted after its date", |step| {
            step.key.disposition == Disposition::Retain
        })?;
        self.section(f, "What stays", |step| step.key.disposition == Disposition::Keep)?;
        self.section(f, "References that change, in rows that stay", |step| {
            step.key.disposition.is_redirect()
        })?;
        self.notes_and_effects(f)?;
        writeln!(f, "\nPolicy version {}, judged at {}.", self.policy_version, instant_text(self.at))?;
        write!(f, "Digest {}", self.digest)
    }
}

impl Plan {
    fn heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plan: {} of `{}` ", self.mode, self.kind)?;
        f.write_str(&shown_subjects(&self.subjects))?;
        if self.outcome == Disposition::Tombstone {
            f.write_str(
                " - it has to stay as an anonymized TOMBSTONE, because rows that survive refer to it",
            )?;
        }
        f.write_str(&undecided(self.undecided))?;
        writeln!(f)?;
        if let Some(undone) = &self.execution.undone {
            writeln!(f, "It takes back operation {} of {}.", undone.operation, instant_text(undone.at))?;
        }
        let open = self.warnings.iter().filter(|warning| !warning.acknowledged).count();
        match (self.blockers.len(), open) {
            (0, 0) => writeln!(f, "Nothing stands in the way. Nothing has been changed yet."),
            (0, open) => writeln!(
                f,
                "NOT YET: {} to be acknowledged. Nothing has been changed.",
                counted(open, "warning has", "warnings have")
            ),
            (blockers, _) => writeln!(
                f,
                "BLOCKED by {}. Nothing has been changed.",
                counted(blockers, "obstacle", "obstacles")
            ),
        }
    }

    fn obstacle_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.blockers.is_empty() {
            writeln!(f, "\nWhat blocks")?;
        }
        for blocker in &self.blockers {
            writeln!(f, "  {:>7}  {}: {}", blocker.count, blocker.rule, blocker.message)?;
            if !blocker.sample.is_empty() {
                let ids = first_of(&blocker.sample, blocker.count);
                writeln!(f, "           `{}` {ids}", blocker.kind)?;
            }
            writeln!(f, "           first: {}", blocker.remedy)?;
        }
        if !self.warnings.is_empty() {
            writeln!(f, "\nWhat to look at first")?;
        }
        for warning in &self.warnings {
            let state = if warning.acknowledged { "acknowledged" } else { "not acknowledged" };
            writeln!(f, "  {:>7}  {}: {} ({state})", warning.count, warning.name, warning.message)?;
            if !warning.sample.is_empty() {
                writeln!(f, "           `{}` {}", warning.kind, first_of(&warning.sample, warning.count))?;
            }
            if !warning.remedy.is_empty() {
                writeln!(f, "           or: {}", warning.remedy)?;
            }
        }
        Ok(())
    }

    fn section(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        belongs: impl Fn(&Step) -> bool,
    ) -> fmt::Result {
        let steps: Vec<&Step> = self.steps.iter().filter(|step| belongs(step)).collect();
        if steps.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{title}")?;
        // All sections use the width of the longest kind, so that their columns line up.
        let all = self.steps.iter().map(|step| step.key.kind.as_str());
        let width = all.map(|kind| kind.chars().count()).max().unwrap_or(0);
        for step in steps {
            let kind = step.key.kind.as_str();
            write!(f, "  {:>7}  {kind:width$}  {:<11}  ", step.count, step.key.disposition)?;
            writeln!(f, "{}", reason(step))?;
            for forced in &step.forced_by {
                let (count, reference) = (forced.count, &forced.reference);
                let ids = first_of(&forced.sample, count);
                writeln!(f, "           forced by {count} over {reference}: {ids}")?;
            }
            if step.key.disposition == Disposition::Retain {
                for ground in &step.grounds {
                    writeln!(f, "           {}", retention(ground, step.grounds.len()))?;
                }
            }
        }
        Ok(())
    }

    fn notes_and_effects(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.notes.is_empty() {
            writeln!(f, "\nGood to know")?;
        }
        for note in &self.notes {
            writeln!(f, "  {:>7}  {}: {}", note.count, note.name, note.message)?;
            if !note.remedy.is_empty() {
                writeln!(f, "           {}", note.remedy)?;
            }
        }
        if !self.effects.is_empty() {
            writeln!(f, "\nEvents for other systems")?;
        }
        for effect in &self.effects {
            writeln!(f, "  {:>7}  {}", effect.count, effect.topic)?;
        }
        Ok(())
    }
}

/// Returns the reason of a step: its references, its rule and its condition. Retentions are shown on separate lines.
fn reason(step: &Step) -> String {
    let StepKey { disposition, path, rule, when, basis, undeclared, .. } = &step.key;
    let (retained, basis) = (*disposition == Disposition::Retain, basis.as_ref());
    let by = match basis {
        _ if step.is_subject() => return of_subject(*disposition).into(),
        Some(basis) if !retained => format!(", no longer retained under {basis}"),
        None if *undeclared => format!(" ({UNDECLARED})"),
        None if rule != disposition.as_str() => format!(" ({rule})"),
        _ => String::new(),
    };
    let because = when.as_ref().map(|when| format!(", because {when}"));
    let to = step.to.as_ref().map(|to| format!(" to {}", quoted(to)));
    chain(path) + &to.unwrap_or_default() + &by + &because.unwrap_or_default()
}

/// Returns the reason of the subject's own step.
pub(super) fn of_subject(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Tombstone => "asked to go, has to stay",
        _ => "as asked",
    }
}

/// Returns the first ids, with dots if there are more.
fn first_of(sample: &[RecordId], count: u64) -> String {
    let ids: Vec<_> = sample.iter().map(quoted).collect();
    let shown = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    ids.join(", ") + if count > shown { ", ..." } else { "" }
}

/// Renders until when rows are retained and the legal basis: the day on which the last row may be deleted, and that
/// of the first row if it differs.
fn retention(ground: &Ground, grounds: usize) -> String {
    let until = match ground.until {
        Some(until) if until.first == INFINITY => "indefinitely".into(),
        Some(until) if until.last == INFINITY => {
            format!("indefinitely (the first until {})", day(until.first))
        }
        Some(until) if until.first == until.last => format!("until {}", day(until.last)),
        Some(until) => {
            let (first, last) = (day(until.first), day(until.last));
            format!("until {last} (the first until {first})")
        }
        None => "indefinitely".into(),
    };
    let count = if grounds > 1 { format!("{} ", ground.count) } else { String::new() };
    let undated = match ground.undated {
        0 => String::new(),
        all if all == ground.count => ", because there is no date to count from".into(),
        some => format!("; {some} of them without a date, and so indefinitely"),
    };
    format!("{count}{until} under {}{undated}", ground.basis)
}

/// Renders the first subjects, and how many more there are.
pub(super) fn shown_subjects(subjects: &[RecordId]) -> String {
    let shown: Vec<_> = subjects.iter().take(SHOWN_IDS).map(quoted).collect();
    let more = subjects.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

/// Quotes an id and escapes control characters. Without that, a line break in an id could imitate a line of the plan.
pub(super) fn quoted(id: &RecordId) -> String {
    let mut text = String::from("`");
    for character in id.to_string().chars() {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    text + "`"
}

/// Returns the chain of references from the rows up to the subject.
pub(super) fn chain(path: &[ReferenceName]) -> String {
    path.iter().rev().map(ReferenceName::as_str).collect::<Vec<_>>().join(" -> ")
}

pub(super) fn day(at: chrono::DateTime<chrono::Utc>) -> String {
    let text = instant_text(at);
    match text.strip_suffix("T00:00:00.000Z") {
        Some(day) => day.to_owned(),
        None => text,
    }
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Plan {
    /// Renders the plan as Markdown: blockers, warnings, and a table of the rows and what happens to them.
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
        let mut text =
            format!("## {} of `{}` {}{}\n", self.mode, self.kind, ids.join(", "), undecided(self.undecided));
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
                    let undeclared =
                        if step.key.undeclared { format!(" ({UNDECLARED})") } else { String::new() };
                    format!("{} over {}{undeclared}{}", step.key.rule, chain(path), basis.collect::<String>())
                }
            };
            let until = step.until.and_then(Until::last_date).map(instant_text).unwrap_or_default();
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

/// Returns the end of the first line of a plan or a receipt, if the policy does not decide about everything.
pub(super) fn undecided(count: u64) -> String {
    match count {
        0 => String::new(),
        1 => " - the policy leaves 1 table or reference UNDECIDED".into(),
        more => format!(" - the policy leaves {more} tables or references UNDECIDED"),
    }
}

/// Escapes text for a cell of a Markdown table.
fn cell(text: &str) -> String {
    let characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    characters.collect::<String>().replace('|', "\\|")
}

impl Plan {
    /// Renders the plan as a Mermaid flowchart. The subject is on top. Below it is every affected kind with what
    /// happens to its rows, connected by the references that lead to it.
    ///
    /// ```
    /// # use client_lifecycle::{DeletionPolicy, Request};
    /// # use client_lifecycle::protocol::{Answer, Survey};
    /// # let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow_any()).build()?;
    /// # let survey = Survey::new(vec!["c1".into()], vec![Answer::count(1); 2]);
    /// # let now = chrono::DateTime::UNIX_EPOCH;
    /// let plan = policy.inquire(&Request::hard_delete("clients", "c1"), now)?.plan(&survey)?;
    /// assert_eq!(plan.mermaid(), "flowchart TD\n  k0[\"clients<br/>1 delete\"]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut kinds: BTreeMap<&KindName, Vec<String>> = BTreeMap::from([(&self.kind, Vec::new())]);
        for step in &self.steps {
            let lines = kinds.entry(&step.key.kind).or_default();
            lines.push(format!("{} {}", step.count, step.key.disposition));
        }
        for blocker in &self.blockers {
            let lines = kinds.entry(&blocker.kind).or_default();
            lines.push(format!("{} BLOCK: {}", blocker.count, blocker.rule));
        }
        let number = |kind: &KindName| kinds.keys().position(|other| *other == kind);
        let mut text = "flowchart TD".to_owned();
        for (at, (kind, lines)) in kinds.iter().enumerate() {
            let lines: Vec<_> = [kind.to_string()]
                .into_iter()
                .chain(lines.iter().cloned())
                .map(|line| mermaid_text(&line))
                .collect();
            let _ = write!(text, "\n  k{at}[\"{}\"]", lines.join("<br/>"));
        }
        let mut edges: Vec<(usize, usize, &str)> = Vec::new();
        // The kind at the end of each path. It is not the kind in the name of the reference if the path leads to an
        // owned row.
        let ends: BTreeMap<&[ReferenceName], &KindName> =
            self.steps.iter().map(|step| (&*step.key.path, &step.key.kind)).collect();
        for path in self.steps.iter().map(|step| &step.key.path) {
            let mut above = Some(self.kind.clone());
            for (at, reference) in path.iter().enumerate() {
                let end = path.get(..=at).and_then(|path| ends.get(path).copied().cloned());
                let Some(kind) = end.or_else(|| reference.split().map(|(kind, _)| kind)) else {
                    continue;
                };
                if let (Some(from), Some(to)) = (above.as_ref().and_then(number), number(&kind)) {
                    edges.push((from, to, reference.as_str()));
                }
                above = Some(kind);
            }
        }
        edges.sort_unstable();
        edges.dedup();
        for (from, to, reference) in edges {
            let _ = write!(text, "\n  k{from} -->|\"{}\"| k{to}", mermaid_text(reference));
        }
        text
    }
}

/// Escapes text for a quoted label.
fn mermaid_text(text: &str) -> String {
    let characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    characters.collect::<String>().replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
