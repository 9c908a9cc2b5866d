//! The memory store compared with a hand-written `HashMap`.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use client_lifecycle::domain::{Record, RecordId};
use client_lifecycle::{Lifecycle, MemoryStore};
use uuid::Uuid;

use crate::by_hand::Subjects;
use crate::figures::{Times, say, say_ratio, say_within};
use crate::policy::{policy, request};
use crate::size::Size;
use crate::tables::{RELATIONS, SURVIVING};

const ROUNDS: usize = 9;

/// The tables of the largest client, with the number of rows in each.
fn tables(size: &Size) -> Vec<(&'static str, usize)> {
    let mut all: Vec<_> = ["consents", "questionnaires", "revokes", "debts", "invoices", "devices"]
        .map(|table| (table, 100))
        .into();
    all.extend([("sessions", 200), ("bookings", size.bookings)]);
    all
}

type Rows = HashMap<RecordId, Record>;

/// Returns the rows of all tables, and the id of the largest client.
fn world(size: &Size) -> (Vec<(&'static str, Vec<Record>)>, String) {
    let client = Uuid::new_v4();
    let row = |field: &str, to: Uuid| {
        Record::new(Uuid::new_v4())
            .with(field, RecordId::from(to))
            .with("status", "PAID")
            .with("note", "a note on this row")
    };
    let mut all = vec![("clients", vec![Record::new(client).with("email", "ana@example.com")])];
    for (table, count) in tables(size) {
        all.push((table, (0..count).map(|_| row("client_id", client)).collect()));
    }
    let bookings: Vec<Uuid> = all.last().unwrap().1.iter().filter_map(|row| row.id.as_uuid()).collect();
    all.push((
        "booking_items",
        bookings.iter().flat_map(|id| (0..9).map(|_| row("booking_id", *id))).collect(),
    ));
    all.push(("invoice_lines", Vec::new()));
    (all, client.to_string())
}

/// The hand-written side: the rows of each table by id, and for each reference the ids of the rows that hold it.
struct Hand {
    tables: HashMap<&'static str, Rows>,
    holders: HashMap<&'static str, HashMap<RecordId, HashSet<RecordId>>>,
}

impl Hand {
    fn new(all: &[(&'static str, Vec<Record>)]) -> Self {
        let mut tables = HashMap::new();
        let mut holders: HashMap<&str, HashMap<RecordId, HashSet<RecordId>>> = HashMap::new();
        for (table, rows) in all {
            tables.insert(*table, rows.iter().map(|row| (row.id.clone(), row.clone())).collect());
            if let Some(relation) = RELATIONS.iter().find(|relation| relation.table == *table) {
                let index = holders.entry(*table).or_default();
                for row in rows {
                    let to = row.get(relation.field).as_id().unwrap();
                    index.entry(to).or_default().insert(row.id.clone());
                }
            }
        }
        Self { tables, holders }
    }

    fn remove(&mut self, table: &str, id: &RecordId) -> usize {
        let mut removed = usize::from(self.tables.get_mut(table).and_then(|rows| rows.remove(id)).is_some());
        for relation in RELATIONS.iter().filter(|relation| relation.to == table) {
            let below = self.holders.get_mut(relation.table).and_then(|index| index.remove(id));
            for id in below.into_iter().flatten() {
                if relation.table == SURVIVING {
                    if let Some(row) = self.tables.get_mut(relation.table).and_then(|rows| rows.get_mut(&id))
                    {
                        row.fields.remove(relation.field);
                    }
                    removed += 1;
                } else {
                    removed += self.remove(relation.table, &id);
                }
            }
        }
        removed
    }
}

pub(crate) async fn run(size: &Size) {
    println!("\nmemory store, one client of {} rows", crate::rows::touched(crate::rows::LARGE, size));
    let (mut plans, mut applied, mut hand) = (Times::default(), Times::default(), Times::default());
    for _ in 0..ROUNDS.min(size.large) {
        let (all, client) = world(size);
        let mut own = Hand::new(&all);
        let mut store = MemoryStore::new();
        for (table, rows) in all {
            store = store.with(table, rows);
        }
        let lifecycle = Lifecycle::open(store, policy()).await.unwrap_or_else(|error| panic!("{error}"));
        let request = request(&Subjects { ids: vec![client.clone()] });
        let id = RecordId::from(client.parse::<Uuid>().unwrap());

        let start = Instant::now();
        let removed = own.remove("clients", &id);
        hand.push(start.elapsed());
        assert_eq!(u64::try_from(removed).unwrap(), crate::rows::touched(crate::rows::LARGE, size));

        // The first run builds the indexes of the references, so it is not measured.
        lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{error}"));
        let start = Instant::now();
        let plan = lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{error}"));
        plans.push(start.elapsed());
        let start = Instant::now();
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error}"));
        applied.push(start.elapsed());
        assert!(lifecycle.store().rows("booking_items").is_empty());
    }
    say_within("plan", &plans, size.goal(5.0));
    say("apply", &applied);
    say("deletion by hand", &hand);
    say_ratio("apply / deletion by hand", &applied, &hand, size.goal(1.5));
}
