//! `plan`: what a request would do. Writes nothing, not even the library's own tables.

use client_lifecycle::Lifecycle;
use client_lifecycle::plan::NotExecutable;

use crate::arguments::Shared;
use crate::failure::Failure;
use crate::request::RequestArguments;
use crate::{output, policy, store};

pub(crate) async fn run(shared: &Shared, asked: &RequestArguments) -> Result<(), Failure> {
    let policy = policy::read(shared.policy()?)?;
    let opened = store::to_read(shared, &policy).await?;
    let mut lifecycle = Lifecycle::open(opened.store, policy).await?;
    if let Some(now) = asked.now {
        lifecycle = lifecycle.with_clock(now);
    }
    let plan = lifecycle.plan(&asked.request()).await?;
    output::result(shared.format, &plan, &plan)?;
    if plan.is_executable() {
        Ok(())
    } else {
        Err(client_lifecycle::Error::from(NotExecutable(Box::new(plan))).into())
    }
}
