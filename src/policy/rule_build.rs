//! Functions that build rules: `restrict().when(eq("status", "PENDING")).otherwise(cascade())`.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::{Entry, OnSurvive, Parent, Redirect, Retention, Rule};
use crate::domain::{Condition, FaultCode, FieldName, Mask, Period, Value};

/// The entries of one rule while they are being written.
///
/// ```
/// use client_lifecycle::domain::eq;
/// use client_lifecycle::policy::{cascade, restrict, retain, set_null, Redirect};
/// let debts = restrict().when(eq("status", "PENDING")).otherwise(cascade());
/// let invoices = retain("P6Y").from("issued_at").basis("Código de Comercio art. 30").on_survive(Redirect::SetNull);
/// # let _ = (debts, invoices, set_null());
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct EntryBuilder {
    pub(super) entries: Vec<Entry>,
    /// What `build` has to report, with the remedy.
    pub(super) problems: Vec<(FaultCode, String, &'static str)>,
}

impl EntryBuilder {
    fn of(rule: Rule) -> Self {
        Self { entries: vec![rule.into()], problems: Vec::new() }
    }

    fn last(mut self, change: impl FnOnce(&mut Entry)) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            change(entry);
        }
        self
    }

    /// Applies only where the condition holds for the row.
    pub fn when(self, condition: Condition) -> Self {
        self.last(|entry| entry.when = Some(condition))
    }

    /// Speaks of rows below parents that survive anonymized or retained.
    pub fn below(self, parent: Parent) -> Self {
        self.last(|entry| entry.parent = Some(parent))
    }

    /// Sets the date or timestamp of the row from which a retention runs.
    pub fn from(self, field: impl Into<FieldName>) -> Self {
        self.retention("from", |retention| retention.from = field.into())
    }

    /// Sets the legal basis of a retention, such as a law and its article, or a contract.
    pub fn basis(self, basis: impl Into<String>) -> Self {
        self.retention("basis", |retention| retention.basis = basis.into())
    }

    fn retention(mut self, call: &str, change: impl FnOnce(&mut Retention)) -> Self {
        if let Some(Rule::Retain(retention)) = self.entries.last_mut().map(|entry| &mut entry.then) {
            change(retention);
        } else {
            let message = format!("`{call}` needs `retain` before it");
            return self.misplaced(&message, "leave it out, or begin with `retain`");
        }
        self
    }

    /// Sets the masks of an `anonymize`, in place of those of the kind.
    ///
    /// ```
    /// use client_lifecycle::domain::Mask;
    /// use client_lifecycle::policy::anonymize;
    /// let notes = anonymize().with([("note", Mask::Null)]);
    /// # let _ = notes;
    /// ```
    pub fn with<F: Into<FieldName>>(mut self, masks: impl IntoIterator<Item = (F, Mask)>) -> Self {
        let masks = masks.into_iter().map(|(field, mask)| (field.into(), mask)).collect();
        if let Some(Rule::Anonymize(own)) = self.entries.last_mut().map(|entry| &mut entry.then) {
            *own = masks;
            return self;
        }
        self.misplaced("`with` needs `anonymize` before it", "leave it out, or begin with `anonymize`")
    }

    /// Sets where a `reassign` or a `set_default` lets the reference point.
    ///
    /// ```
    /// use client_lifecycle::policy::{reassign, set_default};
    /// let (invoices, tasks) = (set_default().to(0), reassign().to("house"));
    /// # let _ = (invoices, tasks);
    /// ```
    pub fn to(mut self, target: impl Into<Value>) -> Self {
        let target = target.into();
        match self.entries.last_mut().map(|entry| &mut entry.then) {
            Some(Rule::Redirect(Redirect::SetDefault(default))) => *default = Some(target),
            Some(Rule::Redirect(Redirect::Reassign(to))) => match target.as_id() {
                Some(id) => *to = Some(id),
                None => {
                    return self.misplaced("what `to` names is not an id", "name the record by its id");
                }
            },
            _ => {
                return self.misplaced(
                    "`to` needs `reassign` or `set_default` before it",
                    "leave it out, or begin with one of the two",
                );
            }
        }
        self
    }

    fn misplaced(mut self, message: &str, remedy: &'static str) -> Self {
        self.problems.push((FaultCode::Misplaced, message.to_owned(), remedy));
        self
    }

    /// Sets what becomes of the reference where the row survives its parent: a [`Redirect`], or
    /// [`OnSurvive::Tombstone`], under which the parent stays.
    pub fn on_survive(self, then: impl Into<OnSurvive>) -> Self {
        self.last(|entry| entry.on_survive = Some(then.into()))
    }

    /// Says what must hold for the record that a reassigned reference is to point at: an owner who qualifies.
    ///
    /// ```
    /// use client_lifecycle::domain::eq;
    /// use client_lifecycle::policy::reassign;
    /// let rule = reassign().qualifies(eq("status", "ACTIVE"));
    /// # let _ = rule;
    /// ```
    pub fn qualifies(self, condition: Condition) -> Self {
        self.last(|entry| entry.qualifies = Some(condition))
    }

    /// Says why it is decided so.
    ///
    /// ```
    /// use client_lifecycle::policy::restrict;
    /// let rule = restrict().rationale("the auditor wants to see them settled first");
    /// # let _ = rule;
    /// ```
    pub fn rationale(self, why: impl Into<String>) -> Self {
        self.last(|entry| entry.rationale = Some(why.into()))
    }

    /// What applies where no entry so far does.
    pub fn otherwise(mut self, next: impl Into<EntryBuilder>) -> Self {
        let next = next.into();
        self.entries.extend(next.entries);
        self.problems.extend(next.problems);
        self
    }
}

/// The row goes the way of its parent.
pub fn cascade() -> EntryBuilder {
    EntryBuilder::of(Rule::Cascade)
}

/// The row goes, whatever became of the parent.
pub fn delete() -> EntryBuilder {
    EntryBuilder::of(Rule::Delete)
}

/// The row is marked as deleted.
pub fn soft_delete() -> EntryBuilder {
    EntryBuilder::of(Rule::SoftDelete)
}

/// The row blocks, unless this operation removes it over another reference.
pub fn restrict() -> EntryBuilder {
    EntryBuilder::of(Rule::Restrict)
}

/// The row blocks, always.
pub fn protect() -> EntryBuilder {
    EntryBuilder::of(Rule::Protect)
}

/// The row stays.
pub fn keep() -> EntryBuilder {
    EntryBuilder::of(Rule::Keep)
}

/// The row stays with the masks of its kind, or with those of [`with`](EntryBuilder::with).
pub fn anonymize() -> EntryBuilder {
    EntryBuilder::of(Rule::Anonymize(BTreeMap::new()))
}

/// Retains the row untouched for a period: a [`Period`], or ISO 8601 text such as `"P6Y"`.
///
/// [`from`](EntryBuilder::from) names the date from which the period runs, [`basis`](EntryBuilder::basis) the legal
/// basis. A policy without either does not build.
///
/// ```
/// use client_lifecycle::domain::Period;
/// use client_lifecycle::policy::retain;
/// let invoices = retain("P6Y").from("issued_at").basis("Código de Comercio art. 30");
/// let typed = retain(Period::years(6)).from("issued_at").basis("Código de Comercio art. 30");
/// # let _ = (invoices, typed);
/// ```
pub fn retain<P>(period: P) -> EntryBuilder
where
    P: TryInto<Period, Error: Display>,
{
    // A bad period is reported by `build`, with all other faults; the period of no time never gets past it.
    let (period, problems) = match period.try_into() {
        Ok(period) => (period, Vec::new()),
        Err(bad) => (
            Period::days(0),
            vec![(FaultCode::Period, bad.to_string(), "write `P`, then a number and a unit")],
        ),
    };
    let retention = Retention { period, from: "".into(), basis: String::new() };
    EntryBuilder { problems, ..EntryBuilder::of(Rule::Retain(retention)) }
}

/// The row stays without the reference.
pub fn set_null() -> EntryBuilder {
    EntryBuilder::of(Rule::Redirect(Redirect::SetNull))
}

/// The row stays and refers to the default that the data map declares, or to that of [`to`](EntryBuilder::to).
pub fn set_default() -> EntryBuilder {
    EntryBuilder::of(Rule::Redirect(Redirect::SetDefault(None)))
}

/// The row stays and refers to the record that the request names, or to that of [`to`](EntryBuilder::to).
pub fn reassign() -> EntryBuilder {
    EntryBuilder::of(Rule::Redirect(Redirect::Reassign(None)))
}
