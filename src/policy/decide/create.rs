//! New records: who may make them, and who is told.

use chrono::{DateTime, Utc};

use super::refuse;
use crate::domain::{
    Condition, Event, FieldName, Mode, OperationId, Record, Request, Value, to_milliseconds,
};
use crate::policy::{DeletionPolicy, Refusal};

impl DeletionPolicy {
    /// Whether a request in mode `create` may make this record: the actor may ask, within its scope, and the
    /// record is one that the policy may touch.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn admit(&self, request: &Request, record: &Record, now: DateTime<Utc>) -> Result<(), Refusal> {
        let (mode, compiled) = refuse::offered(self, request)?;
        let scope = refuse::access(self, mode, request)?;
        refuse::senseless(mode, &compiled, request)?;
        let Some(kind) = self.map.kind(&self.subject) else {
            return Ok(());
        };
        // A value that is not of its type is in no scope.
        let now = to_milliseconds(now);
        let holds = |condition: &Condition| matches!(condition.holds(kind, record, now), Ok(Some(true)));
        if scope.is_some_and(|scope| !holds(&scope)) {
            let ids = vec![record.id.clone()];
            return Err(Refusal::WrongScope { kind: request.kind.clone(), mode: request.mode, ids });
        }
        match &kind.filter {
            Some(only) if !holds(only) => Err(Refusal::invalid(
                format!("a new record of `{}` is one with {only}", kind.name),
                "give it the values that the policy asks for",
            )),
            _ => Ok(()),
        }
    }

    /// What others are told of a record that is made.
    pub(crate) fn events_of_new(
        &self,
        operation: OperationId,
        record: &Record,
        now: DateTime<Utc>,
    ) -> Vec<Event> {
        let effects = self.modes.get(&Mode::Create).into_iter().flat_map(|mode| &mode.effects);
        let kind = self.map.kind(&self.subject);
        let value = |field: &FieldName| match kind {
            Some(kind) if kind.id == *field => Value::from(&record.id),
            _ => record.get(field).clone(),
        };
        let told = effects.map(|effect| Event {
            operation,
            topic: effect.topic.clone(),
            kind: self.subject.clone(),
            record: record.id.clone(),
            at: to_milliseconds(now),
            fields: effect.fields.iter().map(|field| (field.clone(), value(field))).collect(),
        });
        told.collect()
    }
}
