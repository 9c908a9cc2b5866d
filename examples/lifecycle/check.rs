//! `check`: lists where the policy and the database differ, and what the policy does not cover.

use std::fmt;

use client_lifecycle::sql::Finding;
use serde::Serialize;

use crate::arguments::Shared;
use crate::failure::{Exit, Failure};
use crate::{output, policy, store};

#[derive(Serialize)]
struct Printed {
    findings: Vec<Finding>,
}

pub(crate) async fn run(shared: &Shared) -> Result<(), Failure> {
    let policy = policy::read(shared.policy()?)?;
    let findings = store::open(shared, &policy, false).await?.findings(&policy).await?;
    let printed = Printed { findings };
    output::result(shared.format, &printed, &printed)?;
    let Printed { findings } = printed;
    if findings.is_empty() {
        return Ok(());
    }
    let missing = findings.iter().any(|finding| finding.code.is_missing());
    Err(if missing {
        Failure::usage("the policy names tables or columns that the database does not have")
            .remedy("resolve `missing_table` and `missing_column` above first")
    } else {
        Failure::new(Exit::Refused, count(findings.len())).remedy("follow the remedies, and check again")
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
