//! Adapting an existing policy, such as a preset, to another schema and other rules.

use std::collections::BTreeSet;

use super::{Access, Allow, EntryBuilder, KindBuilder, ModeBuilder, ModePolicy, PolicyBuilder};
use crate::domain::{Fault, FaultCode, FieldName, KindName, Mode, ReferenceName};

impl PolicyBuilder {
    /// Removes a kind that the host does not have. Its references are removed too, with their rules, guards and
    /// effects. So are kinds that depend on the subject only through this kind.
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// use client_lifecycle::policy::cascade;
    /// let policy = DeletionPolicy::of("clients")
    ///     .reference("bookings.client_id", "clients")
    ///     .reference("booking_items.booking_id", "bookings")
    ///     .reference("debts.client_id", "clients")
    ///     .hard_delete(|mode| mode.allow("ADMIN").others(cascade()))
    ///     .without("bookings")
    ///     .build()?;
    /// assert_eq!(policy.map().kinds().map(|kind| kind.name.as_str()).collect::<Vec<_>>(), ["clients", "debts"]);
    /// # Ok::<(), client_lifecycle::domain::Faults>(())
    /// ```
    pub fn without(mut self, kind: impl Into<KindName>) -> Self {
        let kind = kind.into();
        if kind == self.subject || !self.kinds.contains_key(&kind) {
            let message = format!("`{kind}` cannot be left out");
            let remedy = "pass a kind of the policy that is not its subject";
            self.faults
                .push(Fault::new(FaultCode::NotPresent, format!("kinds.{kind}"), message).remedy(remedy));
            return self;
        }
        let before = self.reached();
        let mut removed = self.remove_references(&BTreeSet::from([kind.clone()]));
        let after = self.reached();
        let mut gone: BTreeSet<KindName> = before.difference(&after).cloned().collect();
        gone.insert(kind);
        removed.extend(self.remove_references(&gone));
        self.kinds.retain(|name, _| !gone.contains(name));
        for mode in self.modes.values_mut() {
            forget(mode, &gone, &removed);
        }
        self
    }

    /// Removes a mode.
    pub fn without_mode(mut self, mode: Mode) -> Self {
        if self.modes.remove(&mode).is_none() {
            let fault = Fault::new(
                FaultCode::NotPresent,
                format!("modes.{mode}"),
                "the mode cannot be left out, because it is not offered",
            );
            self.faults.push(fault.remedy("pass a mode that the policy offers"));
        }
        self
    }

    fn remove_references(&mut self, of: &BTreeSet<KindName>) -> BTreeSet<ReferenceName> {
        let (removed, left) = std::mem::take(&mut self.references)
            .into_iter()
            .partition(|reference| of.contains(&reference.from) || of.contains(&reference.to));
        self.references = left;
        Vec::into_iter(removed).map(|reference| reference.name).collect()
    }

    /// Returns the kinds that depend on the subject through any chain of references, and the kinds that they own.
    fn reached(&self) -> BTreeSet<KindName> {
        let mut found = BTreeSet::new();
        let mut next = vec![self.subject.clone()];
        while let Some(kind) = next.pop() {
            let below = self.references.iter().filter(|reference| reference.to == kind);
            let owned = self.references.iter().filter(|reference| reference.owned && reference.from == kind);
            let more = below.map(|reference| &reference.from).chain(owned.map(|reference| &reference.to));
            next.extend(more.filter(|kind| !found.contains(*kind)).cloned());
            found.insert(kind);
        }
        found
    }
}

/// Removes the parts of a mode that mention the removed kinds and references.
fn forget(mode: &mut ModePolicy, gone: &BTreeSet<KindName>, removed: &BTreeSet<ReferenceName>) {
    let is_left = |on: &KindName, via: &[ReferenceName]| {
        !gone.contains(on) && !via.iter().any(|name| removed.contains(name))
    };
    mode.rules.named.retain(|name, _| !removed.contains(name));
    mode.guards.retain(|guard| {
        let owner = guard.left_without.as_ref();
        is_left(&guard.on, &guard.via) && owner.is_none_or(|name| !removed.contains(name))
    });
    mode.effects.retain(|effect| effect.on.as_ref().is_none_or(|on| is_left(on, &effect.via)));
}

impl KindBuilder {
    /// Removes a field that the host does not have: its declaration, its mask, and its role as status, version or
    /// timestamp.
    pub fn without(mut self, field: impl Into<FieldName>) -> Self {
        let field = field.into();
        let kind = &mut self.0;
        kind.fields.remove(&field);
        kind.personal.remove(&field);
        kind.status = kind.status.take().filter(|status| status.field != field);
        kind.deleted_at = kind.deleted_at.take().filter(|deleted| deleted.field != field);
        for part in [&mut kind.created_at, &mut kind.updated_at, &mut kind.version, &mut kind.shard_key] {
            *part = part.take().filter(|name| *name != field);
        }
        self
    }
}

impl ModeBuilder {
    /// Replaces all permissions with this permission. [`allow`](Self::allow) adds more.
    ///
    /// ```
    /// use client_lifecycle::clients::Language;
    /// use client_lifecycle::clients::presets;
    /// let policy = presets::clinic(Language::English).hard_delete(|mode| mode.allow_only("ADMIN")).build()?;
    /// # let _ = policy;
    /// # Ok::<(), client_lifecycle::domain::Faults>(())
    /// ```
    pub fn allow_only(mut self, allow: impl Into<Allow>) -> Self {
        self.policy.allow = Some(Access::Some(vec![allow.into()]));
        self
    }

    /// Replaces the rule of a reference.
    pub fn overrule(mut self, reference: impl Into<ReferenceName>, rule: EntryBuilder) -> Self {
        let reference = reference.into();
        if self.policy.rules.named.remove(&reference).is_none() {
            let path = format!("modes.{}.rules.{reference}", self.mode);
            let fault = Fault::new(FaultCode::NotPresent, path, "the reference has no rule yet")
                .remedy("use `rule` instead");
            self.faults.push(fault);
        }
        self.rule(reference, rule)
    }

    /// Removes a guard.
    pub fn without_guard(mut self, name: &str) -> Self {
        let before = self.policy.guards.len();
        self.policy.guards.retain(|guard| guard.name != name);
        let left_out = before - self.policy.guards.len();
        self.left_out(left_out, "guards", name)
    }

    /// Removes the effects of a topic.
    pub fn without_effect(mut self, topic: &str) -> Self {
        let before = self.policy.effects.len();
        self.policy.effects.retain(|effect| effect.topic != topic);
        let left_out = before - self.policy.effects.len();
        self.left_out(left_out, "effects", topic)
    }

    fn left_out(mut self, count: usize, what: &str, name: &str) -> Self {
        if count == 0 {
            let path = format!("modes.{}.{what}", self.mode);
            let fault = Fault::new(FaultCode::NotPresent, path, format!("unknown name `{name}`"));
            self.faults.push(fault.remedy("correct the name"));
        }
        self
    }
}
