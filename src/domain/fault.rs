//! Faults: what is wrong with a data map, a policy or data, each with its code, its path and its remedy.

use std::fmt;

use super::words::words;

words! {
    /// The kind of a fault. Programs branch on the code; the message and the remedy are for people and may change.
    #[non_exhaustive]
    pub enum FaultCode: "fault code" {
        /// The text is not a policy document: it has a syntax error, an unknown key, or a value of the wrong type.
        Form = "form",
        /// A kind, a guard, a topic or the field of a condition has no name.
        MissingName = "missing_name",
        /// Something is declared or decided twice.
        Duplicate = "duplicate",
        /// The mode does not exist.
        UnknownMode = "unknown_mode",
        /// No kind has this name.
        UnknownKind = "unknown_kind",
        /// No reference has this name.
        UnknownReference = "unknown_reference",
        /// No row has this field.
        UnknownField = "unknown_field",
        /// The name of a reference is not `kind.field`.
        ReferenceName = "reference_name",
        /// The builder should remove or replace a part that the policy does not have.
        NotPresent = "not_present",
        /// A kind has no id, but a reference or a rule needs one.
        MissingIdentity = "missing_identity",
        /// A reference and the key that it holds do not have the same number of fields.
        ReferenceKey = "reference_key",
        /// A list of ids is declared where only a single value is allowed, or a rule does not apply to lists.
        ListReference = "list_reference",
        /// A field, references over the same fields, or kinds of one table have roles that exclude each other.
        ConflictingRoles = "conflicting_roles",
        /// A field is not of the type that its role requires.
        FieldType = "field_type",
        /// A value or a comparison does not fit the type of the field.
        ConditionType = "condition_type",
        /// A policy has no mode.
        MissingMode = "missing_mode",
        /// A mode does not say who may request it.
        MissingAccess = "missing_access",
        /// A part has no meaning here, such as `retain` in mode `deactivate`.
        Misplaced = "misplaced",
        /// A reference has no rule, or its rule does not cover every row.
        Undecided = "undecided",
        /// An entry stands after an entry that applies to every row.
        UnreachableEntry = "unreachable_entry",
        /// An entry with `parent` stands on a reference in a cycle of kinds.
        ParentInCycle = "parent_in_cycle",
        /// An owned reference is part of a cycle of kinds, or leads into one.
        OwnedInCycle = "owned_in_cycle",
        /// An entry with `parent` has a rule for removed parents, but its parent stays.
        ParentStays = "parent_stays",
        /// Two kinds are not connected by the given or declared references.
        NotConnected = "not_connected",
        /// A mode or a rule needs a kind's `deleted_at`.
        MissingDeletedAt = "missing_deleted_at",
        /// A mode or a rule needs a kind's `status`.
        MissingStatus = "missing_status",
        /// A mode, a rule or a tombstone needs a kind's `personal` fields.
        MissingPersonal = "missing_personal",
        /// `set_default` has neither a value nor a declared default.
        MissingDefault = "missing_default",
        /// A reference that is not nullable would be set to null.
        MandatoryReference = "mandatory_reference",
        /// A row would have to stay as a tombstone, but its kind does not permit that.
        MissingTombstone = "missing_tombstone",
        /// A retention has no legal basis.
        MissingBasis = "missing_basis",
        /// A retention has no field from which its period runs.
        MissingStart = "missing_start",
        /// Text is not an ISO 8601 period.
        Period = "period",
        /// An id or a reference has a mask.
        MaskedKey = "masked_key",
        /// A row whose id is personal would stay without the person, or would have to be found again by its id.
        PersonalId = "personal_id",
        /// A mask does not fit the type of its field.
        MaskType = "mask_type",
        /// A mask may give two rows the same value, but the field is unique.
        MaskNotUnique = "mask_not_unique",
        /// The unique key of `on_clash` does not contain the reference, or the operation changes another of its fields.
        ClashKey = "clash_key",
        /// Rows that `on_clash` would delete are needed by others.
        ClashKept = "clash_kept",
        /// A field has two masks.
        MaskConflict = "mask_conflict",
        /// An event cannot carry the field.
        UnsendableField = "unsendable_field",
        /// Rows in JSON do not have the expected form.
        Data = "data",
        /// A name belongs to a table of the library.
        ReservedName = "reserved_name",
        /// Two rows of a kind have the same id.
        DuplicateId = "duplicate_id",
        /// Some ids of a kind are integers and others are text.
        MixedIds = "mixed_ids",
        /// A reference that is not nullable is null in some rows.
        NullReference = "null_reference",
        /// A reference holds values of another type than the ids of the kind it refers to.
        ReferenceType = "reference_type",
        /// The database differs from the policy. The store's findings list the differences.
        SchemaMismatch = "schema_mismatch",
    }
}

/// A problem in a data map, a policy or data, or a mismatch between them and a store.
///
/// ```
/// use client_lifecycle::domain::{Fault, FaultCode};
/// let fault = Fault::new(FaultCode::UnknownKind, "kinds.debts", "the table `debts` does not exist")
///     .remedy("create it or correct `table`");
/// assert_eq!(fault.to_string(), "kinds.debts: the table `debts` does not exist (create it or correct `table`)");
/// assert_eq!(fault.code.as_str(), "unknown_kind");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Fault {
    /// The path in the policy document, such as `modes.hard_delete.rules.debts.client_id`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it. Empty if the message already says it.
    pub remedy: String,
    /// The kind of the fault.
    pub code: FaultCode,
}

impl Fault {
    /// Returns a fault at a path.
    #[must_use]
    pub fn new(code: FaultCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into(), remedy: String::new() }
    }

    /// Sets the remedy.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)?;
        if !self.remedy.is_empty() {
            write!(f, " ({})", self.remedy)?;
        }
        Ok(())
    }
}

/// All faults that were found, sorted by path. As an error, it holds at least one fault.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Returns an empty list.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Adds faults.
    pub fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.0.extend(faults);
    }

    /// Returns the faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    /// Returns whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of faults.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Merges two lists, sorts them by path and removes duplicates.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self.0.sort();
        self.0.dedup();
        self
    }

    /// Returns `value` if the list is empty.
    ///
    /// # Errors
    /// Returns the faults, sorted by path and without duplicates.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self.and(Self::none())) }
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
