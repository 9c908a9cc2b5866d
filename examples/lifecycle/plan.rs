//! `plan`: shows what a request would do. Writes nothing: it does not even create the library's own tables.

use client_lifecycle::plan::Plan;
use client_lifecycle::{DeletionPolicy, Error};

use crate::arguments::{Format, Shared};
use crate::failure::Failure;
use crate::request::RequestArguments;
use crate::{output, policy, remedy, store};

pub(crate) async fn run(shared: &Shared, asked: &RequestArguments) -> Result<(), Failure> {
    let policy = policy::read(shared.policy()?)?;
    let store = store::open(shared, &policy, false).await?.into_store();
    let lifecycle = asked.options.lifecycle(store, policy, shared).await?;
    let failed = |error| remedy::failure(error, asked, lifecycle.policy());
    let plan = lifecycle.plan(&asked.request()).await.map_err(failed)?;
    match shared.format {
        Format::Markdown => output::text(plan.markdown())?,
        Format::Mermaid => output::text(plan.mermaid())?,
        Format::Sql => output::text(sql(shared, lifecycle.policy(), &plan).await?)?,
        Format::Text | Format::Json => output::result(shared.format, &plan, &plan)?,
    }
    if plan.is_executable() { Ok(()) } else { Err(failed(Error::Blocked(Box::new(plan)))) }
}

/// Returns the statements of a plan as text, for the columns of the database, without the bound values.
async fn sql(shared: &Shared, policy: &DeletionPolicy, plan: &Plan) -> Result<String, Failure> {
    let statements = store::open(shared, policy, false).await?.sql(plan).await?;
    let texts: Vec<_> = statements.iter().map(|statement| format!("{};", statement.sql)).collect();
    Ok(texts.join("\n\n"))
}
