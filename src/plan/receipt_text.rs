//! The receipt as text: what was done, where it differs from the plan, and what must still be deleted and when.

use std::fmt;

use super::text::{UNDECLARED, chain, counted, day, of_subject, quoted, shown_subjects, undecided};
use crate::domain::instant_text;
use crate::protocol::{Disposition, Receipt, ReceiptStep};

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heading(f)?;
        self.section(f, "What went", |step| !step.disposition.stays())?;
        self.section(f, "What came back", |step| step.disposition == Disposition::Restore)?;
        self.section(f, "What was marked or switched, and can come back", |step| {
            step.disposition.can_come_back()
        })?;
        self.section(f, "What stayed, without the person", |step| step.disposition.is_masked())?;
        self.section(f, "What stayed", |step| step.disposition.is_untouched())?;
        self.section(f, "References that changed, in rows that stayed", |step| {
            step.disposition.is_redirect()
        })?;
        self.open_lines(f)?;
        writeln!(f, "\nDone as of {}.", instant_text(self.at))?;
        writeln!(f, "Operation {}", self.operation)?;
        write!(f, "Digest {}", self.digest)
    }
}

impl Receipt {
    fn heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt: {} of `{}` ", self.mode, self.kind)?;
        f.write_str(&shown_subjects(&self.subjects))?;
        if self.outcome == Some(Disposition::Tombstone) {
            f.write_str(
                " - it had to stay as an anonymized TOMBSTONE, because rows that survive refer to it",
            )?;
        }
        f.write_str(&undecided(self.undecided))?;
        writeln!(f)?;
        match (self.outcome, self.complete) {
            (None, _) => writeln!(f, "Nothing was done."),
            (_, true) => writeln!(f, "Done. Nothing is open."),
            (_, false) => writeln!(
                f,
                "Done. {} come.",
                counted(
                    self.open.len(),
                    "item stays open until its date has",
                    "items stay open until their dates have"
                )
            ),
        }
    }

    fn section(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        belongs: impl Fn(&ReceiptStep) -> bool,
    ) -> fmt::Result {
        let steps: Vec<_> = self.steps.iter().filter(|step| belongs(step)).collect();
        if steps.is_empty() {
            return Ok(());
        }
        // All sections use the width of the longest kind, so that their columns line up.
        let all = self.steps.iter().map(|step| step.kind.as_str());
        let width = all.map(|kind| kind.chars().count()).max().unwrap_or(0);
        writeln!(f, "\n{title}")?;
        for step in steps {
            let kind = step.kind.as_str();
            let (actual, disposition) = (step.actual, step.disposition);
            write!(f, "  {actual:>7}  {kind:width$}  {disposition:<11}  ")?;
            match &*step.path {
                [] => f.write_str(of_subject(disposition))?,
                path => f.write_str(&chain(path))?,
            }
            if step.undeclared {
                write!(f, " ({UNDECLARED})")?;
            }
            if let Some(to) = &step.to {
                write!(f, " to {}", quoted(to))?;
            }
            if step.planned != step.actual {
                write!(f, " (planned: {})", step.planned)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn open_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.open.iter().map(|item| item.kind.as_str().chars());
        let Some(width) = lengths.map(Iterator::count).max() else {
            return Ok(());
        };
        writeln!(f, "\nWhat has to be deleted once its date has come")?;
        for item in &self.open {
            let kind = item.kind.as_str();
            write!(f, "  {:>7}  {kind:width$}  ", item.count)?;
            match item.until {
                Some(until) => writeln!(f, "until {}, {}", day(until), item.why)?,
                None => writeln!(f, "indefinitely, {}", item.why)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::protocol::Receipt;

    fn receipt(changes: &serde_json::Value) -> String {
        let mut document = json!({
            "operation": "00000000-0000-0000-0000-000000000001", "digest": "ab",
            "at": "2026-11-20T10:00:00Z", "kind": "clients", "subjects": ["c1"],
            "mode": "hard_delete", "outcome": "delete", "complete": true,
            "steps": [
                { "kind": "debts", "disposition": "delete", "path": ["debts.client_id"], "planned": 3, "actual": 4 },
                { "kind": "clients", "disposition": "delete", "path": [], "planned": 1, "actual": 1 } ],
            "open": []
        });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        let receipt: Receipt = serde_json::from_value(document).unwrap();
        receipt.to_string()
    }

    #[test]
    fn a_count_that_differs_from_the_plan_is_printed() {
        assert_eq!(
            receipt(&json!({})),
            "Receipt: hard_delete of `clients` `c1`\n\
             Done. Nothing is open.\n\
             \n\
             What went\n\
             \x20       4  debts    delete       debts.client_id (planned: 3)\n\
             \x20       1  clients  delete       as asked\n\
             \n\
             Done as of 2026-11-20T10:00:00.000Z.\n\
             Operation 00000000-0000-0000-0000-000000000001\n\
             Digest ab"
        );
    }

    #[test]
    fn open_items_are_counted_on_the_second_line_and_listed_with_dates() {
        let text = receipt(&json!({ "complete": false, "open": [
            { "kind": "invoices", "why": "retained: tax law", "until": "2031-03-01T00:00:00Z", "count": 4 },
            { "kind": "notes", "why": "retained: a lawsuit", "until": null, "count": 1 } ] }));
        assert_eq!(text.lines().nth(1), Some("Done. 2 items stay open until their dates have come."));
        assert!(text.contains(
            "\nWhat has to be deleted once its date has come\n\
             \x20       4  invoices  until 2031-03-01, retained: tax law\n\
             \x20       1  notes     indefinitely, retained: a lawsuit\n"
        ));
    }

    #[test]
    fn a_tombstone_is_on_the_first_line() {
        let text = receipt(&json!({ "outcome": "tombstone" }));
        assert!(text.lines().next().unwrap().contains("TOMBSTONE"));
    }

    #[test]
    fn a_line_break_in_an_id_does_not_add_a_line() {
        let text = receipt(&json!({ "subjects": ["c1`\nNothing was done.\u{1b}[2J"] }));
        assert!(
            text.starts_with("Receipt: hard_delete of `clients` `c1`\\nNothing was done.\\u{1b}[2J`\nDone.")
        );
    }
}
