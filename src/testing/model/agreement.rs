//! Compares a plan with the model.

use std::collections::BTreeMap;

use super::Verdict;
use crate::domain::{KindName, Mode, ReferenceName};
use crate::plan::Plan;
use crate::policy::{DeletionPolicy, Rule};
use crate::protocol::Disposition;

/// The number of rows of each step: by kind, disposition, deciding reference, rule and its condition.
type Steps = BTreeMap<(KindName, Disposition, Option<ReferenceName>, String, Option<String>), u64>;

impl Verdict {
    /// Returns how a plan under this policy differs from the model, as text; `None` if they agree on the blockers, the
    /// steps and their counts, and the warnings about unknown conditions. Equal entries of a rule share a step. Other
    /// warnings are not compared.
    #[must_use]
    pub fn difference(&self, policy: &DeletionPolicy, plan: &Plan) -> Option<String> {
        let mut blockers = BTreeMap::new();
        for blocker in &plan.blockers {
            *blockers.entry((blocker.reference.clone(), blocker.rule.clone())).or_default() += blocker.count;
        }
        if blockers != self.blockers {
            return Some(format!("blockers: the model has {:?}, the plan {blockers:?}", self.blockers));
        }
        let mut unknown = BTreeMap::new();
        for warning in plan.warnings.iter().filter(|warning| warning.name.starts_with("unknown:")) {
            *unknown.entry(warning.name.clone()).or_default() += warning.count;
        }
        if unknown != self.unknown {
            return Some(format!("unknown: the model has {:?}, the plan {unknown:?}", self.unknown));
        }
        let (expected, found) = (self.steps_under(policy, plan.mode), steps_of(plan));
        (expected != found).then(|| format!("steps: the model has {expected:?}, the plan {found:?}"))
    }

    fn steps_under(&self, policy: &DeletionPolicy, mode: Mode) -> Steps {
        let mut steps = Steps::new();
        for ((kind, disposition, reference, index), count) in &self.steps {
            let declared = reference.as_ref().and_then(|name| policy.map().reference(name));
            let is_owner = declared.is_some_and(|reference| reference.owned && reference.to == *kind);
            let rules = policy.mode(mode).map(|mode| &mode.rules);
            let deciding = reference.as_ref().filter(|_| !is_owner);
            let entries = deciding.and_then(|name| rules?.entries(name));
            let entry = entries.and_then(|entries| entries.get(*index));
            let other = if is_owner { "owned" } else { mode.as_str() };
            let is_duplicate = *disposition == Disposition::Delete
                && entry.is_some_and(|entry| matches!(entry.then, Rule::Redirect(_)));
            let rule = entry.map_or(other, |entry| entry.then.as_str());
            let rule = if is_duplicate { "on_clash" } else { rule };
            let when = entry.and_then(|entry| entry.when.as_ref()).map(ToString::to_string);
            let key = (kind.clone(), *disposition, reference.clone(), rule.to_owned(), when);
            *steps.entry(key).or_default() += count;
        }
        steps
    }
}

fn steps_of(plan: &Plan) -> Steps {
    let mut steps = Steps::new();
    for step in &plan.steps {
        let key = &step.key;
        let last = key.path.last().cloned();
        let key = (key.kind.clone(), key.disposition, last, key.rule.clone(), key.when.clone());
        *steps.entry(key).or_default() += step.count;
    }
    steps
}
