//! Repairs of random policies that keep most of the random choices.

use serde_json::{Value as Json, json};

use crate::domain::{FaultCode, Faults, Mode};
use crate::policy::DeletionPolicy;

/// Repairs the faults of a random policy one by one. Returns `None` if a fault cannot be repaired.
pub(super) fn mended(document: &mut Json, mode: Mode) -> Option<DeletionPolicy> {
    for _ in 0..40 {
        match DeletionPolicy::from_json(&document.to_string()) {
            Ok(policy) => return Some(policy),
            Err(faults) => mend(document, mode, &faults)?,
        }
    }
    None
}

fn mend(document: &mut Json, mode: Mode, faults: &Faults) -> Option<()> {
    for fault in faults {
        let quoted: Vec<&str> = fault.message.split('`').skip(1).step_by(2).collect();
        let kind = quoted.last().copied().unwrap_or_default();
        // A placeholder is made from the id, so a kind without an id cannot have one.
        let personal = |kind: &str| match &document["kinds"][kind]["id"] {
            Json::Array(fields) if fields.is_empty() => json!({ "note": { "truncate": 2 } }),
            _ => json!({ "mail": "placeholder_email" }),
        };
        let (own, second) = (personal(kind), personal(quoted.get(1).copied().unwrap_or_default()));
        let mut make = |key: &str| {
            let facts = &mut document["kinds"][kind];
            facts["personal"] = own.clone();
            facts["personal"]["note"] = json!({ "truncate": 2 });
            facts[key] = if key == "tombstone" { json!(true) } else { json!(key) };
        };
        if fault.code == FaultCode::OwnedInCycle {
            let name = fault.path.strip_prefix("references.")?;
            let mut references = document["references"].as_array_mut()?.iter_mut();
            references.find(|one| one["name"] == name)?["owned"] = json!(false);
        } else if fault.code == FaultCode::MissingTombstone {
            let kind = quoted.get(1).copied()?;
            document["kinds"][kind]["tombstone"] = json!(true);
            document["kinds"][kind]["personal"] = second;
        } else if fault.code == FaultCode::MissingDeletedAt {
            make("deleted_at");
        } else if fault.code == FaultCode::MissingStatus {
            make("status");
        } else if fault.code == FaultCode::MissingPersonal {
            document["kinds"][kind]["personal"] = own;
        } else if let Some(rest) = fault.path.strip_prefix(&format!("modes.{mode}.rules.")) {
            mend_rule(document, mode, rest, fault.code)?;
        } else if fault.path.contains(".guards") {
            document["modes"][mode.as_str()].as_object_mut()?.remove("guards");
        } else {
            return None;
        }
    }
    Some(())
}

fn mend_rule(document: &mut Json, mode: Mode, path: &str, code: FaultCode) -> Option<()> {
    let name = path.split('[').next()?.trim_end_matches(".on_survive");
    let at: usize = path.split('[').nth(1).and_then(|rest| rest.split(']').next()?.parse().ok()).unwrap_or(0);
    if code == FaultCode::MandatoryReference {
        let references = document["references"].as_array_mut()?;
        let reference = references.iter_mut().find(|one| one["name"] == name)?;
        let is_id = reference["from"].as_str().and_then(|from| from.rsplit('.').next()) == Some("id");
        if !is_id && reference["nullable"] != json!(true) {
            reference["nullable"] = json!(true);
            let reference = reference.clone();
            super::declare_nullable(document, &reference, true);
            return Some(());
        }
    }
    let entries = document["modes"][mode.as_str()]["rules"][name].as_array_mut()?;
    if code == FaultCode::UnreachableEntry {
        entries.remove(at);
    } else {
        let entry = entries.get_mut(at)?.as_object_mut()?;
        if matches!(code, FaultCode::ParentInCycle | FaultCode::ParentStays) {
            entry.remove("parent");
        } else {
            let when = entry.get("when").cloned();
            entry.clear();
            entry.insert("then".into(), json!("keep"));
            entry.extend(when.map(|when| ("when".to_owned(), when)));
        }
    }
    Some(())
}
