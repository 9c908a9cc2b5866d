//! Privileges that the policy needs and the current role lacks.

use super::finding::{Finding, FindingCode};
use super::written_kinds::WrittenKinds;
use crate::domain::{Kind, Mode};
use crate::policy::DeletionPolicy;
use crate::sql::catalogue::{Catalogue, Privilege};

pub(super) fn findings(
    policy: &DeletionPolicy,
    catalogue: &Catalogue,
    written: &WrittenKinds,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in policy.map().kinds() {
        let Some(table) = catalogue.table(kind.table_name()) else {
            continue;
        };
        let denied = table.denied.iter().filter(|denied| needs(policy, kind, written, **denied));
        let denied: Vec<&str> = denied.map(|denied| denied.as_str()).collect();
        if denied.is_empty() {
            continue;
        }
        let denied = denied.join(", ");
        let message = format!("the current role lacks {denied} on `{}`", table.name);
        found.push(
            Finding::new(FindingCode::MissingPrivilege, format!("kinds.{}", kind.name), message).remedy(
                format!("GRANT {denied} ON {} TO the role", catalogue.dialect().table(kind.table_name())),
            ),
        );
    }
    found
}

fn needs(policy: &DeletionPolicy, kind: &Kind, written: &WrittenKinds, privilege: Privilege) -> bool {
    let is_subject = kind.name == *policy.subject();
    let deletes = written.deletes(&kind.name);
    match privilege {
        Privilege::Select => true,
        Privilege::Insert => is_subject && policy.mode(Mode::Create).is_some(),
        // A row that may be referred to is locked before it is deleted, and PostgreSQL requires UPDATE for that.
        Privilege::Update => {
            let referred = policy.map().references_to(&kind.name).next().is_some();
            is_subject || written.updates(&kind.name) || (deletes && referred)
        }
        Privilege::Delete => deletes,
    }
}
