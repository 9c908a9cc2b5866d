//! Building a policy in Rust.

use std::collections::BTreeMap;

use super::reference_builder::ReferenceBuilder;
use super::{Access, Allow, DeletionPolicy, EffectRule, EntryBuilder, Guard, ModePolicy, ReasonRule};
use crate::domain::{
    Condition, DataMap, DeletedField, Excluded, Fault, FaultCode, Faults, FieldName, FieldType, Identity,
    Kind, KindName, Mask, Mode, Reference, ReferenceName, StatusField, TableName, Undecided, Value,
};

/// A policy under construction. [`build`](Self::build) checks it.
#[derive(Debug, Clone)]
#[must_use]
pub struct PolicyBuilder {
    version: Option<String>,
    pub(super) subject: KindName,
    pub(super) kinds: BTreeMap<KindName, Kind>,
    pub(super) references: Vec<Reference>,
    excluded: Vec<Excluded>,
    undecided: Vec<Undecided>,
    pub(super) modes: BTreeMap<Mode, ModePolicy>,
    pub(super) faults: Faults,
}

impl PolicyBuilder {
    pub(super) fn new(subject: KindName) -> Self {
        let kinds = BTreeMap::from([(subject.clone(), Kind::named(&subject))]);
        Self {
            version: None,
            subject,
            kinds,
            references: Vec::new(),
            excluded: Vec::new(),
            undecided: Vec::new(),
            modes: BTreeMap::new(),
            faults: Faults::none(),
        }
    }

    /// Sets the version, which every plan shows. The default is a hash of the policy's document.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Adds the kinds and references of a data map.
    pub fn map(mut self, map: &DataMap) -> Self {
        self.kinds.extend(map.kinds().map(|kind| (kind.name.clone(), kind.clone())));
        self.references.extend(map.references().cloned());
        self.excluded.extend_from_slice(map.excluded());
        self.undecided.extend_from_slice(map.undecided());
        self
    }

    /// Declares a kind, or more about it. A kind that a reference mentions exists without this call.
    pub fn kind(mut self, name: impl Into<KindName>, say: impl FnOnce(KindBuilder) -> KindBuilder) -> Self {
        let name = name.into();
        let kind = self.kinds.remove(&name).unwrap_or_else(|| Kind::named(&name));
        self.kinds.insert(name, say(KindBuilder(kind)).0);
        self
    }

    /// Declares that a field (`debts.client_id`) holds ids of a kind.
    pub fn reference(self, name: impl Into<ReferenceName>, to: impl Into<KindName>) -> Self {
        self.reference_with(name, to, |reference| reference)
    }

    /// Declares a reference to a kind, and configures it.
    ///
    /// The name is `kind.field`. If [`fields`](ReferenceBuilder::fields) names the fields, any text may follow the
    /// kind.
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// use client_lifecycle::domain::{Lock, eq};
    /// use client_lifecycle::policy::{cascade, set_null};
    /// let policy = DeletionPolicy::of("clients")
    ///     .reference("debts.client_id", "clients")
    ///     .reference_with("invoices.client_id", "clients", |reference| reference.nullable())
    ///     .reference_with("logs.client_id", "clients", |reference| reference.lock(Lock::Table))
    ///     .reference_with("comments.of_client", "clients", |reference| {
    ///         reference.fields(["owner_id"]).when(eq("owner_type", "Client"))
    ///     })
    ///     .reference_with("threads.member_ids", "clients", |reference| reference.each())
    ///     .hard_delete(|mode| {
    ///         let mode = mode.allow("ADMIN").rule("threads.member_ids", set_null());
    ///         mode.rule("invoices.client_id", set_null()).others(cascade())
    ///     })
    ///     .build()?;
    /// # let _ = policy;
    /// # Ok::<(), client_lifecycle::domain::Faults>(())
    /// ```
    pub fn reference_with(
        mut self,
        name: impl Into<ReferenceName>,
        to: impl Into<KindName>,
        say: impl FnOnce(ReferenceBuilder) -> ReferenceBuilder,
    ) -> Self {
        let (name, to) = (name.into(), to.into());
        let Some((from, field)) = name.split() else {
            self.faults.push(
                Fault::new(
                    FaultCode::ReferenceName,
                    format!("references.{name}"),
                    "a reference must be `kind.field`",
                )
                .remedy("for example `debts.client_id`"),
            );
            return self;
        };
        for kind in [&from, &to] {
            self.kinds.entry(kind.clone()).or_insert_with(|| Kind::named(kind));
        }
        let reference = Reference::new(name, from, field, to);
        self.references.push(say(ReferenceBuilder(reference)).0);
        self
    }

    /// Deliberately leaves out a table. In `crm.logs`, `crm` is the schema of the table.
    pub fn exclude_table(mut self, table: impl Into<TableName>, rationale: impl Into<String>) -> Self {
        let table = Some(table.into());
        self.excluded.push(Excluded { table, reference: None, rationale: rationale.into() });
        self
    }

    /// Deliberately leaves out a reference.
    pub fn exclude_reference(
        mut self,
        reference: impl Into<ReferenceName>,
        rationale: impl Into<String>,
    ) -> Self {
        let reference = Some(reference.into());
        self.excluded.push(Excluded { table: None, reference, rationale: rationale.into() });
        self
    }

    /// Notes that the policy does not decide about a table yet. Plans and receipts say how many such entries there are.
    /// With `restrict`, no record is removed until it is decided.
    pub fn undecided_table(
        mut self,
        table: impl Into<TableName>,
        rationale: impl Into<String>,
        restrict: bool,
    ) -> Self {
        let table = Some(table.into());
        self.undecided.push(Undecided { table, reference: None, rationale: rationale.into(), restrict });
        self
    }

    /// Notes that the policy does not decide about a reference yet: see [`undecided_table`](Self::undecided_table).
    pub fn undecided_reference(
        mut self,
        reference: impl Into<ReferenceName>,
        rationale: impl Into<String>,
        restrict: bool,
    ) -> Self {
        let reference = Some(reference.into());
        self.undecided.push(Undecided { table: None, reference, rationale: rationale.into(), restrict });
        self
    }

    /// Offers a mode. If the mode is already offered, adds to it.
    pub fn mode(mut self, mode: Mode, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        let policy = self.modes.remove(&mode).unwrap_or_default();
        let built = say(ModeBuilder { mode, policy, faults: Faults::none() });
        self.faults.extend(built.faults.iter().cloned());
        self.modes.insert(mode, built.policy);
        self
    }

    /// Offers to create records.
    pub fn create(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Create, say)
    }

    /// Offers to update fields.
    pub fn update(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Update, say)
    }

    /// Offers to redirect the references whose rule is [`reassign`](super::reassign).
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// use client_lifecycle::domain::eq;
    /// use client_lifecycle::policy::reassign;
    /// let policy = DeletionPolicy::of("unions")
    ///     .reference("members.union_id", "unions")
    ///     .reassign(|mode| mode
    ///         .allow("ADMIN")
    ///         .rule("members.union_id", reassign().qualifies(eq("status", "ACTIVE"))))
    ///     .build()?;
    /// # let _ = policy;
    /// # Ok::<(), client_lifecycle::domain::Faults>(())
    /// ```
    pub fn reassign(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Reassign, say)
    }

    /// Offers to delete records permanently.
    pub fn hard_delete(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::HardDelete, say)
    }

    /// Offers to mark records as deleted.
    pub fn soft_delete(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::SoftDelete, say)
    }

    /// Offers to take back soft deletions.
    pub fn restore(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Restore, say)
    }

    /// Offers to remove personal values.
    pub fn anonymize(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Anonymize, say)
    }

    /// Offers to set records OFF.
    pub fn deactivate(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Deactivate, say)
    }

    /// Offers to set records ON.
    pub fn reactivate(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Reactivate, say)
    }

    /// Checks the policy and builds it.
    ///
    /// # Errors
    /// Every fault, with its path and a remedy.
    pub fn build(self) -> Result<DeletionPolicy, Faults> {
        let Self { version, subject, kinds, references, excluded, undecided, modes, faults } = self;
        let built = DataMap::with_excluded(kinds.into_values(), references, excluded)
            .and_then(|map| map.with_undecided(undecided))
            .and_then(|map| DeletionPolicy::assemble(version, subject, map, modes));
        match built {
            Ok(policy) => faults.or(policy),
            Err(more) => Err(faults.and(more)),
        }
    }
}

/// A kind in a [`PolicyBuilder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct KindBuilder(pub(super) Kind);

impl KindBuilder {
    /// Sets the name of the table. Needed only if it differs from the name of the kind. In `crm.clients`, `crm` is the
    /// schema of the table.
    pub fn table(mut self, table: impl Into<TableName>) -> Self {
        self.0.table = Some(table.into());
        self
    }

    /// Sets what identifies a row: a field, several fields (`["order_id", "line"]`), or
    /// [`Identity::none`]. The default is the field `id`.
    pub fn id(mut self, identity: impl Into<Identity>) -> Self {
        self.0.id = identity.into();
        self
    }

    /// Sets the field that holds ON or OFF.
    pub fn status(mut self, status: impl Into<StatusField>) -> Self {
        self.0.status = Some(status.into());
        self
    }

    /// Sets the field that says whether a record is marked as deleted: the name of an instant that is null on live
    /// records, or a [`DeletedField`] with another value on live records.
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// use client_lifecycle::domain::DeletedField;
    /// let policy = DeletionPolicy::of("clients")
    ///     .kind("clients", |kind| kind.deleted_at("deleted_at"))
    ///     .kind("notes", |kind| kind.deleted_at(DeletedField::new("removed", false)))
    ///     .kind("prices", |kind| kind.deleted_at(DeletedField::new("valid_to", "infinity")));
    /// # let _ = policy;
    /// ```
    pub fn deleted_at(mut self, field: impl Into<DeletedField>) -> Self {
        self.0.deleted_at = Some(field.into());
        self
    }

    /// Sets the field that holds when a record was created. The library writes it when it creates a record.
    pub fn created_at(mut self, field: impl Into<FieldName>) -> Self {
        self.0.created_at = Some(field.into());
        self
    }

    /// Sets the field that holds when a record was last written. Every write sets it.
    pub fn updated_at(mut self, field: impl Into<FieldName>) -> Self {
        self.0.updated_at = Some(field.into());
        self
    }

    /// Sets the version field, an integer that every write increments.
    pub fn version(mut self, field: impl Into<FieldName>) -> Self {
        self.0.version = Some(field.into());
        self
    }

    /// Permits rows to stay, masked, when surviving rows must keep referring to them.
    pub fn tombstone(mut self) -> Self {
        self.0.tombstone = true;
        self
    }

    /// Declares that rows are added and removed all the time, so that plans do not depend on their number.
    pub fn volatile(mut self) -> Self {
        self.0.volatile = true;
        self
    }

    /// Declares that only rows that meet the condition are records of this kind.
    pub fn filter(mut self, condition: Condition) -> Self {
        self.0.filter = Some(condition);
        self
    }

    /// Declares the type of a field.
    pub fn field(mut self, name: impl Into<FieldName>, field_type: FieldType) -> Self {
        self.0.fields.entry(name.into()).or_default().field_type = Some(field_type);
        self
    }

    /// Declares that a field can be null.
    pub fn nullable(mut self, name: impl Into<FieldName>) -> Self {
        self.0.fields.entry(name.into()).or_default().nullable = true;
        self
    }

    /// Declares that the values of a field are unique.
    pub fn unique(mut self, name: impl Into<FieldName>) -> Self {
        self.0.fields.entry(name.into()).or_default().unique = true;
        self
    }

    /// Sets the column of a field. Needed only if its name differs from that of the field.
    pub fn column(mut self, name: impl Into<FieldName>, column: impl Into<String>) -> Self {
        self.0.fields.entry(name.into()).or_default().column = Some(column.into());
        self
    }

    /// Sets the value that `set_default` writes to a field.
    pub fn default(mut self, name: impl Into<FieldName>, default: impl Into<Value>) -> Self {
        self.0.fields.entry(name.into()).or_default().default = Some(default.into());
        self
    }

    /// Declares a field as personal, with its mask.
    pub fn personal(mut self, name: impl Into<FieldName>, mask: Mask) -> Self {
        self.0.personal.insert(name.into(), mask);
        self
    }

    /// Sets the field that holds the subject's id on every row of this kind.
    pub fn shard_key(mut self, field: impl Into<FieldName>) -> Self {
        self.0.shard_key = Some(field.into());
        self
    }
}

/// A mode in a [`PolicyBuilder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ModeBuilder {
    pub(super) mode: Mode,
    pub(super) policy: ModePolicy,
    pub(super) faults: Faults,
}

impl ModeBuilder {
    /// Adds a permission: a role, a role within a scope, or the subject acting on itself.
    pub fn allow(mut self, allow: impl Into<Allow>) -> Self {
        match &mut self.policy.allow {
            Some(Access::Some(list)) => list.push(allow.into()),
            Some(Access::Any | Access::Authenticated) => {}
            None => self.policy.allow = Some(Access::Some(vec![allow.into()])),
        }
        self
    }

    /// Allows every caller, because the host has already checked permissions.
    pub fn allow_any(mut self) -> Self {
        self.policy.allow = Some(Access::Any);
        self
    }

    /// Allows every caller who is signed in.
    pub fn allow_authenticated(mut self) -> Self {
        self.policy.allow = Some(Access::Authenticated);
        self
    }

    /// Requires a reason.
    pub fn reason_required(mut self) -> Self {
        self.policy.reason = ReasonRule::Required;
        self
    }

    /// Adds a guard.
    pub fn guard(mut self, guard: Guard) -> Self {
        self.policy.guards.push(guard);
        self
    }

    /// Sets the rule of a reference.
    pub fn rule(mut self, reference: impl Into<ReferenceName>, rule: EntryBuilder) -> Self {
        let reference = reference.into();
        self.note_problems(reference.as_str(), &rule);
        if self.policy.rules.named.insert(reference.clone(), rule.entries).is_some() {
            let path = format!("modes.{}.rules.{reference}", self.mode);
            self.faults.push(
                Fault::new(FaultCode::Duplicate, path, "the reference has two rules")
                    .remedy("keep one rule; `otherwise` adds entries"),
            );
        }
        self
    }

    /// Sets the rule of all references that have no rule of their own.
    pub fn others(mut self, rule: EntryBuilder) -> Self {
        self.note_problems("*", &rule);
        self.policy.rules.others = Some(rule.entries);
        self
    }

    /// Adds an event for other systems.
    pub fn effect(mut self, effect: EffectRule) -> Self {
        self.policy.effects.push(effect);
        self
    }

    /// Adds a field of the subject whose value the audit entry keeps, as it was before. Only for `hard_delete` and
    /// `anonymize`, which erase everything else.
    pub fn before(mut self, field: impl Into<FieldName>) -> Self {
        self.policy.before.push(field.into());
        self
    }

    fn note_problems(&mut self, reference: &str, rule: &EntryBuilder) {
        let path = format!("modes.{}.rules.{reference}", self.mode);
        let problems = rule.problems.iter();
        self.faults.extend(
            problems.map(|(code, message, remedy)| Fault::new(*code, &path, message).remedy(*remedy)),
        );
    }
}
