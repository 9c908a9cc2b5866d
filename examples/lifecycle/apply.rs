//! `apply`: carries out a request and prints the receipt.

use client_lifecycle::Error;
use client_lifecycle::plan::Plan;
use client_lifecycle::protocol::Receipt;
use serde::Serialize;

use crate::arguments::{ApplyArguments, Format, Shared};
use crate::failure::Failure;
use crate::{output, policy, remedy, sqlite, store};

/// The output of `apply` as JSON.
#[derive(Serialize)]
struct Applied<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a Plan>,
    /// The rows after the operation, for a store in memory: they are not written to its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<serde_json::Value>,
}

pub(crate) async fn run(shared: &Shared, asked: &ApplyArguments) -> Result<(), Failure> {
    // Rows in memory are never written back, so any time may be tried on them.
    if !shared.store()?.is_memory() {
        asked.request.options.refuse_now_in_production()?;
    }
    let policy = policy::read(shared.policy()?)?;
    let opened = store::open(shared, &policy, true).await?.migrate(&policy).await?;
    let (memory, sqlite) = (opened.memory(), opened.sqlite());
    let lifecycle = asked.request.options.lifecycle(opened.into_store(), policy, shared).await?;
    let mut request = asked.request.request();
    request.operation = asked.operation;
    let done = match &asked.digest {
        Some(digest) => lifecycle.confirm(&request, digest).await,
        None => lifecycle.execute(&request).await,
    };
    if let Some(pool) = sqlite.filter(|_| done.is_ok() && asked.request.mode.erases()) {
        sqlite::empty_log(&pool).await;
    }
    let data = memory.map(|store| store.to_json());
    match done {
        Ok(receipt) => {
            if shared.format == Format::Text && data.is_some() {
                output::message("note: the file is not rewritten; `--format json` prints the remaining rows");
            }
            let json = Applied { receipt: Some(&receipt), plan: None, data };
            output::result(shared.format, &receipt, &json)
        }
        Err(error) => {
            let now = match &error {
                // The store found the conflict after the plan was made, so plan again and show the current plan.
                Error::Conflict { .. } => lifecycle.plan(&request).await.ok(),
                error => error.plan().cloned(),
            };
            if let Some(plan) = &now {
                let json = Applied { receipt: None, plan: Some(plan), data };
                output::result(shared.format, plan, &json)?;
            }
            Err(remedy::failure(error, &asked.request, lifecycle.policy()))
        }
    }
}
