//! `schema`: prints the statements that create the library's own tables, for hosts that migrate with their own tool.

use client_lifecycle::sql::{Dialect, schema};
use serde::Serialize;

use crate::arguments::Shared;
use crate::failure::Failure;
use crate::location::Location;
use crate::output;

#[derive(Serialize)]
struct Printed {
    statements: Vec<String>,
}

pub(crate) fn run(shared: &Shared) -> Result<(), Failure> {
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
