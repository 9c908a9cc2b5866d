//! A minimal executor for futures without an async runtime.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future to completion on this thread by polling it repeatedly.
///
/// For tests that are not `async` and use stores in memory. A future that waits for I/O or a timer needs its own
/// runtime.
///
/// ```
/// use client_lifecycle::testing::run;
/// assert_eq!(run(async { 1 + 1 }), 2);
/// ```
pub fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut waker = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut waker) {
            return done;
        }
        // Another thread may have to make progress before the future can.
        std::thread::yield_now();
    }
}
