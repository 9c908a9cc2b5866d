//! Races on clients: claims to e-mail addresses, changes of status, and deletions during updates and reassignments. No
//! update is lost, callers see no deadlock, and every result is documented.

use std::sync::Arc;
use std::time::Duration;

use client_lifecycle::Lifecycle;
use client_lifecycle::clients::{Client, ClientPatch, NewClient};
use client_lifecycle::domain::{Actor, Request, Status};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::Refusal;
use client_lifecycle::postgres::PostgresStore;
use serde_json::json;
use uuid::Uuid;

use crate::clients_on_postgres::{TABLES, document};
use crate::races::rounds;
use crate::world::World;

const UNIQUE: &str = "CREATE UNIQUE INDEX ON clients (lower(email))";

type Shared = Arc<Lifecycle<PostgresStore>>;

async fn world(more: &str) -> Option<(World, Shared)> {
    let world = World::new(&format!("{TABLES} {more}"), &document()).await?;
    let lifecycle = Arc::new(world.lifecycle().await);
    Some((world, lifecycle))
}

fn ana() -> Actor {
    Actor::new("ana", "ADMIN")
}

/// Runs two calls that start within a few milliseconds of each other, and returns both results. In every third round,
/// one call finishes before the other starts. This covers both orders even on a busy machine.
async fn beside<A: Send + 'static, B: Send + 'static>(
    round: u128,
    a: impl Future<Output = A> + Send + 'static,
    b: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let late = match round % 6 {
        2 | 5 => Duration::from_millis(150),
        _ => Duration::from_micros(u64::try_from(round * 4_397 % 9_000).unwrap()),
    };
    let (first, second) =
        if round.is_multiple_of(2) { (Duration::ZERO, late) } else { (late, Duration::ZERO) };
    let a = tokio::spawn(async move {
        tokio::time::sleep(first).await;
        a.await
    });
    let b = tokio::spawn(async move {
        tokio::time::sleep(second).await;
        b.await
    });
    (a.await.unwrap(), b.await.unwrap())
}

fn update(
    lifecycle: &Shared,
    id: Uuid,
    patch: ClientPatch,
) -> impl Future<Output = Result<Client, Error>> + use<> {
    let lifecycle = lifecycle.clone();
    async move { lifecycle.clients().unwrap().update(&Request::update("clients", id).by(ana()), &patch).await }
}

fn create(lifecycle: &Shared, email: &str) -> impl Future<Output = Result<Client, Error>> + use<> {
    let lifecycle = lifecycle.clone();
    let new = NewClient::from_json(&json!({
        "email": email, "name": "Diego", "surname": "Ruiz", "phone": "+34600000000",
        "birth_date": "1985-02-28", "document_type": "NIE", "document_number": "X1234567L"
    }));
    let new = new.unwrap();
    async move { lifecycle.clients().unwrap().create(&Request::create("clients").by(ana()), new).await }
}

fn id(round: u128, which: u128) -> Uuid {
    Uuid::from_u128(0x4000_8000_0000_0000_0000 + round * 16 + which)
}

async fn insert(world: &World, id: Uuid, email: &str) {
    world.run(&format!("INSERT INTO clients (user_id, email) VALUES ('{id}', '{email}')")).await;
}

async fn audited(world: &World, id: Uuid) -> i64 {
    world.number(&format!("SELECT count(*) FROM lifecycle_audit WHERE record = '{id}'")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_update_of_the_email_comes_before_the_deletion_or_finds_no_client() {
    let Some((world, lifecycle)) = world(UNIQUE).await else { return };
    let (mut before, mut after) = (0, 0);
    for round in 0..rounds() {
        let client = id(round, 0);
        insert(&world, client, &format!("old{round}@example.org")).await;
        let deleting = {
            let lifecycle = lifecycle.clone();
            async move { lifecycle.execute(&Request::hard_delete("clients", client).by(ana())).await }
        };
        let patch = ClientPatch::new().with_email(format!("new{round}@example.org"));
        let (deleted, updated) = beside(round, deleting, update(&lifecycle, client, patch)).await;
        deleted.unwrap_or_else(|error| panic!("{error:?}"));
        match updated {
            Ok(client) => {
                assert_eq!(client.email(), format!("new{round}@example.org"));
                before += 1;
            }
            Err(Error::Refused(Refusal::NotFound { .. })) => after += 1,
            Err(error) => panic!("no answer of the contract: {error:?}"),
        }
        assert_eq!(audited(&world, client).await, 2, "each attempt once");
    }
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 0);
    assert!(before > 0 && after > 0, "both orders were seen: {before}, {after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_during_a_reassignment_moves_the_debts_or_deletes_them() {
    let Some((world, lifecycle)) = world("").await else { return };
    moved_or_deleted(&world, &lifecycle).await;
    // Without a foreign key, the library takes the same lock that it requires of other writers.
    world.run("ALTER TABLE debts DROP CONSTRAINT debts_client_id_fkey; DELETE FROM clients").await;
    moved_or_deleted(&world, &lifecycle).await;
    let orphans = "SELECT count(*) FROM debts WHERE client_id NOT IN (SELECT user_id FROM clients)";
    assert_eq!(world.number(orphans).await, 0);
}

async fn moved_or_deleted(world: &World, lifecycle: &Shared) {
    world.run("DELETE FROM debts; DELETE FROM clients; DELETE FROM lifecycle_audit").await;
    for round in 0..rounds() {
        let (from, to) = (id(round, 0), id(round, 1));
        insert(world, from, "from").await;
        insert(world, to, "to").await;
        world.run(&format!("INSERT INTO debts (client_id) VALUES ('{from}'), ('{from}')")).await;
        let moving = {
            let lifecycle = lifecycle.clone();
            let request = Request::reassigning("clients", from).reassign("debts.client_id", to).by(ana());
            async move { lifecycle.execute(&request).await }
        };
        // The deleted client is the source in some rounds, and the target in others.
        let goes = if round % 4 < 2 { from } else { to };
        let deleting = {
            let lifecycle = lifecycle.clone();
            async move { lifecycle.execute(&Request::hard_delete("clients", goes).by(ana())).await }
        };
        let (moved, deleted) = beside(round, moving, deleting).await;
        deleted.unwrap_or_else(|error| panic!("{error:?}"));
        let debts = async |client| {
            world.number(&format!("SELECT count(*) FROM debts WHERE client_id = '{client}'")).await
        };
        let found = (debts(from).await, debts(to).await);
        let expected = match moved {
            // The target was deleted after the debts had moved to it, so the debts were deleted too.
            Ok(_) if goes == to => (0, 0),
            Ok(_) => (0, 2),
            Err(Error::Refused(Refusal::NotFound { .. })) if goes == from => (0, 0),
            Err(Error::Blocked(_)) if goes == to => (2, 0),
            Err(error) => panic!("no answer of the contract: {error:?}"),
        };
        assert_eq!(found, expected, "round {round}");
        assert_eq!(audited(world, from).await + audited(world, to).await, 2, "each attempt once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_two_deactivations_writes_and_the_other_finds_it_done() {
    let Some((world, lifecycle)) = world("").await else { return };
    for round in 0..rounds() {
        let client = id(round, 0);
        insert(&world, client, "x").await;
        let deactivate = || {
            let lifecycle = lifecycle.clone();
            async move {
                lifecycle
                    .clients()
                    .unwrap()
                    .set_status(&Request::deactivate("clients", client).by(ana()))
                    .await
            }
        };
        let (a, b) = beside(round, deactivate(), deactivate()).await;
        for result in [a, b] {
            assert_eq!(result.unwrap_or_else(|error| panic!("{error:?}")).status(), Status::Off);
        }
        let row = format!("SELECT status || version FROM clients WHERE user_id = '{client}'");
        assert_eq!(world.text(&row).await, "OFF2", "written once");
        assert_eq!(audited(&world, client).await, 2, "each attempt once");
        let events = format!("SELECT count(*) FROM lifecycle_outbox WHERE record = '{client}'");
        assert_eq!(world.number(&events).await, 1, "one event");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_concurrent_updates_of_one_client_are_both_kept() {
    let Some((world, lifecycle)) = world("").await else { return };
    for round in 0..rounds() {
        let client = id(round, 0);
        insert(&world, client, &format!("a{round}@example.org")).await;
        let one = ClientPatch::new().with_city("Madrid");
        let other = match round % 4 {
            0 | 1 => ClientPatch::new().with_status(Status::Off).with_name("Ana"),
            _ => ClientPatch::new().with_email(format!("b{round}@example.org")).with_name("Ana"),
        };
        let (one, other) =
            beside(round, update(&lifecycle, client, one), update(&lifecycle, client, other)).await;
        one.unwrap_or_else(|error| panic!("{error:?}"));
        other.unwrap_or_else(|error| panic!("{error:?}"));
        let row = format!("SELECT city || name || version FROM clients WHERE user_id = '{client}'");
        assert_eq!(world.text(&row).await, "MadridAna3", "neither is lost");
        assert_eq!(audited(&world, client).await, 2);
    }
}

/// Tests the claim with and without a unique index.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_two_claims_to_an_address_succeeds() {
    for index in ["", UNIQUE] {
        let Some((world, lifecycle)) = world(index).await else { return };
        for round in 0..rounds() {
            let wanted = format!("wanted{round}@example.org");
            let (a, b) = (id(round, 0), id(round, 1));
            insert(&world, a, &format!("a{round}@example.org")).await;
            insert(&world, b, &format!("b{round}@example.org")).await;
            let patch = |email: &str| ClientPatch::new().with_email(email.to_owned());
            let (one, other) = match round % 6 {
                0 | 1 => {
                    let (one, other) = (patch(&wanted), patch(&wanted.to_uppercase()));
                    beside(round, update(&lifecycle, a, one), update(&lifecycle, b, other)).await
                }
                2 | 3 => {
                    beside(round, update(&lifecycle, a, patch(&wanted)), create(&lifecycle, &wanted)).await
                }
                _ => beside(round, create(&lifecycle, &wanted), create(&lifecycle, &wanted)).await,
            };
            let (got, other) = if one.is_ok() { (one, other) } else { (other, one) };
            assert_eq!(got.unwrap_or_else(|error| panic!("{error:?}")).email().to_lowercase(), wanted);
            assert!(matches!(other, Err(Error::NotUnique { .. })), "round {round}: {other:?}");
            let holders = format!("SELECT count(*) FROM clients WHERE lower(email) = '{wanted}'");
            assert_eq!(world.number(&holders).await, 1);
        }
    }
}

/// Client `a` claims the address of `b`. At the same time, `b` claims the address of `a`, or a free address.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exchanged_addresses_are_never_shared() {
    let Some((world, lifecycle)) = world("").await else { return };
    for round in 0..rounds() {
        let (a, b) = (id(round, 0), id(round, 1));
        let emails = [0, 1, 2].map(|which| format!("{which}.{round}@example.org"));
        insert(&world, a, &emails[0]).await;
        insert(&world, b, &emails[1]).await;
        let patch = |email: &String| ClientPatch::new().with_email(email.clone());
        // If `b` claims the address of `a`, both updates fail. If `b` claims a free address, `a` fails only if it
        // comes first.
        let wanted = if round % 4 < 2 { &emails[0] } else { &emails[2] };
        let (one, other) =
            beside(round, update(&lifecycle, a, patch(&emails[1])), update(&lifecycle, b, patch(wanted)))
                .await;
        for result in [&one, &other] {
            assert!(matches!(result, Ok(_) | Err(Error::NotUnique { .. })), "round {round}: {result:?}");
        }
        if round % 4 >= 2 {
            other.unwrap();
        } else {
            assert!(one.is_err() && other.is_err(), "neither address was free");
        }
        let held =
            format!("SELECT count(DISTINCT lower(email)) FROM clients WHERE user_id IN ('{a}', '{b}')");
        assert_eq!(world.number(&held).await, 2);
    }
}
