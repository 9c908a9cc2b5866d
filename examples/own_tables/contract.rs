//! The conformance suite outside a test: how many of its cases a store passes, and the names of the others.

use client_lifecycle::testing::conformance::{Host, cases};

/// Runs every case on a host of its own and says what came of it; whether all of them pass.
pub(crate) async fn holds<H, F>(fresh: fn() -> F) -> bool
where
    H: Host + 'static,
    F: Future<Output = H> + Send + 'static,
{
    let all = cases();
    let mut failed = Vec::new();
    for case in &all {
        let run = case.run;
        // A task of its own: a case fails by a panic, whose message goes to stderr.
        let done = tokio::spawn(async move { run(&fresh().await).await }).await;
        if done.is_err() {
            failed.push(case.name);
        }
    }
    let passed = all.len().saturating_sub(failed.len());
    println!("\ncontract: {passed} of {} cases pass", all.len());
    for name in &failed {
        println!("contract: {name} FAILS");
    }
    // None at all is no proof.
    failed.is_empty() && passed > 0
}
