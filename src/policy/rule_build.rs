//! Functions that build rules: `restrict().when(eq("status", "PENDING")).otherwise(cascade())`.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::{Entry, OnClash, OnSurvive, Parent, Redirect, Retention, Rule};
use crate::domain::{CalendarPeriod, Condition, FaultCode, FieldName, Mask, Period, Value};

/// The entries of a rule under construction.
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
    /// The problems that `build` will report, with their remedies.
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

    /// Applies the entry only to rows for which the condition holds.
    pub fn when(self, condition: Condition) -> Self {
        self.last(|entry| entry.when = Some(condition))
    }

    /// Applies the entry to rows below parents that survive: anonymized or retained.
    pub fn below(self, parent: Parent) -> Self {
        self.last(|entry| entry.parent = Some(parent))
    }

    /// Sets the field, a date or a timestamp, from which a retention runs.
    pub fn from(self, field: impl Into<FieldName>) -> Self {
        self.retention("from", |retention| retention.from = field.into())
    }

    /// Counts a retention from the end of the calendar year, quarter or month of its start, in UTC.
    ///
    /// ```
    /// use client_lifecycle::domain::CalendarPeriod;
    /// use client_lifecycle::policy::retain;
    /// let invoices = retain("P10Y").from("issued_on").from_end_of(CalendarPeriod::Year).basis("HGB §257");
    /// # let _ = invoices;
    /// ```
    pub fn from_end_of(self, calendar: CalendarPeriod) -> Self {
        self.retention("from_end_of", |retention| retention.from_end_of = Some(calendar))
    }

    /// Sets the legal basis of a retention, such as a law and its article, or a contract.
    pub fn basis(self, basis: impl Into<String>) -> Self {
        self.retention("basis", |retention| retention.basis = basis.into())
    }

    fn retention(mut self, call: &str, change: impl FnOnce(&mut Retention)) -> Self {
        if let Some(Rule::Retain(retention)) = self.entries.last_mut().map(|entry| &mut entry.then) {
            change(retention);
        } else {
            let message = format!("`{call}` must follow `retain`");
            return self.misplaced(&message, "leave it out, or start with `retain`");
        }
        self
    }

    /// Sets the masks of an `anonymize`. They replace the masks of the kind.
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
        self.misplaced("`with` must follow `anonymize`", "leave it out, or start with `anonymize`")
    }

    /// Sets the new target of a `reassign`, or the value of a `set_default`.
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
                    return self.misplaced("the argument of `to` is not an id", "pass the id of the record");
                }
            },
            _ => {
                return self.misplaced(
                    "`to` must follow `reassign` or `set_default`",
                    "leave it out, or start with one of the two",
                );
            }
        }
        self
    }

    fn misplaced(mut self, message: &str, remedy: &'static str) -> Self {
        self.problems.push((FaultCode::Misplaced, message.to_owned(), remedy));
        self
    }

    /// Sets what happens to the reference if the row survives its parent: a [`Redirect`], or
    /// [`OnSurvive::Tombstone`], which makes the parent stay.
    pub fn on_survive(self, then: impl Into<OnSurvive>) -> Self {
        self.last(|entry| entry.on_survive = Some(then.into()))
    }

    /// Sets the condition on the new target of a reassigned reference.
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

    /// Sets what happens to rows that a new target would make equal to other rows under a unique key. By default, such
    /// rows block.
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// use client_lifecycle::policy::{OnClash, reassign};
    /// let policy = DeletionPolicy::of("users")
    ///     .reference("views.user_id", "users")
    ///     .hard_delete(|mode| mode
    ///         .allow("ADMIN")
    ///         .rule("views.user_id", reassign().on_clash(OnClash::delete(["user_id", "case_id"]))))
    ///     .build()?;
    /// # Ok::<(), client_lifecycle::domain::Faults>(())
    /// ```
    pub fn on_clash(self, then: OnClash) -> Self {
        self.last(|entry| entry.on_clash = Some(then))
    }

    /// Sets the reason for the rule.
    ///
    /// ```
    /// use client_lifecycle::policy::restrict;
    /// let rule = restrict().rationale("the auditor wants to see them settled first");
    /// # let _ = rule;
    /// ```
    pub fn rationale(self, why: impl Into<String>) -> Self {
        self.last(|entry| entry.rationale = Some(why.into()))
    }

    /// Adds the entries that apply if none of the earlier entries does.
    pub fn otherwise(mut self, next: impl Into<EntryBuilder>) -> Self {
        let next = next.into();
        self.entries.extend(next.entries);
        self.problems.extend(next.problems);
        self
    }
}

/// Treats the row like its parent.
pub fn cascade() -> EntryBuilder {
    EntryBuilder::of(Rule::Cascade)
}

/// Deletes the row, whatever happens to its parent.
pub fn delete() -> EntryBuilder {
    EntryBuilder::of(Rule::Delete)
}

/// Marks the row as deleted.
pub fn soft_delete() -> EntryBuilder {
    EntryBuilder::of(Rule::SoftDelete)
}

/// Makes the row block the operation, unless the operation removes it over another reference.
pub fn restrict() -> EntryBuilder {
    EntryBuilder::of(Rule::Restrict)
}

/// Makes the row block the operation.
pub fn protect() -> EntryBuilder {
    EntryBuilder::of(Rule::Protect)
}

/// Keeps the row.
pub fn keep() -> EntryBuilder {
    EntryBuilder::of(Rule::Keep)
}

/// Keeps the record that the row owns, and keeps the row if that record is removed for another reason.
pub fn leave() -> EntryBuilder {
    EntryBuilder::of(Rule::Leave)
}

/// Keeps the row with masks: the masks of its kind, or those set by [`with`](EntryBuilder::with).
pub fn anonymize() -> EntryBuilder {
    EntryBuilder::of(Rule::Anonymize(BTreeMap::new()))
}

/// Retains the row untouched for a period: a [`Period`], or ISO 8601 text such as `"P6Y"`.
///
/// Set the start date with [`from`](EntryBuilder::from), and the legal basis with [`basis`](EntryBuilder::basis).
/// Without them, `build` fails.
///
/// A period with years, months, weeks or days ends at 00:00 UTC of the day after the anniversary of its first day, see
/// [`Period`]. A row without a date is retained, with a warning. When the period is over, the entries after this one
/// decide about the row; if none of them does, it is deleted.
///
/// ```
/// use client_lifecycle::domain::Period;
/// use client_lifecycle::policy::{anonymize, retain};
/// let orders = retain("P6Y").from("ordered_at").basis("HGB §257").otherwise(anonymize());
/// # let _ = orders;
/// let invoices = retain("P6Y").from("issued_at").basis("Código de Comercio art. 30");
/// let typed = retain(Period::years(6)).from("issued_at").basis("Código de Comercio art. 30");
/// # let _ = (invoices, typed);
/// ```
pub fn retain<P>(period: P) -> EntryBuilder
where
    P: TryInto<Period, Error: Display>,
{
    // `build` reports a bad period with all other faults, so the placeholder is never used.
    let (period, problems) = match period.try_into() {
        Ok(period) => (period, Vec::new()),
        Err(bad) => {
            (Period::days(0), vec![(FaultCode::Period, bad.to_string(), "use `P`, a number and a unit")])
        }
    };
    let retention = Retention { period, from: "".into(), from_end_of: None, basis: String::new() };
    EntryBuilder { problems, ..EntryBuilder::of(Rule::Retain(retention)) }
}

/// Keeps the row and sets the reference to null.
pub fn set_null() -> EntryBuilder {
    EntryBuilder::of(Rule::Redirect(Redirect::SetNull))
}

/// Keeps the row and sets the reference to the default that the data map declares, or to the value of
/// [`to`](EntryBuilder::to).
pub fn set_default() -> EntryBuilder {
    EntryBuilder::of(Rule::Redirect(Redirect::SetDefault(None)))
}

/// Keeps the row and sets the reference to the record that the request names, or to the record of
/// [`to`](EntryBuilder::to).
pub fn reassign() -> EntryBuilder {
    EntryBuilder::of(Rule::Redirect(Redirect::Reassign(None)))
}
