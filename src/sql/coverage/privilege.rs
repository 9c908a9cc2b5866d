//! What the role may not do and the policy asks of it.

use super::touched::Touched;
use crate::domain::{Kind, Mode};
use crate::policy::DeletionPolicy;
use crate::sql::catalogue::{Catalogue, Privilege};
use crate::sql::{Finding, FindingCode};

pub(super) fn findings(policy: &DeletionPolicy, catalogue: &Catalogue, touched: &Touched) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in policy.map().kinds() {
        let Some(table) = catalogue.table(kind.table_name()) else {
            continue;
        };
        let denied = table.denied.iter().filter(|denied| needs(policy, kind, touched, **denied));
        let denied: Vec<&str> = denied.map(|denied| denied.as_str()).collect();
        if denied.is_empty() {
            continue;
        }
        let denied = denied.join(", ");
        let message = format!("the role is not allowed {denied} on `{}`", table.name);
        found.push(
            Finding::new(FindingCode::MissingPrivilege, format!("kinds.{}", kind.name), message).remedy(
                format!("GRANT {denied} ON {} TO the role", catalogue.dialect().table(kind.table_name())),
            ),
        );
    }
    found
}

fn needs(policy: &DeletionPolicy, kind: &Kind, touched: &Touched, privilege: Privilege) -> bool {
    let is_subject = kind.name == *policy.subject();
    let deletes = touched.deletes(&kind.name);
    match privilege {
        Privilege::Select => true,
        Privilege::Insert => is_subject && policy.mode(Mode::Create).is_some(),
        // What goes and could be referred to is locked first, and locking is an update to PostgreSQL.
        Privilege::Update => {
            let referred = policy.map().references_to(&kind.name).next().is_some();
            is_subject || touched.updates(&kind.name) || (deletes && referred)
        }
        Privilege::Delete => deletes,
    }
}
