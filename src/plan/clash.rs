//! Rows that a plan would make equal under a unique key of the store.

use super::{Blocker, Plan};
use crate::protocol::{Clash, Disposition};

impl Plan {
    /// Adds a blocker for each clash that the store foresees.
    pub(crate) fn block_clashes(&mut self, clashes: Vec<Clash>) {
        if clashes.is_empty() {
            return;
        }
        let blockers: Vec<Blocker> = clashes.iter().map(|clash| self.blocker_of(clash)).collect();
        self.blockers.extend(blockers);
        self.execution.clashes = clashes;
        self.digest = self.digest_of();
    }

    fn blocker_of(&self, clash: &Clash) -> Blocker {
        let position = self.execution.steps.get(clash.step).and_then(|step| step.receipt_step);
        let key = position.and_then(|position| self.steps.get(position)).map(|step| &step.key);
        let disposition = key.map_or(Disposition::Update, |key| key.disposition);
        let reference = key.filter(|key| key.disposition.is_redirect()).and_then(|key| key.path.last());
        let (rows, them) = if clash.count == 1 { ("row", "it") } else { ("rows", "them") };
        let Clash { kind, count, .. } = clash;
        Blocker {
            kind: kind.clone(),
            reference: reference.cloned(),
            rule: disposition.as_str().into(),
            count: *count,
            sample: clash.sample.clone(),
            message: format!(
                "{count} {rows} of `{kind}` would have the same `{}` as another row, but these values are unique",
                clash.key.join("`, `")
            ),
            remedy: match reference {
                Some(_) => format!(
                    "delete {them} first, name a record to which no such row refers, or set `on_clash` in the rule"
                ),
                None => "choose a mask that keeps values different, such as `hmac`, or change the rows first"
                    .into(),
            },
        }
    }
}
