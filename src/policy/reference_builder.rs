//! The builder of references.

use crate::domain::{Condition, FieldName, KeyComparison, Lock, Reference};

/// A reference in a [`PolicyBuilder`](super::PolicyBuilder).
#[derive(Debug, Clone)]
#[must_use]
pub struct ReferenceBuilder(pub(super) Reference);

impl ReferenceBuilder {
    /// Sets the fields that refer, in the order of the key that they hold.
    pub fn fields<N: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = N>) -> Self {
        self.0.fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the unique fields of the kind referred to whose values the reference holds, if it does not hold ids.
    pub fn key<N: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = N>) -> Self {
        self.0.key = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// Compares the values on both sides as text, without regard to the case of the letters A to Z.
    pub fn ignore_ascii_case(mut self) -> Self {
        self.0.compare = KeyComparison::IgnoreAsciiCase;
        self
    }

    /// Declares that the field holds a list of ids. The row refers to the record of each element.
    pub fn each(mut self) -> Self {
        self.0.each = true;
        self
    }

    /// Sets the condition on the referring row. A row that does not meet it refers to nothing over this reference.
    pub fn when(mut self, condition: Condition) -> Self {
        self.0.when = Some(condition);
        self
    }

    /// Declares that the fields can be null.
    pub fn nullable(mut self) -> Self {
        self.0.nullable = true;
        self
    }

    /// Declares that the record belongs to the rows that refer to it: it is removed with the last of them.
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// use client_lifecycle::policy::cascade;
    /// let policy = DeletionPolicy::of("clients")
    ///     .reference_with("clients.address_id", "addresses", |reference| reference.owned())
    ///     .hard_delete(|mode| mode.allow("ADMIN").others(cascade()))
    ///     .build()?;
    /// # let _ = policy;
    /// # Ok::<(), client_lifecycle::domain::Faults>(())
    /// ```
    pub fn owned(mut self) -> Self {
        self.0.owned = true;
        self
    }

    /// Sets how the reference is protected if it has no foreign key.
    pub fn lock(mut self, lock: Lock) -> Self {
        self.0.lock = Some(lock);
        self
    }
}
