//! Clients that several connections delete one by one at the same time: by hand, by `plan` and `apply`, and by
//! `execute`.
//!
//! The sides take turns in slices, each with its own clients, so a change of the machine's speed affects all of them.
//! Afterwards, the tables are compared with what must be left: see `nothing_lost.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client_lifecycle::Lifecycle;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::PoolConnection;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::sql::{Dialect, SqlStore};

use crate::attempts::{Attempts, Begun};
use crate::by_hand::Subjects;
use crate::database::Database;
use crate::figures::{Times, say_percentiles, say_ratio_of_sums, say_share};
use crate::nothing_lost::{Deletion, RowCounts, check_records, check_rows};
use crate::policy::{policy, request};
use crate::processor;
use crate::rows::{self, SMALL};
use crate::size::{ParallelSize, Size};
use crate::tables::{self, ForeignKeys};

/// How the clients of a slice are deleted.
#[derive(Debug, Clone, Copy)]
enum Side {
    ByHand,
    PlanAndApply,
    Execute,
}

const SIDES: [Side; 3] = [Side::ByHand, Side::PlanAndApply, Side::Execute];

/// The largest ratio of the library's total duration to that of deletions by hand, children first.
const GOAL: f64 = 1.5;

/// What all workers use.
struct Shared {
    database: Database,
    lifecycle: Lifecycle<SqlStore<Attempts<PoolConnection>>>,
    size: ParallelSize,
}

/// The durations of one side: of each slice, and of each deletion.
#[derive(Default)]
struct Measured {
    slices: Times,
    deletions: Times,
    /// The processor time of this program, for each slice.
    processor: Times,
}

/// Deletes all small clients of a new schema, with these foreign keys.
pub(crate) async fn run(keys: ForeignKeys, is_test: bool) {
    let size = match keys {
        _ if is_test => ParallelSize::small(),
        ForeignKeys::NoAction => ParallelSize::full(),
        // One `DELETE` that cascades does less than the policy asks for, so it has no goal.
        ForeignKeys::Cascade => ParallelSize::brief(),
    };
    let Some((database, pool)) = Database::postgres_with(keys, size.connections).await else { return };
    println!("\nPostgreSQL, foreign keys {keys:?}, {} connections", size.connections);
    fill(&database, &size.rows()).await;

    let begun = Begun::default();
    let connection = Attempts { connection: PoolConnection::new(pool), begun: begun.clone() };
    let store = SqlStore::new(connection, Dialect::Postgres);
    store.migrate().await.unwrap();
    begun.take();
    let lifecycle = Lifecycle::open(store, policy()).await.unwrap_or_else(|error| panic!("{error}"));
    let shared = Arc::new(Shared { database, lifecycle, size });
    let Shared { database, size, .. } = &*shared;

    let ids = format!("SELECT CAST(id AS text) FROM clients WHERE cohort = '{SMALL}'");
    let ids = database.texts(&ids).await;
    let before = RowCounts::of(database).await;
    let mut measured = SIDES.map(|_| Measured::default());
    let mut deletions = Vec::new();
    for (slice, clients) in ids.chunks(size.slice).enumerate() {
        if slice == SIDES.len() {
            // Discards the first slice of each side.
            measured = SIDES.map(|_| Measured::default());
        }
        let turn = whose_turn(slice);
        deletions.extend(delete(&shared, SIDES[turn], clients, &mut measured[turn]).await);
    }

    report(size, &measured);
    check_rows(database, &before, ids.len(), &size.rows()).await;
    check_records(database, &deletions).await;
    let repeated = begun.take() - deletions.len();
    println!(
        "    none of {} lost, {} of them by the library; attempts repeated: {repeated}",
        ids.len(),
        deletions.len()
    );
    let shared = Arc::into_inner(shared).expect("all workers have ended");
    shared.database.close().await;
}

async fn fill(database: &Database, size: &Size) {
    let system = database.system();
    database.run(&tables::tables(system, database.keys)).await;
    database.run(&rows::rows(system, size)).await;
    database.run(&tables::indexes()).await;
    database.analyze().await;
}

/// Returns the position of the side that deletes a slice. Every round begins with another side.
fn whose_turn(slice: usize) -> usize {
    let (round, turn) = (slice / SIDES.len(), slice % SIDES.len());
    (round + turn) % SIDES.len()
}

/// Deletes the clients of one slice: each worker takes the next client until none is left. Returns the deletions by
/// the library.
async fn delete(
    shared: &Arc<Shared>,
    side: Side,
    clients: &[String],
    measured: &mut Measured,
) -> Vec<Deletion> {
    let clients: Arc<[String]> = clients.into();
    let next = Arc::<AtomicUsize>::default();
    let (start, used) = (Instant::now(), processor::used());
    let workers: Vec<_> = (0..shared.size.connections)
        .map(|_| tokio::spawn(work(shared.clone(), side, clients.clone(), next.clone())))
        .collect();
    let mut deletions = Vec::new();
    for worker in workers {
        let (done, times) = worker.await.unwrap();
        deletions.extend(done);
        for time in times {
            measured.deletions.push(time);
        }
    }
    measured.slices.push(start.elapsed());
    measured.processor.push(processor::used().saturating_sub(used));
    deletions
}

/// Deletes clients until none is left. Returns the deletions by the library, and the duration of each deletion.
async fn work(
    shared: Arc<Shared>,
    side: Side,
    clients: Arc<[String]>,
    next: Arc<AtomicUsize>,
) -> (Vec<Deletion>, Vec<Duration>) {
    let (mut deletions, mut times) = (Vec::new(), Vec::new());
    while let Some(client) = clients.get(next.fetch_add(1, Ordering::Relaxed)) {
        let subject = Subjects { ids: vec![client.clone()] };
        let start = Instant::now();
        let receipt = shared.delete_one(side, &subject).await;
        times.push(start.elapsed());
        deletions.extend(receipt.map(|receipt| shared.recorded(client, &receipt)));
    }
    (deletions, times)
}

impl Shared {
    /// Deletes one client. Returns the receipt if it was done by the library.
    async fn delete_one(&self, side: Side, subject: &Subjects) -> Option<Receipt> {
        let receipt = match side {
            Side::ByHand => {
                self.delete_by_hand(subject).await;
                return None;
            }
            Side::PlanAndApply => self.plan_and_apply(subject).await,
            Side::Execute => self.lifecycle.execute(&request(subject)).await,
        };
        Some(receipt.unwrap_or_else(|error| panic!("{error}")))
    }

    async fn delete_by_hand(&self, subject: &Subjects) {
        let system = self.database.system();
        let statements = match self.database.keys {
            ForeignKeys::Cascade => subject.native(system),
            ForeignKeys::NoAction => subject.deletes(system),
        };
        self.database.carry_out(&statements, &subject.bound(system)).await;
    }

    async fn plan_and_apply(&self, subject: &Subjects) -> Result<Receipt, Error> {
        let request = request(subject);
        let plan = self.lifecycle.plan(&request).await?;
        self.lifecycle.apply(&request, &plan).await
    }

    /// Checks the number of rows in a receipt.
    fn recorded(&self, client: &str, receipt: &Receipt) -> Deletion {
        let actual: u64 = receipt.steps.iter().map(|step| step.actual).sum();
        assert_eq!(actual, rows::touched(SMALL, &self.size.rows()), "rows of one client");
        Deletion { client: client.to_owned(), operation: receipt.operation }
    }
}

fn report(size: &ParallelSize, [hand, ours, execute]: &[Measured; 3]) {
    let rows = rows::touched(SMALL, &size.rows());
    println!("  {} clients of {rows} rows on each side, in slices of {}", size.clients, size.slice);
    for (what, side) in [("by hand", hand), ("plan + apply", ours), ("execute", execute)] {
        say_percentiles(what, &side.deletions, &side.slices);
        say_share("processor time outside the server", &side.processor, &side.slices);
    }
    let goal = size.goal(GOAL);
    say_ratio_of_sums("plan + apply / by hand", &ours.slices, &hand.slices, goal);
    say_ratio_of_sums("execute / by hand", &execute.slices, &hand.slices, goal);
}
