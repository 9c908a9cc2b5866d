//! `init`: prints a first policy, made from the catalogue of the database. The policy is JSON whatever `--format`
//! says.

use client_lifecycle::sql::first_policy;

use crate::arguments::{Format, InitArguments, Shared};
use crate::failure::Failure;
use crate::{output, store};

pub(crate) async fn run(shared: &Shared, asked: &InitArguments) -> Result<(), Failure> {
    let catalogue = store::catalogue(shared).await?;
    let policy = first_policy(&catalogue, &asked.table)
        .map_err(|error| Failure::usage(error.to_string()).remedy(error.remedy()))?;
    output::result(Format::Json, "", &policy)
}
