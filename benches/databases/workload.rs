//! The workloads: W1 deletes one small client, W2 the largest client, W3 two thousand clients at once. W4 only plans
//! the deletion of the largest client.

use std::time::Instant;

use client_lifecycle::{Lifecycle, Store};

use crate::by_hand::Subjects;
use crate::database::{Database, PAGE_CACHE, Took};
use crate::django::Django;
use crate::figures::{Times, say, say_faster, say_ratio};
use crate::policy::{policy, request};
use crate::resident;
use crate::rows::{self, LARGE, MANY, SMALL};
use crate::size::Size;
use crate::tables::{self, ForeignKeys, RELATIONS, System};

/// The measured durations of one workload, by hand and by the library.
#[derive(Default)]
struct Sides {
    hand: [Times; 2],
    ours: [Times; 2],
    counts: Times,
    plan: Times,
    /// Django's deletion and preview, if Django is there.
    django: [Times; 2],
    /// The number of statements of a plan, and of its execution.
    statements: (usize, usize),
    /// The peak memory of a plan and its execution, above the level before them, in kilobytes.
    memory: Option<u64>,
}

/// The goals of a workload, as ratios: plan and apply to hand-written deletion, plan to hand-written counts.
struct Goals {
    whole: f64,
    plan: f64,
}

/// The number of measured previews by Django, which take seconds each.
const PREVIEWS: usize = 3;
/// How many times faster than Django a preview of W2 and its deletion must be.
const DJANGO: [f64; 2] = [30.0, 2.0];

pub(crate) async fn run(database: &Database, size: &Size) {
    let system = database.system();
    match system {
        System::Postgres => println!("\nPostgreSQL, foreign keys {:?}", database.keys),
        System::Sqlite => {
            println!(
                "\nSQLite, a file, WAL, page cache of {PAGE_CACHE} MB, foreign keys {:?}",
                database.keys
            );
        }
    }
    database.run(&tables::tables(system, database.keys)).await;
    database.run(&rows::rows(system, size)).await;
    database.run(&tables::indexes()).await;
    let lifecycle =
        Lifecycle::open(database.store().await, policy()).await.unwrap_or_else(|error| panic!("{error}"));
    if system == System::Postgres {
        let alter = |table| format!("ALTER TABLE {table} SET (autovacuum_enabled = off);\n");
        database.run(&tables::names().map(alter).collect::<String>()).await;
    }
    database.analyze().await;
    println!("  {} rows", all_rows(database).await);
    // Django deletes the rows itself, whatever the foreign keys do, so one of the two kinds of keys is enough.
    let mut django = match database.keys {
        ForeignKeys::Cascade => Django::start(&database.address()),
        ForeignKeys::NoAction => None,
    };
    if let Some(django) = &django {
        println!("  with Django {}", django.version);
    }
    let goals = |name| goals(system, database.keys, name);

    let sides = small(database, &lifecycle, size, &mut django).await;
    report(database, "W1: one client with 91 rows", size, &sides, &goals("W1"));
    let touched = rows::touched(LARGE, size);
    let sides = large(database, &lifecycle, size, &mut django, &format!("cohort = '{LARGE}'"), touched).await;
    report(
        database,
        &format!("W2: one client with {touched} rows; W4: its preview"),
        size,
        &sides,
        &goals("W2"),
    );
    let batch = size.batch;
    let some = format!("id IN (SELECT id FROM clients WHERE cohort = '{MANY}' ORDER BY email LIMIT {batch})");
    let touched = rows::touched(MANY, size) * u64::try_from(batch).unwrap();
    let sides = large(database, &lifecycle, size, &mut None, &some, touched).await;
    report(
        database,
        &format!("W3: {batch} of {} clients at once, {touched} rows", size.clients),
        size,
        &sides,
        &goals("W3"),
    );
    if let Some(django) = django {
        println!("  peak memory of Django: {} KB", django.end());
    }
}

async fn all_rows(database: &Database) -> String {
    let counts: Vec<String> =
        tables::names().map(|table| format!("(SELECT count(*) FROM {table})")).collect();
    database.texts(&format!("SELECT CAST({} AS text)", counts.join(" + "))).await.remove(0)
}

fn goals(system: System, keys: ForeignKeys, workload: &str) -> Goals {
    let whole = match (system, keys, workload) {
        (System::Postgres, ForeignKeys::Cascade, "W1") => 2.0,
        (System::Postgres, ForeignKeys::Cascade, "W2") => 1.25,
        (System::Postgres, ForeignKeys::Cascade, _) => 1.4,
        (System::Postgres, ForeignKeys::NoAction, "W1") => 1.1,
        (System::Postgres, ForeignKeys::NoAction, "W2") => 0.95,
        (System::Postgres, ForeignKeys::NoAction, _) => 1.15,
        (System::Sqlite, _, "W1") => 1.6,
        (System::Sqlite, _, "W2") => 1.2,
        (System::Sqlite, _, _) => 1.0,
    };
    Goals { whole, plan: 1.1 }
}

/// W1. Every round deletes other clients, so no rows have to be restored.
async fn small(
    database: &Database,
    lifecycle: &Lifecycle<Box<dyn Store>>,
    size: &Size,
    django: &mut Option<Django>,
) -> Sides {
    let ids = database.texts(&format!("SELECT CAST(id AS text) FROM clients WHERE cohort = '{SMALL}'")).await;
    let mut sides = Sides::default();
    for (round, three) in ids.chunks_exact(3).enumerate() {
        if round == size.warm_up {
            sides = Sides::default();
        }
        let [hand, ours] = [&three[0], &three[1]].map(|id| Subjects { ids: vec![id.clone()] });
        by_hand(database, &hand, &mut sides).await;
        if let Some(django) = django {
            by_django(django, &three[2], rows::deleted(SMALL, size), &mut sides);
        }
        by_us(database, lifecycle, &ours, rows::touched(SMALL, size), &mut sides).await;
    }
    sides
}

/// W2 and W3. The deleted rows are restored after each deletion, outside the measurement.
async fn large(
    database: &Database,
    lifecycle: &Lifecycle<Box<dyn Store>>,
    size: &Size,
    django: &mut Option<Django>,
    clients: &str,
    touched: u64,
) -> Sides {
    database.run(&rows::keep(clients)).await;
    let ids = database.texts("SELECT CAST(id AS text) FROM keep_clients").await;
    let subjects = Subjects { ids };
    let mut sides = Sides::default();
    for round in 0..=size.large {
        if round == 1 {
            // Discards the first run.
            sides = Sides::default();
        }
        by_hand(database, &subjects, &mut sides).await;
        put_back(database).await;
        by_us(database, lifecycle, &subjects, touched, &mut sides).await;
        put_back(database).await;
        if let Some(django) = django {
            if round <= PREVIEWS {
                sides.django[1].push(django.preview(&subjects.ids[0]).1);
            }
            by_django(django, &subjects.ids[0], rows::deleted(LARGE, size), &mut sides);
            put_back(database).await;
        }
    }
    database.run(&rows::forget()).await;
    sides
}

async fn put_back(database: &Database) {
    database.run(&rows::restore()).await;
    database.tidy().await;
}

async fn by_hand(database: &Database, subjects: &Subjects, sides: &mut Sides) {
    let system = database.system();
    let statements = match database.keys {
        ForeignKeys::Cascade => subjects.native(system),
        ForeignKeys::NoAction => subjects.deletes(system),
    };
    let took = database.carry_out(&statements, &subjects.bound(system)).await;
    sides.hand[0].push(took.before);
    sides.hand[1].push(took.with);
}

fn by_django(django: &mut Django, id: &str, rows: u64, sides: &mut Sides) {
    let (deleted, took) = django.delete(id);
    assert_eq!(deleted, rows, "deleted by Django");
    sides.django[0].push(took);
}

/// Counts the rows by hand, then plans, then applies the plan.
async fn by_us(
    database: &Database,
    lifecycle: &Lifecycle<Box<dyn Store>>,
    subjects: &Subjects,
    touched: u64,
    sides: &mut Sides,
) {
    let system = database.system();
    let (counted, took) = database.count(&subjects.counts(system), &subjects.bound(system)).await;
    assert_eq!(counted, touched, "counted by hand");
    sides.counts.push(took);

    let request = request(subjects);
    resident::forget_peak();
    let held = resident::peak_and_now();
    database.tally.take();
    database.tally.clear_log(false);
    let start = Instant::now();
    let plan = lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{error}"));
    let planned = start.elapsed();
    sides.plan.push(planned);
    let of_plan = database.tally.take();
    let start = Instant::now();
    let receipt = lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error}\n{plan}"));
    let took = Took { with: start.elapsed(), before: database.tally.ready() - start };
    sides.ours[0].push(planned + took.before);
    sides.ours[1].push(planned + took.with);
    sides.statements = (of_plan, database.tally.take());
    sides.memory =
        held.zip(resident::peak_and_now()).map(|((_, before), (peak, _))| peak.saturating_sub(before));
    let actual: u64 = receipt.steps.iter().map(|step| step.actual).sum();
    assert_eq!(actual, touched, "{receipt:?}");
}

fn report(database: &Database, what: &str, size: &Size, sides: &Sides, goals: &Goals) {
    println!("  {what} (median / minimum)");
    say("counts by hand, one statement", &sides.counts);
    say("plan", &sides.plan);
    say("by hand, before COMMIT", &sides.hand[0]);
    say("plan + apply, before COMMIT", &sides.ours[0]);
    say("by hand, with COMMIT", &sides.hand[1]);
    say("plan + apply, with COMMIT", &sides.ours[1]);
    say_ratio("plan / counts by hand", &sides.plan, &sides.counts, size.goal(goals.plan));
    say_ratio(
        "plan + apply / by hand, before COMMIT",
        &sides.ours[0],
        &sides.hand[0],
        size.goal(goals.whole),
    );
    say_ratio("plan + apply / by hand, with COMMIT", &sides.ours[1], &sides.hand[1], size.goal(goals.whole));
    let [deletion, preview] = &sides.django;
    if !deletion.is_empty() {
        say("Django: deletion, with COMMIT", deletion);
        let goal = size.goal(DJANGO[1]).filter(|_| !preview.is_empty());
        say_faster("Django's deletion / plan + apply", deletion, &sides.ours[1], goal);
    }
    if !preview.is_empty() {
        say("Django: preview", preview);
        say_faster("Django's preview / plan", preview, &sides.plan, size.goal(DJANGO[0]));
    }
    database.tally.clear_log(size.trace);
    let (plan, apply) = sides.statements;
    // One statement for each relation, one for each of the two deleted kinds that other kinds refer to, and six more.
    let most = RELATIONS.len() + 2 + 6;
    println!("    statements: plan {plan} (goal 1), apply {apply} (goal ≤ {most})");
    if let Some(memory) = sides.memory {
        println!("    peak memory above the level before: {memory} KB");
    }
}
