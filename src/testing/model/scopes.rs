//! The rows that the actor of a request may not touch.

use std::collections::BTreeSet;

use super::{Id, RowOutcome, World};
use crate::domain::{Actor, Request};
use crate::policy::{Access, Allow, Rule};

impl World<'_> {
    /// Returns the rows of the subject's kind, without the subjects, that the request writes although no permission of its
    /// actor covers them.
    pub(super) fn out_of_scope(&self, request: &Request) -> BTreeSet<Id> {
        let (Some(Access::Some(allow)), Some(actor)) = (&self.declared.allow, &request.actor) else {
            return BTreeSet::new();
        };
        let admitting = allow.iter().filter(|allow| admits(allow, actor, request));
        let admitting: Vec<&Allow> = admitting.collect();
        let written = self.referring_rows().into_iter().filter(|(id, _, _, outcome, deciding)| {
            let is_kept = deciding.is_none_or(|(_, entry)| entry.then == Rule::Keep);
            let is_other = id.0 == request.kind && !self.subjects.contains(id);
            is_other && deciding.is_some() && (!is_kept || *outcome == RowOutcome::Deleted)
        });
        let outside = written.filter(|(id, ..)| !admitting.iter().any(|allow| self.covers(allow, actor, id)));
        outside.map(|(id, ..)| id).collect()
    }

    /// Returns whether a permission covers a row other than the subjects.
    fn covers(&self, allow: &Allow, actor: &Actor, id: &Id) -> bool {
        match &allow.scope {
            _ if allow.oneself => false,
            None => true,
            Some(field) => {
                let held = self.kind(&id.0).value_of(self.row(id), field).into_owned();
                let held = held.as_id().map(|id| id.to_string());
                held.is_some_and(|held| actor.managed().any(|scope| *scope == *held))
            }
        }
    }
}

fn admits(allow: &Allow, actor: &Actor, request: &Request) -> bool {
    let is_actor = || request.subjects.iter().all(|id| id.to_string() == actor.id);
    allow.role.as_ref().is_none_or(|role| actor.roles.contains(role)) && (!allow.oneself || is_actor())
}
