//! Creating clients.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::client::to_kind;
use super::unique::{claim, claim_or_conflict};
use super::{Client, Clients, NewClient};
use crate::domain::{AuditOutcome, Mode, OperationId, RecordId, Request, RequestHash, Value};
use crate::lifecycle::{Error, entry, is_receipt_of};
use crate::policy::Refusal;
use crate::protocol::{
    Branch, ChangeSet, Digest, Disposition, Expected, NamedSet, NewRow, Precondition, Question, RankCase,
    Receipt, ReceiptStep, Rows, SetId, Source, Stratum, SurveyQuery,
};
use crate::store::patience::one_operation;
use crate::store::{Reader, Store};

impl<S: Store + Reader> Clients<'_, S> {
    /// Creates a client, and records the attempt.
    ///
    /// The request must have the mode `create`. If it contains no id, the library generates one. The role is `USER`,
    /// and the library sets timestamps and version. If the same operation id is applied again, the result is the
    /// client that was created the first time.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all problems of the client; [`Error::NotUnique`] if another record has the e-mail
    /// address; and every other [`Error`]. Every failure is recorded as an attempt.
    pub async fn create(&self, request: &Request, new: NewClient) -> Result<Client, Error> {
        one_operation(self.create_client(request, new)).await
    }

    async fn create_client(&self, request: &Request, new: NewClient) -> Result<Client, Error> {
        let mut asked = request.clone();
        if let [id] = &mut *asked.subjects
            && let Ok(uuid) = id.to_string().parse::<Uuid>()
        {
            // All spellings of a UUID are the same id.
            *id = uuid.into();
        }
        let operation = self.lifecycle.operation(&asked);
        // The hash covers the values as they were given, and not an id that the library generates.
        let hash = RequestHash::of(&asked, operation, &new);
        let is_named = !asked.subjects.is_empty();
        if !is_named {
            asked.subjects.push(self.lifecycle.new_id().as_uuid().into());
        }
        // Read the clock once, so that every attempt creates the same client.
        let now = self.lifecycle.now();
        let mut attempts = 0;
        let made = loop {
            match self.try_create(&asked, new.clone(), operation, &hash, now).await {
                Err(error) if self.lifecycle.again(operation, &mut attempts, &error, false).await => {}
                made => break made,
            }
        };
        let (client, receipt) = match made {
            Ok((client, receipt)) => (Some(client), Ok(receipt)),
            Err(error) => (None, Err(error)),
        };
        // If the library generates the id, it generates a different id when the operation is repeated.
        let is_answer = |receipt: &Receipt| {
            is_receipt_of(receipt, &asked, &hash) && (!is_named || receipt.subjects == asked.subjects)
        };
        let receipt = self.lifecycle.record_outcome(&asked, operation, receipt, is_answer).await?;
        let id = receipt.subjects.first().cloned().unwrap_or_else(|| RecordId::from(""));
        match client {
            Some(client) if id != RecordId::from(client.user_id()) => self.find(id).await,
            Some(client) if !is_named => Ok(client),
            // The operation may have been applied before with other values, so read the client.
            Some(client) => match self.find(id).await {
                // The client has been written, but cannot be read at the moment.
                Err(Error::Store(_)) => Ok(client),
                found => found,
            },
            None => self.find(id).await,
        }
    }

    async fn try_create(
        &self,
        request: &Request,
        new: NewClient,
        operation: OperationId,
        hash: &RequestHash,
        now: DateTime<Utc>,
    ) -> Result<(Client, Receipt), Error> {
        if request.mode != Mode::Create {
            return Err(Refusal::wrong_mode(request.mode, "a request of mode `create`").into());
        }
        // Check permissions first. Otherwise, an actor without permission would learn which values are wrong.
        let inquiry = self.lifecycle.inquire(request, now)?;
        let [id] = &*request.subjects else {
            return Err(Refusal::invalid(
                "clients are created one at a time",
                "pass one id, or leave it out",
            )
            .into());
        };
        let user_id = id.as_uuid().ok_or_else(|| {
            Refusal::invalid(
                format!("`{id}` is not a valid client id"),
                "pass a UUID as the id, or leave it out",
            )
        })?;
        let client = Client::new(new, user_id, now, &self.rules)?;
        let mut record = to_kind(self.kind, self.status, &client);
        if let Some(field) = &self.kind.version {
            record.fields.insert(field.clone(), Value::Integer(1));
        }
        inquiry.admit(&record)?;
        let map = self.lifecycle.policy().map().clone();
        let query = SurveyQuery::empty(map, request.kind.clone(), request.subjects.clone(), now);
        let sets = Arc::from([Stratum::Set(NamedSet {
            id: SetId::SUBJECTS,
            name: "records with the id".into(),
            kind: request.kind.clone(),
            branches: vec![Branch::new(Source::Subjects, vec![RankCase::always(0)])],
        })]);
        let receipt = Receipt {
            request: Some(hash.clone()),
            outcome: Some(Disposition::Create),
            steps: vec![ReceiptStep {
                kind: request.kind.clone(),
                disposition: Disposition::Create,
                path: Vec::new(),
                undeclared: false,
                to: None,
                planned: 1,
                actual: 1,
            }],
            ..Receipt::of(request, operation, Digest::none(), now)
        };
        let audit = entry(request, operation, now, AuditOutcome::Done);
        let mut changes = ChangeSet {
            preconditions: vec![Precondition {
                question: Question::count(Rows::SUBJECTS),
                expected: Expected::Exactly(0),
            }],
            events: inquiry.events_of_new(operation, &record),
            inserts: vec![NewRow { kind: request.kind.clone(), record }],
            ..ChangeSet::empty(SurveyQuery { sets, ..query }, audit, receipt)
        };
        let email = claim(&mut changes, client.email(), None);
        let names =
            vec![format!("`{}` with this id", request.kind), "other records with this e-mail address".into()];
        let receipt = self.lifecycle.write(&changes).await;
        let receipt = receipt.map_err(|error| claim_or_conflict(error, &changes, &names, email))?;
        Ok((client, receipt))
    }
}
