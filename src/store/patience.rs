//! The patience of an operation: the time that it may wait for other transactions, in all its transactions together.
//!
//! A database has a timeout for each wait, and an operation can wait several times: for several rows, and again in
//! every attempt. The host sets one timeout and means the whole operation. Waits are therefore added up for each
//! operation, and a connection shortens its timeout by what the operation has already waited.
//!
//! The sum belongs to the future of the operation. It is in a thread-local variable while that future is polled, so
//! it reaches the connection through every store, including stores of the host that wrap another store.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::time::Duration;

thread_local! {
    /// How long the operation that is being polled has waited. `None` outside an operation.
    static WAITED: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// Returns how long the running operation has waited for other transactions. Zero outside an operation.
///
/// A lifecycle adds up the waits of all transactions of a call, in all its attempts. A connection with a timeout for
/// locks gives a wait only what is [left](patience_left).
#[must_use]
pub fn waited() -> Duration {
    WAITED.get().unwrap_or_default()
}

/// Adds a wait to the running operation. Does nothing outside an operation.
///
/// `SqlStore` counts statements that take locks and statements that fail because of another
/// transaction. A connection counts other waits, for example for a lock that BEGIN takes.
pub fn add_wait(time: Duration) {
    WAITED.set(WAITED.get().map(|waited| waited.saturating_add(time)));
}

/// Returns how much of the host's patience is left for the next wait of an operation that has waited this long.
///
/// At least a tenth is left: an operation that has waited for one lock can then still pass locks that are held for a
/// moment, and can record that it failed.
///
/// ```
/// use std::time::Duration;
/// use client_lifecycle::store::patience_left;
/// let second = Duration::from_secs(1);
/// assert_eq!(patience_left(second, Duration::from_millis(600)), Duration::from_millis(400));
/// assert_eq!(patience_left(second, 5 * second), Duration::from_millis(100));
/// ```
#[must_use]
pub fn patience_left(patience: Duration, waited: Duration) -> Duration {
    patience.saturating_sub(waited).max(patience / 10)
}

/// Measures how long ago something happened.
#[cfg(feature = "sql")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer(std::time::Instant);

#[cfg(feature = "sql")]
impl Timer {
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Runs an operation whose transactions share one patience. An operation inside another one is a part of it.
pub(crate) fn one_operation<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    // On the heap, so that the futures of callers stay small.
    let mut work = Box::pin(work);
    let mut waited = Duration::ZERO;
    poll_fn(move |context| {
        let _polled = WAITED.get().is_none().then(|| Polled::new(&mut waited));
        work.as_mut().poll(context)
    })
}

/// An operation while it is polled. When dropped, takes the sum out of the thread again, even after a panic.
struct Polled<'a>(&'a mut Duration);

impl<'a> Polled<'a> {
    fn new(waited: &'a mut Duration) -> Self {
        WAITED.set(Some(*waited));
        Self(waited)
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        *self.0 = WAITED.take().unwrap_or_default();
    }
}

/// Runs a statement, and returns its result and how long it took.
#[cfg(feature = "sql")]
pub(crate) async fn timed<T>(statement: impl Future<Output = T>) -> (T, Duration) {
    let start = std::time::Instant::now();
    let done = statement.await;
    (done, start.elapsed())
}

/// Runs a statement, and counts its time as waiting if it did wait, or may have waited.
#[cfg(feature = "sql")]
pub(crate) async fn counting<T>(statement: impl Future<Output = T>, is_wait: impl FnOnce(&T) -> bool) -> T {
    let (done, time) = timed(statement).await;
    if is_wait(&done) {
        add_wait(time);
    }
    done
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use super::{add_wait, one_operation, waited};

    const SECOND: Duration = Duration::from_secs(1);

    /// Waits a second between two polls, and returns the sum.
    async fn wait_twice() -> Duration {
        add_wait(SECOND);
        let mut is_first = true;
        poll_fn(|_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
        add_wait(SECOND);
        waited()
    }

    #[test]
    fn operations_that_run_by_turns_on_one_thread_do_not_share_their_waits() {
        let mut context = Context::from_waker(Waker::noop());
        let mut one = pin!(one_operation(async { wait_twice().await + wait_twice().await }));
        let mut other = pin!(one_operation(wait_twice()));
        assert!(one.as_mut().poll(&mut context).is_pending());
        assert!(other.as_mut().poll(&mut context).is_pending());
        assert!(one.as_mut().poll(&mut context).is_pending());
        assert_eq!(other.as_mut().poll(&mut context), Poll::Ready(2 * SECOND));
        assert_eq!(one.as_mut().poll(&mut context), Poll::Ready(6 * SECOND), "2 s after 2 s and after 4 s");
        assert_eq!(waited(), Duration::ZERO, "outside an operation");
    }

    #[test]
    fn an_operation_inside_another_one_is_a_part_of_it() {
        let mut context = Context::from_waker(Waker::noop());
        let mut outer = pin!(one_operation(async {
            add_wait(SECOND);
            (
                one_operation(async {
                    add_wait(SECOND);
                    waited()
                })
                .await,
                waited(),
            )
        }));
        assert_eq!(outer.as_mut().poll(&mut context), Poll::Ready((2 * SECOND, 2 * SECOND)));
    }

    #[test]
    fn a_panic_leaves_no_wait_behind() {
        let caught = std::panic::catch_unwind(|| {
            let mut operation = pin!(one_operation(async {
                add_wait(SECOND);
                panic!("on purpose");
            }));
            let _: Poll<()> = operation.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        });
        assert!(caught.is_err());
        add_wait(SECOND);
        assert_eq!(waited(), Duration::ZERO, "outside an operation");
    }
}
