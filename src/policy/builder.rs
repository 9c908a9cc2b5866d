//! Building a policy in Rust.

use std::collections::BTreeMap;

use super::policy::FIRST_VERSION;
use super::{Access, Allow, DeletionPolicy, EffectRule, EntryBuilder, Guard, ModePolicy, ReasonRule};
use crate::domain::{
    Condition, DataMap, Excluded, Fault, FaultCode, Faults, FieldName, FieldType, Kind, KindName, Lock, Mask,
    Mode, Reference, ReferenceName, StatusField, Value,
};

/// A policy while it is being written. [`build`](Self::build) checks the whole.
#[derive(Debug, Clone)]
#[must_use]
pub struct PolicyBuilder {
    version: String,
    pub(super) subject: KindName,
    pub(super) kinds: BTreeMap<KindName, Kind>,
    pub(super) references: Vec<Reference>,
    excluded: Vec<Excluded>,
    pub(super) modes: BTreeMap<Mode, ModePolicy>,
    pub(super) faults: Faults,
}

impl PolicyBuilder {
    pub(super) fn new(subject: KindName) -> Self {
        let kinds = BTreeMap::from([(subject.clone(), Kind::named(&subject))]);
        Self {
            version: FIRST_VERSION.into(),
            subject,
            kinds,
            references: Vec::new(),
            excluded: Vec::new(),
            modes: BTreeMap::new(),
            faults: Faults::none(),
        }
    }

    /// Names the version, which every plan shows.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Takes over the kinds and references of a data map.
    pub fn map(mut self, map: &DataMap) -> Self {
        self.kinds.extend(map.kinds().map(|kind| (kind.name.clone(), kind.clone())));
        self.references.extend(map.references().cloned());
        self.excluded.extend_from_slice(map.excluded());
        self
    }

    /// Says more of a kind. Kinds that references name need not be declared.
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

    /// Declares that a field holds ids of a kind, and whether it is nullable or needs a lock.
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// use client_lifecycle::domain::Lock;
    /// use client_lifecycle::policy::{cascade, set_null};
    /// let policy = DeletionPolicy::of("clients")
    ///     .reference("debts.client_id", "clients")
    ///     .reference_with("invoices.client_id", "clients", |reference| reference.nullable())
    ///     .reference_with("logs.client_id", "clients", |reference| reference.lock(Lock::Table))
    ///     .hard_delete(|mode| mode.allow("ADMIN").rule("invoices.client_id", set_null()).others(cascade()))
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
                    "a reference is `kind.field`",
                )
                .remedy("write for example `debts.client_id`"),
            );
            return self;
        };
        for kind in [&from, &to] {
            self.kinds.entry(kind.clone()).or_insert_with(|| Kind::named(kind));
        }
        let reference = Reference { name, from, field, to, nullable: false, lock: None };
        self.references.push(say(ReferenceBuilder(reference)).0);
        self
    }

    /// Leaves a table out on purpose.
    pub fn exclude_table(mut self, table: impl Into<String>, rationale: impl Into<String>) -> Self {
        let table = Some(table.into());
        self.excluded.push(Excluded { table, reference: None, rationale: rationale.into() });
        self
    }

    /// Leaves a reference out on purpose.
    pub fn exclude_reference(
        mut self,
        reference: impl Into<ReferenceName>,
        rationale: impl Into<String>,
    ) -> Self {
        let reference = Some(reference.into());
        self.excluded.push(Excluded { table: None, reference, rationale: rationale.into() });
        self
    }

    /// Offers a mode; says more of it where it is offered already.
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

    /// Offers to give references another target: those whose rule is [`reassign`](super::reassign).
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

    /// Offers to delete for good.
    pub fn hard_delete(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::HardDelete, say)
    }

    /// Offers to mark as deleted.
    pub fn soft_delete(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::SoftDelete, say)
    }

    /// Offers to anonymize.
    pub fn anonymize(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Anonymize, say)
    }

    /// Offers to set OFF.
    pub fn deactivate(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Deactivate, say)
    }

    /// Offers to set ON.
    pub fn reactivate(self, say: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Self {
        self.mode(Mode::Reactivate, say)
    }

    /// Checks everything that was said.
    ///
    /// # Errors
    /// Every fault, each with its path and a way out.
    pub fn build(self) -> Result<DeletionPolicy, Faults> {
        let Self { version, subject, kinds, references, excluded, modes, faults } = self;
        let built = DataMap::with_excluded(kinds.into_values(), references, excluded)
            .and_then(|map| DeletionPolicy::assemble(version, subject, map, modes));
        match built {
            Ok(policy) => faults.or(policy),
            Err(more) => Err(faults.and(more)),
        }
    }
}

/// A reference in a [`PolicyBuilder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ReferenceBuilder(Reference);

impl ReferenceBuilder {
    /// Declares that the field can be null.
    pub fn nullable(mut self) -> Self {
        self.0.nullable = true;
        self
    }

    /// Sets what protects the reference where there is no foreign key.
    pub fn lock(mut self, lock: Lock) -> Self {
        self.0.lock = Some(lock);
        self
    }
}

/// What is said of a kind.
#[derive(Debug, Clone)]
#[must_use]
pub struct KindBuilder(pub(super) Kind);

impl KindBuilder {
    /// Its table, where that is called differently.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.0.table = Some(table.into());
        self
    }

    /// The field that identifies a record; `id` unless said otherwise.
    pub fn id(mut self, field: impl Into<FieldName>) -> Self {
        self.0.id = field.into();
        self
    }

    /// The field that says ON or OFF.
    pub fn status(mut self, status: impl Into<StatusField>) -> Self {
        self.0.status = Some(status.into());
        self
    }

    /// The field that says since when a record counts as deleted.
    pub fn deleted_at(mut self, field: impl Into<FieldName>) -> Self {
        self.0.deleted_at = Some(field.into());
        self
    }

    /// The field that says since when a record is there; written when the library creates it.
    pub fn created_at(mut self, field: impl Into<FieldName>) -> Self {
        self.0.created_at = Some(field.into());
        self
    }

    /// The field that says when a record was written last; every write sets it.
    pub fn updated_at(mut self, field: impl Into<FieldName>) -> Self {
        self.0.updated_at = Some(field.into());
        self
    }

    /// The field that counts how often a record was written, an integer.
    pub fn version(mut self, field: impl Into<FieldName>) -> Self {
        self.0.version = Some(field.into());
        self
    }

    /// A row that has to stay because others must keep referring to it stays masked.
    pub fn tombstone(mut self) -> Self {
        self.0.tombstone = true;
        self
    }

    /// Rows come and go all the time, so that their number binds no plan.
    pub fn volatile(mut self) -> Self {
        self.0.volatile = true;
        self
    }

    /// Narrows whom the policy may touch.
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

    /// Declares that no two rows may have the same value in a field.
    pub fn unique(mut self, name: impl Into<FieldName>) -> Self {
        self.0.fields.entry(name.into()).or_default().unique = true;
        self
    }

    /// Says the column of a field, where that is called differently.
    pub fn column(mut self, name: impl Into<FieldName>, column: impl Into<String>) -> Self {
        self.0.fields.entry(name.into()).or_default().column = Some(column.into());
        self
    }

    /// Says what `set_default` writes to a field.
    pub fn default(mut self, name: impl Into<FieldName>, default: impl Into<Value>) -> Self {
        self.0.fields.entry(name.into()).or_default().default = Some(default.into());
        self
    }

    /// Declares a field as personal, and what takes the place of its value.
    pub fn personal(mut self, name: impl Into<FieldName>, mask: Mask) -> Self {
        self.0.personal.insert(name.into(), mask);
        self
    }

    /// The field that carries the subject's id on every row of this kind.
    pub fn shard_key(mut self, field: impl Into<FieldName>) -> Self {
        self.0.shard_key = Some(field.into());
        self
    }
}

/// What is said of a mode.
#[derive(Debug, Clone)]
#[must_use]
pub struct ModeBuilder {
    pub(super) mode: Mode,
    pub(super) policy: ModePolicy,
    pub(super) faults: Faults,
}

impl ModeBuilder {
    /// Allows one more way to ask: a role, a role within a scope, or the subject itself.
    pub fn allow(mut self, allow: impl Into<Allow>) -> Self {
        match &mut self.policy.allow {
            Some(Access::Some(list)) => list.push(allow.into()),
            Some(Access::Any | Access::Authenticated) => {}
            None => self.policy.allow = Some(Access::Some(vec![allow.into()])),
        }
        self
    }

    /// Allows everybody: the host has decided already.
    pub fn allow_any(mut self) -> Self {
        self.policy.allow = Some(Access::Any);
        self
    }

    /// Allows whoever has signed in.
    pub fn allow_authenticated(mut self) -> Self {
        self.policy.allow = Some(Access::Authenticated);
        self
    }

    /// A reason must be given.
    pub fn reason_required(mut self) -> Self {
        self.policy.reason = ReasonRule::Required;
        self
    }

    /// Adds a guard.
    pub fn guard(mut self, guard: Guard) -> Self {
        self.policy.guards.push(guard);
        self
    }

    /// Says what happens along a reference.
    pub fn rule(mut self, reference: impl Into<ReferenceName>, rule: EntryBuilder) -> Self {
        let reference = reference.into();
        self.note_problems(reference.as_str(), &rule);
        if self.policy.rules.named.insert(reference.clone(), rule.entries).is_some() {
            let path = format!("modes.{}.rules.{reference}", self.mode);
            self.faults.push(
                Fault::new(FaultCode::Duplicate, path, "the reference is decided twice")
                    .remedy("give it one rule; `otherwise` adds entries"),
            );
        }
        self
    }

    /// Says what happens along every reference that is not named.
    pub fn others(mut self, rule: EntryBuilder) -> Self {
        self.note_problems("*", &rule);
        self.policy.rules.others = Some(rule.entries);
        self
    }

    /// Tells other systems.
    pub fn effect(mut self, effect: EffectRule) -> Self {
        self.policy.effects.push(effect);
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
