//! New records: who may create them, and which events they send.

use super::inquiry::Inquiry;
use crate::domain::{Condition, Event, FieldName, OperationId, Record, Value};
use crate::policy::Refusal;

impl Inquiry {
    /// Checks that the request may create this record: it is within the actor's scope and included by the policy's
    /// filter.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn admit(&self, record: &Record) -> Result<(), Refusal> {
        let Some(kind) = self.query.map.kind(&self.query.kind) else {
            return Ok(());
        };
        // A value of the wrong type is outside every scope.
        let holds =
            |condition: &Condition| matches!(condition.holds(kind, record, self.query.now), Ok(Some(true)));
        if self.scope.as_ref().is_some_and(|scope| !holds(scope)) {
            let ids = vec![record.id.clone()];
            return Err(Refusal::WrongScope { kind: kind.name.clone(), mode: self.request.mode, ids });
        }
        match &kind.filter {
            Some(filter) if !holds(filter) => Err(Refusal::invalid(
                format!("a new record of `{}` must have {filter}", kind.name),
                "set the values that the policy requires",
            )),
            _ => Ok(()),
        }
    }

    /// Returns the events that other systems get about a record that is created.
    pub(crate) fn events_of_new(&self, operation: OperationId, record: &Record) -> Vec<Event> {
        let kind = self.query.map.kind(&self.query.kind);
        let value = |field: &FieldName| match kind {
            Some(kind) if kind.id == *field => Value::from(&record.id),
            _ => record.get(field).clone(),
        };
        let events = self.mode.effects.iter().map(|effect| Event {
            operation,
            topic: effect.events.topic.clone(),
            kind: self.query.kind.clone(),
            record: record.id.clone(),
            at: self.query.now,
            fields: effect.events.fields.iter().map(|field| (field.clone(), value(field))).collect(),
        });
        events.collect()
    }
}
