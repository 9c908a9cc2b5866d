//! Running futures without an async runtime.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future to completion on this thread by polling it repeatedly.
///
/// It is for futures over stores in memory, in tests that are not `async`. A future that waits for input, output or a
/// timer needs its runtime.
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
        // Another thread may hold what it waits for.
        std::thread::yield_now();
    }
}
