//! The plan as a Mermaid flowchart.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Plan;
use crate::domain::KindName;

impl Plan {
    /// The plan as a Mermaid flowchart: the subject on top, below it every kind with what becomes of its
    /// rows, along the references that reach them.
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
                .map(|line| quoted(&line))
                .collect();
            let _ = write!(text, "\n  k{at}[\"{}\"]", lines.join("<br/>"));
        }
        let mut edges: Vec<(usize, usize, &str)> = Vec::new();
        for path in self.steps.iter().map(|step| &step.key.path) {
            let mut above = Some(self.kind.clone());
            for reference in path {
                let Some((kind, _)) = reference.split() else {
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
            let _ = write!(text, "\n  k{from} -->|\"{}\"| k{to}", quoted(reference));
        }
        text
    }
}

/// Text that stays within its quotes.
fn quoted(text: &str) -> String {
    let characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    characters.collect::<String>().replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
