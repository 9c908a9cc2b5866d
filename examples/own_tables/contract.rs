//! The conformance suite outside a test: the number of cases that pass, and the names of those that fail.

use client_lifecycle::testing::conformance::{Host, cases};

/// Runs every case on its own host, prints the result, and returns whether all pass.
pub(crate) async fn holds<H, F>(fresh: fn() -> F) -> bool
where
    H: Host + 'static,
    F: Future<Output = H> + Send + 'static,
{
    let all = cases();
    let mut failed = Vec::new();
    for case in &all {
        let run = case.run;
        // A case fails by a panic, so it runs in its own task; its message goes to stderr.
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
    // An empty suite proves nothing.
    failed.is_empty() && passed > 0
}
