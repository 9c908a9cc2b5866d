//! Sets that refer to each other.

use client_lifecycle::domain::{eq, is_null};
use client_lifecycle::protocol::{Branch, RankCase, Ranks, Rows, SetId, Source, Stratum};
use client_lifecycle::store::Store;

use crate::world::*;

const MAP: &str = r#"{"kinds": {"people": {"fields": {"word": "text", "n": "integer"}}, "teams": {}},
    "references": [{"from": "people.boss", "to": "people", "nullable": true}, {"from": "people.team", "to": "teams", "nullable": true},
                   {"from": "teams.lead", "to": "people", "nullable": true}]}"#;
const DDL: &str = "
    CREATE TABLE people (id INTEGER PRIMARY KEY, boss INTEGER, team TEXT, word TEXT, n);
    CREATE TABLE teams (id TEXT PRIMARY KEY, lead INTEGER);
    CREATE INDEX people_boss ON people (boss);
    INSERT INTO people VALUES (1, 3, NULL, 'x', 1), (2, 1, NULL, 'stop', 1), (3, 2, NULL, 'x', 1), (4, 1, 'red', 'x', 1),
        (5, 4, NULL, 'x', 1), (6, NULL, 'blue', 'x', 1), (7, NULL, NULL, 'x', 1);
    INSERT INTO teams VALUES ('blue', 4), ('red', 6), ('green', 7);";

fn refer(reference: &str, of: Rows, cases: impl IntoIterator<Item = RankCase>) -> Branch {
    branch(Source::Referrers { reference: reference.into(), of }, cases)
}

async fn counts(world: &World, sets: Vec<Stratum>, asked: &[Rows]) -> Vec<u64> {
    let mut query = query(&map(MAP), "people", 1, [], asked.iter().map(|rows| count(*rows)));
    query.sets = sets.into();
    let survey = world.store.survey(&query).await.unwrap();
    survey.answers.iter().map(|answer| answer.count).collect()
}

#[tokio::test]
async fn a_self_reference_is_followed_to_its_end_also_in_a_circle() {
    let world = World::new(DDL).await;
    let cycle = Stratum::Cycle(vec![set(0, "people", [subjects(), below("people.boss", 0)])]);
    assert_eq!(counts(&world, vec![cycle], &[all(0)]).await, [5]);
}

#[tokio::test]
async fn kinds_that_refer_to_each_other_are_walked_together() {
    let world = World::new(DDL).await;
    let cycle = Stratum::Cycle(vec![
        set(0, "people", [subjects(), below("people.boss", 0), below("people.team", 1)]),
        set(1, "teams", [below("teams.lead", 0)]),
    ]);
    assert_eq!(counts(&world, vec![cycle], &[all(0), all(1)]).await, [6, 2]);
}

#[tokio::test]
async fn a_row_is_followed_with_every_rank_and_keeps_the_lowest() {
    let world = World::new(DDL).await;
    let at = |rank, to| RankCase { below: Ranks::only(rank), when: None, rank: Some(to) };
    let stop = RankCase { below: Ranks::ALL, when: Some(eq("word", "stop")), rank: None };
    let start = branch(Source::Subjects, [RankCase::always(2)]);
    let cycle = Stratum::Cycle(vec![set(
        0,
        "people",
        [start.clone(), refer("people.boss", all(0), [stop, at(2, 1), at(1, 3)])],
    )]);
    assert_eq!(
        counts(&world, vec![cycle], &[all(0), ranked(0, 1), ranked(0, 2), ranked(0, 3)]).await,
        [3, 1, 1, 1]
    );
    // Each person in the circle 1 -> 2 -> 3 -> 1 is found first with rank 2 and then with rank 1.
    let lower = Stratum::Cycle(vec![set(
        0,
        "people",
        [
            start,
            refer("people.boss", all(0), [at(2, 2), at(1, 1)]),
            refer(
                "people.boss",
                ranked(0, 2),
                [RankCase { below: Ranks::ALL, when: Some(eq("word", "stop")), rank: Some(1) }],
            ),
        ],
    )]);
    assert_eq!(counts(&world, vec![lower], &[ranked(0, 1), ranked(0, 2)]).await, [5, 0]);
}

#[tokio::test]
async fn a_cycle_reads_earlier_sets_and_later_sets_read_the_cycle() {
    let world = World::new(DDL).await;
    let kept = set(1, "people", [branch(Source::Ids(vec![4.into()]), [RankCase::always(0)])]);
    let mut walk = below("people.boss", 2);
    walk.except = vec![all(1)];
    let cycle = set(2, "people", [branch(Source::Members(all(0)), [RankCase::always(0)]), walk]);
    let sets = vec![
        Stratum::Set(set(0, "people", [subjects()])),
        Stratum::Set(kept),
        Stratum::Cycle(vec![cycle]),
        Stratum::Set(set(3, "people", [below("people.boss", 2)])),
        Stratum::Set(set(
            4,
            "people",
            [branch(
                Source::ReferencedBy { reference: "people.boss".into(), of: all(3) },
                [RankCase::always(0)],
            )],
        )),
    ];
    assert_eq!(counts(&world, sets, &[all(2), all(3), all(4)]).await, [3, 4, 3]);
}

#[tokio::test]
async fn a_cycle_without_an_entry_is_empty() {
    let world = World::new(DDL).await;
    let cycle = Stratum::Cycle(vec![set(0, "people", [below("people.boss", 0)])]);
    assert_eq!(counts(&world, vec![cycle], &[all(0)]).await, [0]);
}

#[tokio::test]
async fn members_and_referents_are_sources_inside_a_cycle() {
    let world = World::new(DDL).await;
    let up =
        branch(Source::ReferencedBy { reference: "people.boss".into(), of: all(0) }, [RankCase::always(0)]);
    let copy = branch(Source::Members(all(0)), [when(eq("word", "stop"), 0)]);
    let cycle = Stratum::Cycle(vec![
        set(0, "people", [branch(Source::Ids(vec![5.into()]), [RankCase::always(0)]), up]),
        set(1, "people", [copy]),
    ]);
    assert_eq!(counts(&world, vec![cycle], &[all(0), all(1)]).await, [5, 1]);
}

#[tokio::test]
async fn a_malformed_value_in_a_cycle_is_named() {
    let world = World::new(DDL).await;
    world.run("UPDATE people SET n = 'many' WHERE id = 4").await;
    let walk = refer("people.boss", all(0), [when(eq("n", 1), 0), when(is_null("n"), 1)]);
    let mut query = query(&map(MAP), "people", 1, [], [count(Rows::all(SetId(0)))]);
    query.sets = [Stratum::Cycle(vec![set(0, "people", [subjects(), walk])])].into_iter().collect();
    let found = world.store.survey(&query).await.unwrap_err();
    assert_eq!(found.to_string(), "`people` `4`: the value of `n` is not of type integer");
}
