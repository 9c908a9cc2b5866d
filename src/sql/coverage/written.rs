//! Finds columns that cannot store what the policy writes. Also lists the kinds whose rows a policy deletes or
//! updates.

use std::collections::BTreeSet;

use super::declared::{MappedColumn, path, tables};
use super::finding::{Finding, FindingCode};
use crate::domain::{DataMap, FieldName, FieldType, Kind, KindName, Mask, Mode, Reference};
use crate::policy::{DeletionPolicy, Entry, MaskUse, ModePolicy, OnSurvive, Rule};
use crate::sql::catalogue::{Catalogue, Column};

/// The kinds whose rows a policy may delete, and the kinds whose rows it may update. Conditions are ignored, so the
/// lists may contain too many kinds, but never too few.
#[derive(Debug, Default)]
pub(super) struct WrittenKinds {
    deleted: BTreeSet<KindName>,
    updated: BTreeSet<KindName>,
}

impl WrittenKinds {
    pub(super) fn of(policy: &DeletionPolicy) -> Self {
        let mut written = Self::default();
        let map = policy.map();
        for mode in policy.modes() {
            let Some(declared) = policy.mode(mode) else {
                continue;
            };
            written.subject(policy.subject(), mode);
            written.walk(map, declared, mode, policy.subject());
        }
        let tombstones = map.kinds().filter(|kind| kind.tombstone);
        written.updated.extend(tombstones.map(|kind| kind.name.clone()));
        written
    }

    pub(super) fn deletes(&self, kind: &KindName) -> bool {
        self.deleted.contains(kind)
    }

    pub(super) fn updates(&self, kind: &KindName) -> bool {
        self.updated.contains(kind)
    }

    pub(super) fn writes(&self, kind: &KindName) -> bool {
        self.deletes(kind) || self.updates(kind)
    }

    fn subject(&mut self, subject: &KindName, mode: Mode) {
        if mode == Mode::HardDelete {
            self.deleted.insert(subject.clone());
        } else {
            self.updated.insert(subject.clone());
        }
    }

    /// Follows the references from the subject to all rows that are deleted, marked or masked.
    fn walk(&mut self, map: &DataMap, declared: &ModePolicy, mode: Mode, subject: &KindName) {
        // A cascade marks rows below a soft-deleted row as deleted, and sets rows below an OFF row OFF.
        let entries = map.references().flat_map(|one| declared.rules.entries(&one.name).unwrap_or_default());
        let rules: Vec<&Rule> = entries.map(|entry| &entry.then).collect();
        let deletes = mode == Mode::HardDelete || rules.contains(&&Rule::Delete);
        let marks = mode != Mode::HardDelete || rules.contains(&&Rule::SoftDelete);
        let mut reached = BTreeSet::from([subject.clone()]);
        let mut open = vec![subject.clone()];
        while let Some(kind) = open.pop() {
            for reference in map.references_to(&kind) {
                let entries = declared.rules.entries(&reference.name).unwrap_or_default();
                let mut leads_on = false;
                for entry in entries {
                    leads_on |= self.entry(reference, entry, deletes, marks);
                }
                if leads_on && reached.insert(reference.from.clone()) {
                    open.push(reference.from.clone());
                }
            }
            // Rows that the rows own may be removed with them.
            for reference in map.references_from(&kind).filter(|reference| reference.owned) {
                match mode {
                    Mode::HardDelete => self.deleted.insert(reference.to.clone()),
                    _ => self.updated.insert(reference.to.clone()),
                };
                self.updated.extend(marks.then(|| reference.to.clone()));
                if reached.insert(reference.to.clone()) {
                    open.push(reference.to.clone());
                }
            }
        }
    }

    /// Records whether the entry deletes or updates rows of the reference's kind. Returns whether the rules also
    /// apply to rows that refer to these rows.
    fn entry(&mut self, reference: &Reference, entry: &Entry, may_delete: bool, marks: bool) -> bool {
        let (deletes, updates, leads_on) = match &entry.then {
            Rule::Cascade => (may_delete, marks, true),
            Rule::Delete => (true, false, true),
            Rule::SoftDelete | Rule::Anonymize(_) => (false, true, true),
            Rule::Retain(_) => (true, true, true),
            Rule::Redirect(_) => (false, true, false),
            // A row that stays loses its reference to a deleted row.
            Rule::Keep | Rule::Leave => (false, may_delete, false),
            Rule::Restrict | Rule::Protect => (false, false, false),
        };
        if deletes {
            self.deleted.insert(reference.from.clone());
        }
        if updates {
            self.updated.insert(reference.from.clone());
        }
        leads_on
    }
}

/// Reports fields that the library writes whatever the rules say.
pub(super) fn written_by_kinds(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kind, _) in tables(map, catalogue) {
        for field in map.fields_of(kind).filter(|field| is_written(kind, field)) {
            let mapped = MappedColumn::of(kind, field, catalogue);
            found.extend(mapped.and_then(|mapped| generated(mapped.column, &path(map, kind, field))));
        }
    }
    found
}

/// Reports fields that the policy's rules write, and the id that `create` writes.
pub(super) fn written_by_policy(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<Finding> {
    let map = policy.map();
    let mut found = Vec::new();
    for mask in policy.masks().into_iter().filter(|mask| mask.in_rule) {
        let mapped = MappedColumn::of(mask.kind, mask.field, catalogue);
        found.extend(mapped.and_then(|mapped| generated(mapped.column, &mask.path)));
    }
    for reference in map.references().filter(|reference| may_be_redirected(policy, reference)) {
        let kind = map.kind(&reference.from);
        let path = format!("references.{}", reference.name);
        for field in &reference.fields {
            let mapped = kind.and_then(|kind| MappedColumn::of(kind, field, catalogue));
            found.extend(mapped.and_then(|mapped| generated(mapped.column, &path)));
        }
    }
    let subject = map.kind(policy.subject()).filter(|_| policy.mode(Mode::Create).is_some());
    if let Some(kind) = subject
        && let Some(id) = kind.id.only()
        && let Some(MappedColumn { column, .. }) = MappedColumn::of(kind, id, catalogue)
        && column.generated
    {
        let message = format!("only the database writes the column `{}`, but `create` sets it", column.name);
        found.push(
            Finding::new(FindingCode::GeneratedColumn, format!("kinds.{}.id", kind.name), message)
                .remedy("make the column GENERATED BY DEFAULT, or add a default"),
        );
    }
    found
}

fn generated(column: &Column, path: &str) -> Option<Finding> {
    column.generated.then(|| {
        let message = format!("the column `{}` is generated: only the database writes it", column.name);
        Finding::new(FindingCode::GeneratedColumn, path, message)
            .remedy("declare the columns from which it is computed instead")
    })
}

fn is_written(kind: &Kind, field: &FieldName) -> bool {
    let status = kind.status.as_ref().map(|status| &status.field);
    let deleted = kind.deleted_at.as_ref().map(|deleted| &deleted.field);
    let written = [status, deleted, kind.created_at.as_ref(), kind.updated_at.as_ref()];
    kind.personal.contains_key(field)
        || written.into_iter().chain([kind.version.as_ref()]).flatten().any(|one| one == field)
}

/// Returns whether a row that stays may get a new value for this reference.
fn may_be_redirected(policy: &DeletionPolicy, reference: &Reference) -> bool {
    policy.modes().any(|mode| {
        let rules = policy.mode(mode).map(|mode| &mode.rules);
        let entries = rules.and_then(|rules| rules.entries(&reference.name)).unwrap_or_default();
        entries.iter().any(|entry| {
            let stays = matches!(
                entry.then,
                Rule::Keep | Rule::Leave | Rule::SoftDelete | Rule::Anonymize(_) | Rule::Retain(_)
            );
            matches!(entry.then, Rule::Redirect(_))
                || matches!(entry.on_survive, Some(OnSurvive::Redirect(_)))
                || (stays && reference.nullable && mode == Mode::HardDelete)
        })
    })
}

/// Reports masks that do not fit their column: too long, or equal values in a unique column.
pub(super) fn mask_fits(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for MaskUse { kind, field, mask, path, in_rule: _ } in policy.masks() {
        let Some(table) = catalogue.table(&kind.table_name()) else {
            continue;
        };
        let Some(column) = table.column(kind.column(field)) else {
            continue;
        };
        let is_unique = table.is_unique(&column.name) || table.is_unique_in_any_case(&column.name);
        if is_unique && !mask.keeps_unique() {
            let message = format!(
                "the mask may give two rows the same value, but the column `{}` is unique",
                column.name
            );
            found.push(
                Finding::new(FindingCode::MaskNotUnique, &path, message)
                    .remedy("use `null`, `placeholder_email` or `hmac`, and declare the field `unique`"),
            );
        }
        found.extend(too_long(kind, mask, column, &path));
    }
    found
}

/// Reports a mask that is longer than its column.
pub(super) fn too_long(kind: &Kind, mask: &Mask, column: &Column, path: &str) -> Option<Finding> {
    let (length, limit) = length(kind, mask).zip(limit(column))?;
    (length > limit).then(|| {
        let message =
            format!("the mask has at least {length} characters, but the column is {}", column.declared);
        Finding::new(FindingCode::MaskTooLong, path, message)
            .remedy("choose a shorter mask, or widen the column")
    })
}

/// Returns the minimum length of a masked value, if it does not depend on the original value.
fn length(kind: &Kind, mask: &Mask) -> Option<usize> {
    match mask {
        Mask::Text(text) => Some(text.chars().count()),
        Mask::Value(value) => value.as_str().map(|text| text.chars().count()),
        Mask::Hmac => Some(64),
        Mask::PlaceholderEmail => {
            let length = |id| if kind.declared_type(id) == Some(FieldType::Uuid) { 36 } else { 1 };
            // The fields of an id are joined by a hyphen.
            let id: usize = kind.id.fields().iter().map(|id| length(id) + 1).sum();
            Some(id.saturating_sub(1) + "@anonymized.invalid".len())
        }
        // These masks never make a value longer.
        Mask::Null | Mask::Year | Mask::Truncate(_) => None,
    }
}

/// Returns the declared length of a column: 20 for `VARCHAR(20)`. SQLite does not enforce it.
fn limit(column: &Column) -> Option<usize> {
    let (name, rest) = column.declared.split_once('(')?;
    let holds_characters = name.to_ascii_uppercase().contains("CHAR");
    let number = rest.split_once(')')?.0.trim();
    number.parse().ok().filter(|_| holds_characters)
}
