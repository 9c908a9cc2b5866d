//! The growth table: how the duration of a plan and of its execution grows with one size.
//!
//! Each shape is measured at four sizes, with little memory and with more, and with outdated statistics. Every
//! execution is rolled back. The exponent is the slope of the least-squares line through the logarithms: 1 is linear.

mod fit;
mod place;
mod shapes;
mod world;

use std::time::{Duration, Instant};

use fit::Growth;
use place::Place;
use shapes::{SHAPES, Shape};
use world::World;

use crate::figures::Times;
use crate::tables::System;

/// Rounds are repeated until they have taken this long, or until there are [`ROUNDS`].
const ENOUGH: Duration = Duration::from_millis(700);
const ROUNDS: usize = 5;
/// No larger size is measured after a round that took longer than this.
const TOO_LONG: Duration = Duration::from_secs(15);

/// When the tables were analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Analysed {
    Never,
    /// Before the first row was inserted.
    Empty,
    /// After the first ten rows were inserted.
    Early,
    /// After all rows were inserted.
    Last,
}

/// The durations of one combination of a setting and statistics, by size.
struct Line {
    setting: usize,
    analysed: Analysed,
    plan: Growth,
    apply: Growth,
    /// Why larger sizes were not measured.
    ended: Option<String>,
}

pub(crate) async fn postgres(is_test: bool, only: &[&str]) {
    if let Some(place) = Place::postgres().await {
        run(place, is_test, only).await;
    }
}

pub(crate) async fn sqlite(is_test: bool, only: &[&str]) {
    run(Place::sqlite().await, is_test, only).await;
}

async fn run(place: Place, is_test: bool, only: &[&str]) {
    println!("\ngrowth on {:?}: medians in ms", place.system());
    place.migrate().await;
    let meant = |shape: &&Shape| only.is_empty() || only.iter().any(|name| shape.name.contains(name));
    let sizes = |shape: &Shape| if is_test { shape.tiny.to_vec() } else { shape.sizes.to_vec() };
    let all = SHAPES.iter().filter(meant).map(|shape| (shape, sizes(shape)));
    let all: Vec<(&Shape, Vec<usize>)> = all.collect();
    let worlds = all.iter().flat_map(|(shape, sizes)| sizes.iter().map(|size| (shape.world)(*size)));
    place.run(&series(worlds.map(|world| world.longest()).max().unwrap_or(1))).await;
    for (shape, sizes) in all {
        grow(&place, shape, &sizes, !is_test).await;
    }
    place.close().await;
}

fn series(longest: usize) -> String {
    format!(
        "CREATE TABLE series (i integer PRIMARY KEY);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {longest})
             INSERT INTO series SELECT i FROM n;
         ANALYZE series;"
    )
}

async fn grow(place: &Place, shape: &Shape, sizes: &[usize], has_goal: bool) {
    let start = Instant::now();
    let line = |(setting, analysed)| Line {
        setting,
        analysed,
        plan: Growth::default(),
        apply: Growth::default(),
        ended: None,
    };
    let combinations = [
        (0, Analysed::Never),
        (1, Analysed::Empty),
        (0, Analysed::Early),
        (0, Analysed::Last),
        (1, Analysed::Last),
    ];
    let mut lines = combinations.map(line);
    for size in sizes {
        let world = (shape.world)(*size);
        for analysed in [Analysed::Never, Analysed::Empty, Analysed::Early] {
            place.run(&world.ddl(place.system())).await;
            let first = if analysed == Analysed::Early { 10 } else { 0 };
            place.run(&world.fill(1..=first)).await;
            if analysed != Analysed::Never {
                place.run(&analyze(place.system(), &world)).await;
            }
            place.run(&world.fill(first + 1..=usize::MAX)).await;
            for line in lines.iter_mut().filter(|line| line.analysed == analysed) {
                measure(place, &world, *size, line).await;
            }
            if analysed == Analysed::Early {
                place.run(&analyze(place.system(), &world)).await;
                for line in lines.iter_mut().filter(|line| line.analysed == Analysed::Last) {
                    measure(place, &world, *size, line).await;
                }
            }
            place.run(&drop(place.system(), &world)).await;
        }
    }
    let shown: String = sizes.iter().map(|size| format!(" {size:>9}")).collect();
    println!("  {:<46}{shown}   {} ({:.1} s)", shape.name, shape.unit, start.elapsed().as_secs_f64());
    for line in lines {
        let analysed = match line.analysed {
            Analysed::Never => ", never analysed",
            Analysed::Empty => ", analysed empty",
            Analysed::Early => ", analysed at ten rows",
            Analysed::Last => "",
        };
        let setting = format!("{}{analysed}", place.settings()[line.setting]);
        line.plan.say(&format!("plan, {setting}"), has_goal, line.ended.as_deref());
        line.apply.say(&format!("apply, {setting}"), has_goal, line.ended.as_deref());
    }
}

/// Returns the statements that read the statistics of the tables.
fn analyze(system: System, world: &World) -> String {
    match system {
        System::Postgres => world.names().map(|name| format!("ANALYZE {name};\n")).collect(),
        System::Sqlite => "ANALYZE".into(),
    }
}

fn drop(system: System, world: &World) -> String {
    let mut sql: String = world.names().rev().map(|name| format!("DROP TABLE {name};\n")).collect();
    if system == System::Sqlite {
        sql.push_str("PRAGMA wal_checkpoint(TRUNCATE);\n");
    }
    sql
}

async fn measure(place: &Place, world: &World, size: usize, line: &mut Line) {
    if line.ended.is_some() {
        return;
    }
    let opened = place.open(line.setting, world.policy()).await;
    let request = world.request();
    let (mut plan, mut apply) = (Times::default(), Times::default());
    let (mut rounds, mut spent) = (0, Duration::ZERO);
    while rounds < ROUNDS && spent < ENOUGH {
        let took = match opened.round(&request).await {
            Ok(took) => took,
            Err(error) => {
                line.ended = Some(format!("{size}: {error}"));
                return;
            }
        };
        rounds += 1;
        spent += took.plan + took.apply;
        plan.push(took.plan);
        apply.push(took.apply);
        if took.plan + took.apply > TOO_LONG {
            line.ended = Some(format!("{size} took {:.0} s", (took.plan + took.apply).as_secs_f64()));
        }
    }
    line.plan.push(size, plan.median());
    line.apply.push(size, apply.median());
}
