//! Stores that fail on purpose at chosen calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::conformance::yield_now;
use crate::domain::{DataMap, Fault, Record, UndeclaredReferences};
use crate::protocol::{ChangeSet, Clash, PlannedWrites, Receipt, ReceiptQuery, Survey, SurveyQuery};
use crate::store::{ReadQuery, Reader, Store, StoreError};

/// A method of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Call {
    /// [`Store::check`].
    Check,
    /// [`Store::survey`].
    Survey,
    /// [`Store::apply`], for an operation or for the record of an attempt.
    Apply,
    /// [`Store::receipt`].
    Receipt,
    /// [`Reader::read`].
    Read,
}

/// What goes wrong at a chosen call.
#[derive(Debug)]
enum Trouble {
    /// The call does not reach the store, and returns this error.
    Fails(StoreError),
    /// The call reaches the store, but its reply is lost.
    LosesReply,
    /// The call yields to other tasks this many times before it reaches the store.
    Delays(usize),
}

/// A store that passes calls on to another store and fails at chosen calls.
///
/// The calls of each method are counted from 1, so a test can choose which call fails and how:
///
/// ```
/// use client_lifecycle::domain::{Actor, Record, Request};
/// use client_lifecycle::testing::{Call, FaultyStore, run};
/// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
///
/// let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build()?;
/// let memory = MemoryStore::new().with("clients", [Record::new("c1")]);
/// // The connection breaks while the first operation is committed.
/// let store = FaultyStore::new(memory).loses_reply(1);
///
/// let receipt = run(async {
///     let lifecycle = Lifecycle::open(&store, policy).await?;
///     lifecycle.execute(&Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"))).await
/// })?;
/// assert!(receipt.complete);
/// assert_eq!(store.calls(Call::Apply), 2);
/// assert_eq!(store.store().audit().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FaultyStore<S> {
    store: S,
    troubles: Mutex<Vec<(Call, usize, Trouble)>>,
    calls: Mutex<BTreeMap<Call, usize>>,
    pauses: Mutex<Vec<Duration>>,
}

impl<S> FaultyStore<S> {
    /// Wraps a store without any failures.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store, troubles: Mutex::default(), calls: Mutex::default(), pauses: Mutex::default() }
    }

    /// Makes call `number` of a method fail with this error, without reaching the store. The first call has number 1.
    #[must_use]
    pub fn fails(self, call: Call, number: usize, error: StoreError) -> Self {
        self.with(call, number, Trouble::Fails(error))
    }

    /// Makes call `number` of [`Store::apply`] lose its reply: the change set is applied, and the caller gets
    /// [`StoreError::OutcomeUnknown`].
    #[must_use]
    pub fn loses_reply(self, number: usize) -> Self {
        self.with(Call::Apply, number, Trouble::LosesReply)
    }

    /// Makes call `number` of a method yield to other tasks `times` times before it reaches the store.
    #[must_use]
    pub fn delays(self, call: Call, number: usize, times: usize) -> Self {
        self.with(call, number, Trouble::Delays(times))
    }

    /// Returns the number of calls of a method, including failed calls.
    #[must_use]
    pub fn calls(&self, call: Call) -> usize {
        locked(&self.calls).get(&call).copied().unwrap_or_default()
    }

    /// Returns the pauses that callers requested. [`FaultyStore`] never waits.
    #[must_use]
    pub fn pauses(&self) -> Vec<Duration> {
        locked(&self.pauses).clone()
    }

    /// Returns the wrapped store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    fn with(self, call: Call, number: usize, trouble: Trouble) -> Self {
        locked(&self.troubles).push((call, number, trouble));
        self
    }

    /// Counts the call, and returns whether its reply is lost.
    async fn called(&self, call: Call) -> Result<Reply, StoreError> {
        let number = {
            let mut calls = locked(&self.calls);
            let number = calls.entry(call).or_default();
            *number += 1;
            *number
        };
        let met: Vec<_> =
            locked(&self.troubles).extract_if(.., |(other, at, _)| (*other, *at) == (call, number)).collect();
        let mut reply = Reply::Arrives;
        for (_, _, trouble) in met {
            match trouble {
                Trouble::Fails(error) => return Err(error),
                Trouble::LosesReply => reply = Reply::IsLost,
                Trouble::Delays(times) => {
                    for _ in 0..times {
                        yield_now().await;
                    }
                }
            }
        }
        Ok(reply)
    }
}

#[derive(PartialEq)]
enum Reply {
    Arrives,
    IsLost,
}

/// Locks a mutex even if a thread panicked while holding it, because the test has already failed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl<S: Reader> Reader for FaultyStore<S> {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        self.called(Call::Read).await?;
        self.store.read(query).await
    }
}

#[async_trait]
impl<S: Store> Store for FaultyStore<S> {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.called(Call::Check).await?;
        self.store.check(map).await
    }

    async fn undeclared(&self, map: &DataMap) -> Result<UndeclaredReferences, StoreError> {
        self.store.undeclared(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.called(Call::Survey).await?;
        self.store.survey(query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let reply = self.called(Call::Apply).await?;
        let done = self.store.apply(changes).await;
        if reply == Reply::IsLost {
            return Err(StoreError::OutcomeUnknown { source: "the reply was lost on purpose".into() });
        }
        done
    }

    async fn clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
        self.store.clashes(writes).await
    }

    async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        self.called(Call::Receipt).await?;
        self.store.receipt(query).await
    }

    /// Records the pause without waiting.
    async fn pause(&self, time: Duration) {
        locked(&self.pauses).push(time);
    }
}
