//! `check`: what the policy does not cover of the database, and what the two do not agree on.

use std::fmt;

use client_lifecycle::sql::Finding;
use serde::Serialize;

use crate::arguments::Shared;
use crate::failure::{Exit, Failure};
use crate::location::Location;
use crate::{output, policy, store};

#[derive(Serialize)]
struct Printed {
    findings: Vec<Finding>,
}

pub(crate) async fn run(shared: &Shared) -> Result<(), Failure> {
    let policy = policy::read(shared.policy()?)?;
    let findings = match shared.store()? {
        Location::Sqlite(_) => store::findings(shared, &policy).await?,
        #[cfg(feature = "postgres")]
        Location::Postgres(_) => store::findings(shared, &policy).await?,
        // Rows have no schema; what they contradict is all they say.
        Location::Memory(_) => {
            let opened = store::to_read(shared, &policy).await?;
            let faults = opened.store.check(policy.map()).await?;
            faults.into_iter().map(Finding::from).collect()
        }
    };
    let printed = Printed { findings };
    output::result(shared.format, &printed, &printed)?;
    let Printed { findings } = printed;
    if findings.is_empty() {
        return Ok(());
    }
    let missing = findings.iter().any(|finding| finding.code.is_missing());
    Err(if missing {
        Failure::usage("the policy speaks of what the database does not have")
            .remedy("see to `missing_table` and `missing_column` above first")
    } else {
        Failure::new(Exit::Refused, count(findings.len())).remedy("see the remedy of each above")
    })
}

fn count(findings: usize) -> String {
    match findings {
        1 => "there is 1 finding".into(),
        more => format!("there are {more} findings"),
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return f.write_str("everything is covered");
        }
        for (index, finding) in self.findings.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            let Finding { code, path, message, remedy, .. } = finding;
            write!(f, "{path}: {code}\n  {message}")?;
            if !remedy.is_empty() {
                write!(f, "\n  remedy: {remedy}")?;
            }
        }
        Ok(())
    }
}
