//! Rows that a constraint of the store would refuse.

use super::{Blocker, Plan};
use crate::protocol::{Clash, Constraint, Disposition};

impl Plan {
    /// Adds a blocker for each clash that the store foresees. A reference whose new target is missing already blocks, and
    /// what would be written to it is not known.
    pub(crate) fn block_clashes(&mut self, clashes: Vec<Clash>) {
        if clashes.is_empty() {
            return;
        }
        let is_known = |found: &Blocker| {
            let same = |known: &Blocker| known.reference == found.reference && known.rule == found.rule;
            found.reference.is_some() && self.blockers.iter().any(same)
        };
        let blockers = clashes.iter().map(|clash| self.blocker_of(clash));
        let blockers: Vec<Blocker> = blockers.filter(|found| !is_known(found)).collect();
        self.blockers.extend(blockers);
        self.execution.clashes = clashes;
        self.digest = self.digest_of();
    }

    fn blocker_of(&self, clash: &Clash) -> Blocker {
        let position = self.execution.steps.get(clash.step).and_then(|step| step.receipt_step);
        let key = position.and_then(|position| self.steps.get(position)).map(|step| &step.key);
        let disposition = key.map_or(Disposition::Update, |key| key.disposition);
        let reference = key.filter(|key| key.disposition.is_redirect()).and_then(|key| key.path.last());
        let (message, remedy) = words(clash, reference.is_some());
        Blocker {
            kind: clash.kind.clone(),
            reference: reference.cloned(),
            rule: disposition.as_str().into(),
            count: clash.count,
            sample: clash.sample.clone(),
            message,
            remedy,
        }
    }
}

/// Returns the message and the remedy. `redirects` says whether the rows get a new reference.
fn words(clash: &Clash, redirects: bool) -> (String, String) {
    let Clash { kind, count, .. } = clash;
    let (rows, them) = if *count == 1 { ("row", "it") } else { ("rows", "them") };
    let rows = format!("{count} {rows} of `{kind}` would");
    let other = if redirects {
        format!("delete {them} first, name another record, or choose another rule")
    } else {
        "choose another mask or rule, or change the rows first".into()
    };
    match &clash.constraint {
        Constraint::Unique(key) => (
            format!(
                "{rows} have the same `{}` as another row, but these values are unique",
                key.join("`, `")
            ),
            if redirects {
                format!(
                    "delete {them} first, name a record to which no such row refers, or set `on_clash` in the rule"
                )
            } else {
                "choose a mask that keeps values different, such as `hmac`, or change the rows first".into()
            },
        ),
        Constraint::Exclusion(name) => {
            (format!("{rows} conflict with another row under the exclusion constraint `{name}`"), other)
        }
        Constraint::Check(name) => (format!("{rows} violate the CHECK constraint `{name}`"), other),
        Constraint::NotNull(column) => {
            (format!("{rows} have null in the column `{column}`, which is NOT NULL"), other)
        }
        Constraint::Limit { column, limit } => {
            (format!("{rows} have a value in the column `{column}` that {limit} cannot hold"), other)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_constraint_and_the_remedy_fits_the_step() {
        let said = |constraint: Constraint, count: u64, redirects: bool| {
            words(&Clash::new("debts", 0, constraint, count), redirects)
        };
        let check = said(Constraint::Check("debts_check".into()), 1, true);
        assert_eq!(check.0, "1 row of `debts` would violate the CHECK constraint `debts_check`");
        assert_eq!(check.1, "delete it first, name another record, or choose another rule");
        let limit = Constraint::Limit { column: "email".into(), limit: "character varying(20)".into() };
        assert_eq!(
            said(limit, 2, false).0,
            "2 rows of `debts` would have a value in the column `email` that character varying(20) cannot hold"
        );
        let unique = said(Constraint::Unique(vec!["a".into(), "b".into()]), 2, false);
        assert_eq!(
            unique.0,
            "2 rows of `debts` would have the same `a`, `b` as another row, but these values are unique"
        );
        assert!(unique.1.contains("`hmac`"));
    }
}
