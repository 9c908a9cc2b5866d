//! Finding clients.

use super::client::{field_of, from_kind, held};
use super::unique::EMAIL;
use super::{Client, Clients, normalised_email};
use crate::domain::{Condition, DeletedField, Record, RecordId, Status, all, eq};
use crate::lifecycle::Error;
use crate::policy::Refusal;
use crate::store::{ReadQuery, Reader, Store, Which};

/// Which part of the list of clients to return.
///
/// ```
/// use client_lifecycle::clients::ClientPage;
/// use client_lifecycle::Status;
/// let first = ClientPage::first(50).with_status(Status::On);
/// # let _ = first;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPage {
    after: Option<RecordId>,
    limit: u32,
    status: Option<Status>,
}

impl ClientPage {
    /// Selects the first `limit` clients, sorted by id.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit, status: None }
    }

    /// Selects the clients after this id. Pass the last id of the previous page.
    #[must_use]
    pub fn after(mut self, id: impl Into<RecordId>) -> Self {
        self.after = Some(id.into());
        self
    }

    /// Selects only clients with this status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }
}

/// One page of clients.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClientList {
    /// The clients, sorted by id.
    pub clients: Vec<Client>,
    /// The last id of this page, to pass to [`after`](ClientPage::after); `None` on the last page.
    pub next: Option<RecordId>,
}

impl<S: Store + Reader> Clients<'_, S> {
    /// Finds a client by its id. A client that is deleted or excluded by the policy's filter counts as not found.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Error::Store`]; [`Error::Unreadable`] if the record is not a client.
    pub async fn find(&self, id: impl Into<RecordId>) -> Result<Client, Error> {
        let id = id.into();
        if id.is_empty() {
            return Err(Refusal::MissingId.into());
        }
        let found = self.read(Which::Ids(vec![id.clone()]), None, None, 1).await?;
        match &*found {
            [record] => Ok(Client::from_record(&record.id, record)?),
            _ => Err(Refusal::NotFound { kind: self.kind.name.clone(), ids: vec![id] }.into()),
        }
    }

    /// Finds the client with this e-mail address. Upper and lower case are the same.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Unreadable`] if the record is not a client.
    pub async fn find_by_email(&self, email: &str) -> Result<Option<Client>, Error> {
        let text = normalised_email(email);
        if text.is_empty() {
            // Several clients may have no address, so empty text finds none of them.
            return Ok(None);
        }
        let which = Which::WithText { field: EMAIL.into(), text };
        let found = self.read(which, None, None, 1).await?;
        let client = found.first().map(|record| Client::from_record(&record.id, record));
        Ok(client.transpose()?)
    }

    /// Lists one page of clients, sorted by id. Clients that are deleted or excluded by the policy's filter are left
    /// out.
    ///
    /// ```
    /// # use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// use client_lifecycle::clients::ClientPage;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// # let policy = DeletionPolicy::of("clients").deactivate(|mode| mode.allow_any());
    /// # let policy = policy.kind("clients", |kind| kind.status("status")).build()?;
    /// # let store = MemoryStore::new().with("clients", []);
    /// let lifecycle = Lifecycle::open(store, policy).await?;
    /// let mut page = lifecycle.clients()?.list(&ClientPage::first(100)).await?;
    /// while let Some(last) = page.next {
    ///     page = lifecycle.clients()?.list(&ClientPage::first(100).after(last)).await?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Unreadable`] if a record is not a client.
    pub async fn list(&self, page: &ClientPage) -> Result<ClientList, Error> {
        let ClientPage { after, limit, status } = page;
        let status = status.map(|wanted| eq(self.status.field.clone(), held(wanted, self.status)));
        // One extra record shows whether there is another page.
        let more = limit.saturating_add(1);
        let mut found = self.read(Which::All, status, after.clone(), more).await?;
        let shown = usize::try_from(*limit).unwrap_or(usize::MAX);
        let is_last = found.len() <= shown;
        found.truncate(shown);
        let next = found.last().filter(|_| !is_last).map(|record| record.id.clone());
        let clients = found.iter().map(|record| Client::from_record(&record.id, record));
        Ok(ClientList { clients: clients.collect::<Result<_, _>>()?, next })
    }

    /// Reads records that are not deleted and that meet the policy's filter. Their fields get the names of a client's
    /// fields.
    async fn read(
        &self,
        which: Which,
        also: Option<Condition>,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<Vec<Record>, Error> {
        let kind = self.kind;
        let (filter, alive) = (kind.filter.clone(), kind.deleted_at.as_ref().map(DeletedField::is_live));
        let must: Vec<Condition> = filter.into_iter().chain(alive).chain(also).collect();
        let fields = Client::FIELDS.into_iter().filter(|field| *field != "user_id");
        let query = ReadQuery {
            map: self.lifecycle.policy().map().clone(),
            kind: kind.name.clone(),
            fields: fields
                .map(|field| field_of(kind, field))
                .filter(|field| !kind.id.contains(field))
                .collect(),
            which,
            when: (!must.is_empty()).then(|| all(must)),
            now: self.lifecycle.now(),
            after,
            limit,
        };
        let found = self.lifecycle.store().read(&query).await?;
        Ok(found.iter().map(|record| from_kind(kind, self.status, record, query.now)).collect())
    }
}
