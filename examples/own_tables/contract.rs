//! Runs the conformance suite outside a test.

use client_lifecycle::testing::conformance::{Host, cases};

/// Runs every case on a new host, prints how many cases pass and which fail, and returns whether all pass.
pub(crate) async fn holds<H, F>(fresh: fn() -> F) -> bool
where
    H: Host + 'static,
    F: Future<Output = H> + Send + 'static,
{
    let all = cases();
    let mut failed = Vec::new();
    for case in &all {
        let run = case.run;
        // A case fails by panicking, so it runs in its own task. The panic message goes to standard error.
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
    // If the suite has no cases, nothing was tested.
    failed.is_empty() && passed > 0
}
