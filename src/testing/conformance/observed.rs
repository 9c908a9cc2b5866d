//! The state of a host, read without using the store under test.

use std::collections::BTreeMap;

use super::world::{KINDS, kind, world};
use super::{Host, Recorded, Sent};
use crate::domain::{FieldName, Record, RecordId, Value};

/// The rows of a kind, with the fields of the data map. Values are normalized, because a host may hold an instant as
/// text or as a number.
type Rows = BTreeMap<RecordId, BTreeMap<FieldName, Value>>;

/// The complete state of a host.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Observed {
    pub(super) kinds: BTreeMap<&'static str, Rows>,
    pub(super) audit: Vec<Recorded>,
    pub(super) events: Vec<Sent>,
    pub(super) operations: usize,
}

impl Observed {
    pub(super) async fn by(host: &dyn Host) -> Self {
        let mut kinds = BTreeMap::new();
        for name in KINDS {
            kinds.insert(name, rows(host, name).await);
        }
        let mut audit = host.audit().await;
        audit.sort();
        let mut events = host.events().await;
        events.sort_by(|a, b| (&a.topic, &a.record).cmp(&(&b.topic, &b.record)));
        Self { kinds, audit, events, operations: host.operations().await }
    }

    /// Returns the ids of a kind, as text.
    pub(super) fn ids(&self, name: &str) -> Vec<String> {
        self.kinds[name].keys().map(ToString::to_string).collect()
    }

    pub(super) fn value(&self, name: &str, id: impl Into<RecordId>, field: &str) -> Value {
        self.kinds[name][&id.into()][field].clone()
    }

    /// Returns the texts that the rows of a kind have in a field, sorted.
    pub(super) fn texts(&self, name: &str, field: &str) -> Vec<&str> {
        let mut texts: Vec<&str> = self.kinds[name].values().filter_map(|row| row[field].as_text()).collect();
        texts.sort_unstable();
        texts
    }

    /// Panics and names the first kind whose rows differ.
    #[track_caller]
    pub(super) fn assert_same(&self, now: &Self, after: &str) {
        for (name, rows) in &self.kinds {
            let found = &now.kinds[name];
            let all = rows.keys().chain(found.keys());
            let changed: Vec<_> = all.filter(|id| rows.get(id) != found.get(id)).collect();
            assert!(changed.is_empty(), "{after}: `{name}` {changed:?} changed");
        }
        assert_eq!(self.audit, now.audit, "{after}: the audit log changed");
        assert!(self.events == now.events, "{after}: the outbox changed");
        assert_eq!(self.operations, now.operations, "{after}: operations noted");
    }
}

pub(super) async fn rows(host: &dyn Host, name: &str) -> Rows {
    let (map, kind) = (world(), kind(name));
    let known: Vec<&FieldName> = map.fields_of(&kind).filter(|field| !kind.id.contains(field)).collect();
    let form = |record: &Record, field: &FieldName| {
        let value = record.get(field);
        let read = kind.declared_type(field).map(|known| known.read(value));
        match read {
            Some(Ok(read)) => read,
            _ => value.clone(),
        }
    };
    let rows = host.rows(&kind).await.into_iter().map(|record| {
        let fields = known.iter().map(|field| ((*field).clone(), form(&record, field)));
        (record.id.clone(), fields.collect())
    });
    if !kind.id.is_none() {
        return rows.collect();
    }
    // Rows without an id are numbered by their values.
    let mut rows: Vec<BTreeMap<FieldName, Value>> = rows.map(|(_, fields)| fields).collect();
    rows.sort_by_key(|fields| serde_json::to_string(fields).expect("JSON"));
    (0..).map(RecordId::from).zip(rows).collect()
}
