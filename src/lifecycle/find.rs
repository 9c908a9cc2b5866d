//! Looking clients up.

use std::borrow::Cow;

use super::{Error, Lifecycle, stored};
use crate::domain::{Client, Condition, Kind, Record, RecordId, Status, all, eq, is_null, normalised_email};
use crate::policy::Refusal;
use crate::store::{ReadQuery, Reader, Store, Which};

/// Which clients a list begins with, and how many of them.
///
/// ```
/// use client_lifecycle::domain::Status;
/// use client_lifecycle::lifecycle::ClientPage;
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
    /// The first clients, in the order of their ids, `limit` at most.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit, status: None }
    }

    /// The clients after this id: the last of the page before.
    #[must_use]
    pub fn after(mut self, id: impl Into<RecordId>) -> Self {
        self.after = Some(id.into());
        self
    }

    /// Only those that are ON, or OFF.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Clients {
    /// The clients, in the order of their ids.
    pub clients: Vec<Client>,
    /// The id after which the next page begins; `None` where there are no more.
    pub next: Option<RecordId>,
}

/// Reads are not authorised and not recorded: who may see clients is for the host to say.
impl<S: Store + Reader> Lifecycle<S> {
    /// A client, unless it is deleted or the policy may not touch it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Error::Store`]; [`Error::Unreadable`] where the record is not a client's.
    pub async fn find(&self, id: impl Into<RecordId>) -> Result<Client, Error> {
        let id = id.into();
        if id.is_empty() {
            return Err(Refusal::MissingId.into());
        }
        let found = self.read(Which::Ids(vec![id.clone()]), None, None, 1).await?;
        match &*found {
            [record] => Ok(Client::from_record(&record.id, record)?),
            _ => Err(Refusal::NotFound { kind: self.policy().subject().clone(), ids: vec![id] }.into()),
        }
    }

    /// The client with this e-mail address, whatever the case of its letters.
    ///
    /// # Errors
    /// As [`find`](Self::find), except that nobody is `None`.
    pub async fn find_by_email(&self, email: &str) -> Result<Option<Client>, Error> {
        let text = normalised_email(email);
        if text.is_empty() {
            // Those without an address have none in common.
            return Ok(None);
        }
        let which = Which::WithText { field: EMAIL.into(), text };
        let found = self.read(which, None, None, 1).await?;
        let client = found.first().map(|record| Client::from_record(&record.id, record));
        Ok(client.transpose()?)
    }

    /// A page of clients, in the order of their ids, without the deleted and whom the policy may not touch.
    ///
    /// ```
    /// # use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// use client_lifecycle::lifecycle::ClientPage;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// # let policy = DeletionPolicy::of("clients").deactivate(|mode| mode.allow_any());
    /// # let policy = policy.kind("clients", |kind| kind.status("status")).build()?;
    /// # let store = MemoryStore::new().with("clients", []);
    /// let lifecycle = Lifecycle::open(store, policy).await?;
    /// let mut page = lifecycle.list(&ClientPage::first(100)).await?;
    /// while let Some(last) = page.next {
    ///     page = lifecycle.list(&ClientPage::first(100).after(last)).await?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Unreadable`] where a record is not a client's.
    pub async fn list(&self, page: &ClientPage) -> Result<Clients, Error> {
        let ClientPage { after, limit, status } = page;
        let status = status.map(|wanted| {
            let status = stored::status_of(&self.kind());
            eq(status.field.clone(), stored::held(wanted, status))
        });
        // One more tells whether there is another page.
        let more = limit.saturating_add(1);
        let mut found = self.read(Which::All, status, after.clone(), more).await?;
        let shown = usize::try_from(*limit).unwrap_or(usize::MAX);
        let is_last = found.len() <= shown;
        found.truncate(shown);
        let next = found.last().filter(|_| !is_last).map(|record| record.id.clone());
        let clients = found.iter().map(|record| Client::from_record(&record.id, record));
        Ok(Clients { clients: clients.collect::<Result<_, _>>()?, next })
    }

    /// What is known of the clients' kind.
    pub(super) fn kind(&self) -> Cow<'_, Kind> {
        let name = self.policy().subject();
        self.policy().map().kind(name).map_or_else(|| Cow::Owned(Kind::named(name)), Cow::Borrowed)
    }

    /// Records of clients: those of the subject's kind that the policy may touch and that are not deleted.
    async fn read(
        &self,
        which: Which,
        also: Option<Condition>,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<Vec<Record>, Error> {
        let kind = self.kind();
        let (only, alive) = (kind.filter.clone(), kind.deleted_at.clone().map(is_null));
        let must: Vec<Condition> = only.into_iter().chain(alive).chain(also).collect();
        let fields = Client::FIELDS.into_iter().filter(|field| *field != "user_id");
        let query = ReadQuery {
            map: self.policy().map().clone(),
            kind: kind.name.clone(),
            fields: fields
                .map(|field| stored::field_of(&kind, field))
                .filter(|field| *field != kind.id)
                .collect(),
            which,
            when: (!must.is_empty()).then(|| all(must)),
            now: self.now(),
            after,
            limit,
        };
        let found = self.store().read(&query).await?;
        Ok(found.iter().map(|record| stored::from_kind(&kind, record, query.now)).collect())
    }
}

/// The field that holds the e-mail address.
pub(super) const EMAIL: &str = "email";
