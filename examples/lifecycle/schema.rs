//! `schema`: prints the statements that create the library's own tables, for hosts with their own migration tool. With
//! `--policy`, prints the JSON Schema of policy documents, for editors.

use client_lifecycle::sql::{Dialect, schema};
use serde::Serialize;

use crate::arguments::{SchemaArguments, Shared};
use crate::failure::Failure;
use crate::location::Location;
use crate::output;

#[derive(Serialize)]
struct Printed {
    statements: Vec<String>,
}

pub(crate) fn run(shared: &Shared, asked: &SchemaArguments) -> Result<(), Failure> {
    if asked.is_of_policies() {
        return of_policies();
    }
    let dialect = match shared.store()? {
        Location::Sqlite(_) => Dialect::Sqlite,
        #[cfg(feature = "postgres")]
        Location::Postgres(_) => Dialect::Postgres,
        Location::Memory(_) => {
            return Err(Failure::usage("a store in memory has no tables")
                .remedy("use a database, such as `--store sqlite:app.db`"));
        }
    };
    let statements = schema(dialect, &shared.prefix);
    let text = statements.join(";\n\n") + ";";
    output::result(shared.format, text, &Printed { statements })
}

/// Prints the JSON Schema of policy documents. It is JSON whatever `--format` says.
#[cfg(feature = "schema")]
fn of_policies() -> Result<(), Failure> {
    output::result(crate::arguments::Format::Json, "", &client_lifecycle::DeletionPolicy::json_schema())
}

#[cfg(not(feature = "schema"))]
fn of_policies() -> Result<(), Failure> {
    Err(Failure::usage("the JSON Schema of policy documents is not built in")
        .remedy("build with `--features sqlite,schema`"))
}
