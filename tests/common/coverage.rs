//! Counts how many random worlds have each interesting feature.

use std::collections::{BTreeMap, BTreeSet};

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{
    DataMap, DeletedField, FieldName, Kind, KindName, Record, RecordId, Reference,
};
use client_lifecycle::policy::OnSurvive;
use client_lifecycle::protocol::Disposition;
use client_lifecycle::testing::model::{self, Verdict};
use client_lifecycle::testing::strategies::RandomWorld;

/// The minimum percentage of worlds that must have each feature.
const FLOOR: u32 = 5;

/// With fewer worlds than this, each feature must occur at least once.
const ENOUGH: u32 = 1_000;

type Id = (KindName, RecordId);

/// Returns the features: a description of each, and whether this world has it.
fn features(world: &World<'_>) -> [(&'static str, bool); 19] {
    let is_redirected = {
        let mut steps = world.verdict.steps.keys();
        steps.any(|(_, disposition, ..)| disposition.is_redirect())
    };
    [
        ("a blocker", !world.verdict.blockers.is_empty()),
        ("a restrict that is cleared over another path", world.clears_a_restrict()),
        ("a tombstone that climbs two levels", world.has_a_tombstone_below_a_tombstone()),
        ("a cycle with a retained or anonymized row", world.keeps_a_row_of_a_cycle()),
        ("a reference that dangled before", world.any(|id, row| world.dangles(id, row))),
        ("a keyed pseudonym", world.has_a_pseudonym()),
        ("a redirect", is_redirected),
        ("a `parent` entry that decides", world.has_a_parent_entry_that_decides()),
        ("a row reached over two references", world.any(|id, row| world.reaching(id, row).len() > 1)),
        (
            "an already soft-deleted row that is reached",
            world.any(|id, row| world.is_marked(id, row) && !world.reaching(id, row).is_empty()),
        ),
        (
            "a row with an id of two fields that is reached",
            world.reaches(|kind, _| kind.id.fields().len() > 1),
        ),
        ("a row without an id that is reached", world.reaches(|kind, _| kind.id.is_none())),
        (
            "a row that is reached over its id",
            world.reaches(|kind, reference| reference.fields.iter().any(|field| kind.id.contains(field))),
        ),
        ("a row that is reached over two fields", world.reaches(|_, reference| reference.fields.len() > 1)),
        ("a row that is reached over another key", world.reaches(|_, reference| reference.key.is_some())),
        ("a row that goes with its owners", world.has_a_row_that_goes_with_its_owners()),
        ("a row that is reached over a list", world.reaches(|_, reference| reference.each)),
        ("a list that changes", world.changes_a_list()),
        (
            "a row that a condition keeps from referring",
            world.any(|id, row| world.is_kept_from_referring(id, row)),
        ),
    ]
}

/// The number of worlds with each feature.
#[derive(Default)]
pub(crate) struct Coverage {
    worlds: u32,
    found: BTreeMap<&'static str, u32>,
}

impl Coverage {
    pub(crate) fn add(&mut self, case: &RandomWorld, verdict: &Verdict) {
        self.worlds += 1;
        let world = World { case, verdict };
        for (name, is_there) in features(&world) {
            *self.found.entry(name).or_default() += u32::from(is_there);
        }
    }

    /// Returns one line for each feature, with its percentage of worlds.
    pub(crate) fn lines(&self) -> Vec<String> {
        let worlds = f64::from(self.worlds.max(1));
        let line =
            |(name, found): (&&str, &u32)| format!("{:5.1} %  {name}", f64::from(*found) * 100.0 / worlds);
        self.found.iter().map(line).collect()
    }

    /// Returns the features that too few worlds have.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let floor = if self.worlds < ENOUGH { 1 } else { (FLOOR * self.worlds).div_ceil(100) };
        let few = |found: &u32| *found < floor;
        let found = self.found.iter().filter(|(_, found)| few(found));
        found.map(|(name, _)| *name).collect()
    }
}

struct World<'a> {
    case: &'a RandomWorld,
    verdict: &'a Verdict,
}

impl<'a> World<'a> {
    fn map(&self) -> &'a DataMap {
        self.case.policy.map()
    }

    fn all(&self) -> impl Iterator<Item = (Id, &'a Record)> {
        let rows = &self.case.rows;
        rows.iter().flat_map(|(kind, rows)| {
            let of_kind = rows.iter();
            of_kind.map(move |(id, row)| ((kind.clone(), id.clone()), row))
        })
    }

    fn any(&self, test: impl Fn(&Id, &Record) -> bool) -> bool {
        self.all().any(|(id, row)| test(&id, row))
    }

    fn is_subject(&self, id: &Id) -> bool {
        id.0 == self.case.request.kind && self.case.request.subjects.contains(&id.1)
    }

    /// Returns the rows that `row` refers to, and their dispositions.
    fn parents(&self, row: &Record, reference: &Reference) -> Vec<(Id, Disposition)> {
        if !self.meets(row, reference) {
            return Vec::new();
        }
        let referred = self.targets(row, reference).into_iter();
        referred.filter_map(|id| Some((id.clone(), *self.verdict.dispositions.get(&id)?))).collect()
    }

    /// Returns the rows whose keys a row holds.
    fn targets(&self, row: &Record, reference: &Reference) -> Vec<Id> {
        let referred = super::referred(self.map(), &self.case.rows, row, reference).into_iter();
        referred.filter_map(|(_, id)| Some((reference.to.clone(), id?))).collect()
    }

    /// Returns whether a list has other elements afterwards.
    fn changes_a_list(&self) -> bool {
        let lists = self.map().references().filter(|reference| reference.each);
        let mut fields = lists.map(|reference| (&reference.from, &reference.fields[0]));
        fields.any(|(kind, field)| {
            self.any(|id, row| {
                let after = self.verdict.rows[kind].get(&id.1);
                self.verdict.executable
                    && id.0 == *kind
                    && after.is_some_and(|after| after.get(field) != row.get(field))
            })
        })
    }

    /// Returns whether a row meets the condition of a reference.
    fn meets(&self, row: &Record, reference: &Reference) -> bool {
        let kind = self.map().kind(&reference.from).unwrap();
        let when = reference.when.as_ref();
        when.is_none_or(|when| when.holds(kind, row, self.case.now).unwrap() == Some(true))
    }

    /// Returns whether a removed row leads to a row over a reference with this property.
    fn reaches(&self, test: impl Fn(&Kind, &Reference) -> bool) -> bool {
        self.any(|id, row| {
            let kind = self.map().kind(&id.0).unwrap();
            self.reaching(id, row).into_iter().any(|reference| test(kind, reference))
        })
    }

    /// Returns whether a row would refer to a removed row, but does not meet the condition of the reference.
    fn is_kept_from_referring(&self, id: &Id, row: &Record) -> bool {
        let mut references = self.map().references_from(&id.0);
        references.any(|reference| {
            let targets = self.targets(row, reference);
            let is_removed = targets.iter().any(|target| self.verdict.dispositions.contains_key(target));
            !self.meets(row, reference) && is_removed
        })
    }

    fn has_a_row_that_goes_with_its_owners(&self) -> bool {
        self.verdict.steps.keys().any(|(kind, _, by, _)| {
            let by = by.as_ref().and_then(|name| self.map().reference(name));
            by.is_some_and(|reference| reference.owned && reference.to == *kind)
        })
    }

    /// Returns the references of a row whose parents are removed.
    fn reaching(&self, id: &Id, row: &Record) -> Vec<&'a Reference> {
        if self.is_subject(id) {
            return Vec::new();
        }
        let removed = |reference: &&Reference| {
            self.parents(row, reference).iter().any(|(parent, disposition)| {
                let untouched = [Disposition::Anonymize, Disposition::Retain, Disposition::Keep];
                self.is_subject(parent) || !untouched.contains(disposition)
            })
        };
        let kind = self.map().kind(&id.0).unwrap();
        let references = self.map().references_from(&kind.name);
        references.filter(removed).collect()
    }

    fn is_marked(&self, id: &Id, row: &Record) -> bool {
        let kind = self.map().kind(&id.0).unwrap();
        let marked = kind.deleted_at.as_ref().map(DeletedField::is_marked);
        marked.is_some_and(|marked| marked.holds(kind, row, chrono::Utc::now()).unwrap() == Some(true))
    }

    fn dangles(&self, id: &Id, row: &Record) -> bool {
        self.map().references_from(&id.0).any(|reference| {
            let referred = super::referred(self.map(), &self.case.rows, row, reference);
            referred.iter().any(|(_, id)| id.is_none())
        })
    }

    fn has_a_pseudonym(&self) -> bool {
        let code = FieldName::from("code");
        self.verdict.executable
            && self.any(|(kind, id), before| {
                let after = self.verdict.rows[kind].get(id);
                after.is_some_and(|after| {
                    !before.get(&code).is_null() && after.get(&code) != before.get(&code)
                })
            })
    }

    /// Returns whether more rows would block if every `restrict` were a `protect`.
    fn clears_a_restrict(&self) -> bool {
        let blocking = |verdict: &Verdict| -> u64 {
            let rules = verdict.blockers.iter();
            let rules = rules.filter(|((reference, rule), _)| {
                reference.is_some() && ["restrict", "protect"].contains(&&**rule)
            });
            rules.map(|(_, count)| count).sum()
        };
        let fair = self.case.document.to_string();
        let strict = fair.replace("\"restrict\"", "\"protect\"");
        if strict == fair {
            return false;
        }
        let RandomWorld { rows, request, now, mask_key, .. } = self.case;
        let policy = DeletionPolicy::from_json(&strict).unwrap();
        let verdict = model::judge(&policy, rows, request, *now, Some(mask_key)).unwrap();
        blocking(&verdict) > blocking(self.verdict)
    }

    /// Returns whether a tombstone keeps its reference to another row, which must therefore become a tombstone too.
    fn has_a_tombstone_below_a_tombstone(&self) -> bool {
        let is_stone = |id: &Id| {
            let found = self.verdict.dispositions.get(id);
            found == Some(&Disposition::Tombstone)
        };
        let rules = &self.case.policy.mode(self.case.request.mode).unwrap().rules;
        let stones = self.all().filter(|(id, _)| is_stone(id));
        let forced = stones.flat_map(|(id, row)| {
            let kind = self.map().kind(&id.0).unwrap();
            let references = self.map().references_from(&kind.name);
            references.filter(move |reference| {
                let entries = rules.entries(&reference.name).unwrap_or_default();
                let mut links = entries.iter().map(|entry| &entry.on_survive);
                let moves = links.any(|link| matches!(link, Some(OnSurvive::Redirect(_))));
                let parents = self.parents(row, reference);
                !reference.nullable && !moves && parents.iter().any(|(parent, _)| is_stone(parent))
            })
        });
        forced.count() > 0
    }

    /// Returns whether a row is retained or masked although its parent or child belongs to the same cycle of kinds.
    fn keeps_a_row_of_a_cycle(&self) -> bool {
        let inside = self.inside_cycles();
        let kept = |id: &Id| {
            let found = self.verdict.dispositions.get(id);
            let stays = [Disposition::Retain, Disposition::Anonymize];
            !self.is_subject(id) && found.is_some_and(|found| stays.contains(found))
        };
        let references = inside.iter();
        let mut references = references.filter_map(|name| self.map().reference(name));
        references.any(|reference| {
            self.any(|id, row| {
                id.0 == reference.from
                    && self.parents(row, reference).iter().any(|(parent, _)| kept(parent) || kept(id))
            })
        })
    }

    /// Returns the references that are part of a cycle of kinds.
    fn inside_cycles(&self) -> BTreeSet<&'a client_lifecycle::domain::ReferenceName> {
        let leads = |from: &KindName, to: &KindName| {
            let mut open = vec![from.clone()];
            let mut seen = BTreeSet::new();
            while let Some(kind) = open.pop() {
                if kind == *to {
                    return true;
                }
                if seen.insert(kind.clone()) {
                    let references = self.map().references_from(&kind);
                    open.extend(references.map(|reference| reference.to.clone()));
                }
            }
            false
        };
        let references = self.map().references();
        let inside = references.filter(|reference| leads(&reference.to, &reference.from));
        inside.map(|reference| &reference.name).collect()
    }

    fn has_a_parent_entry_that_decides(&self) -> bool {
        let rules = &self.case.policy.mode(self.case.request.mode).unwrap().rules;
        let mut steps = self.verdict.steps.keys();
        steps.any(|(_, _, reference, index)| {
            let entries = reference.as_ref().and_then(|name| rules.entries(name));
            let entry = entries.and_then(|entries| entries.get(*index));
            entry.is_some_and(|entry| entry.parent.is_some())
        })
    }
}
