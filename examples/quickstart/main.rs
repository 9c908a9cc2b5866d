//! A clinic deletes a client: the whole story in one run, on a SQLite file that it makes.
//!
//! ```text
//! cargo run --example quickstart --features sqlite
//! ```
//!
//! `policy.rs` is what the clinic has decided, `clinic.sql` its tables. What follows is what a service would do.
#![allow(clippy::print_stdout, reason = "the output is what this example is for")]

mod clinic;
mod policy;
mod show;

use std::error::Error;
use std::fs;

use chrono::{DateTime, Utc};
use client_lifecycle::domain::{Actor, Reason};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::{Lifecycle, Request};
use uuid::Uuid;

use clinic::{ADMINISTRATOR, DIEGO, SOFIA};

pub(crate) type Failure = Box<dyn Error>;

/// The clock of the story stands still, so that every run tells the same one.
const TODAY: &str = "2026-11-20T10:00:00Z";

#[allow(clippy::too_many_lines, reason = "it is one story, read from top to bottom")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let file = clinic::file()?;
    let pool = clinic::create(&file).await?;
    let store = SqliteStore::new(pool.clone()).migrate().await?;
    let lifecycle =
        Lifecycle::open(store, policy::policy()?).await?.with_clock(TODAY.parse::<DateTime<Utc>>()?);
    let before = clinic::rows(&pool).await?;
    println!(
        "A clinic with {} clients, in {}\n(a demonstration: the clock stands at {TODAY}, and all people are made up)",
        before.of("clients"),
        file.display()
    );

    show::title(1, "Sofía cannot go yet: what stops it, and what to do first");
    let sofia = privacy_request(SOFIA, 1);
    let plan = lifecycle.plan(&sofia).await?;
    show::obstacles(&plan);
    println!();
    show::refusal("ana tries all the same", &lifecycle.apply(&sofia, &plan).await);

    show::title(2, "Who may not, and whom nobody deletes as a client");
    let by_eva = privacy_request(DIEGO, 2).by(Actor::new("eva", "RECEPTION"));
    show::refusal("eva, who is not an ADMIN, tries Diego", &lifecycle.execute(&by_eva).await);
    let administrator = privacy_request(ADMINISTRATOR, 3);
    show::refusal(
        "ana tries an administrator, who is no client and so is not there for this policy",
        &lifecycle.execute(&administrator).await,
    );

    show::title(3, "Diego can go: what goes, what stays, why, and until when");
    let diego = privacy_request(DIEGO, 4);
    let plan = lifecycle.plan(&diego).await?;
    println!("{plan}");

    show::title(4, "ana confirms exactly this plan: the receipt");
    let sales = clinic::sales_of(&pool, DIEGO).await?;
    let bookings = clinic::bookings_of(&pool, DIEGO).await?;
    let bookings_before = clinic::bookings(&pool, &bookings).await?;
    let receipt = lifecycle.apply(&diego, &plan).await?;
    println!("{receipt}");

    show::title(5, "What the database itself says, in plain SQL");
    let after = clinic::rows(&pool).await?;
    show::rows(&before, &after);
    println!("\nrows of the clinic's tables with Diego's id: {}", clinic::rows_with(&pool, DIEGO).await?);
    println!("references that lead nowhere: {}", clinic::dangling(&pool).await?);
    println!("of his {} sales, those of the last six years are still there, without him:", sales.len());
    for sale in clinic::sales(&pool, &sales).await? {
        println!("  {sale}");
    }

    println!("and of his bookings, before:");
    for booking in bookings_before {
        println!("  {booking}");
    }
    println!("after:");
    for booking in clinic::bookings(&pool, &bookings).await? {
        println!("  {booking}");
    }

    show::title(6, "Every attempt is on record, and other systems will be told");
    for client in [SOFIA, ADMINISTRATOR, DIEGO] {
        show::attempts(&lifecycle.store().audit(&"clients".into(), &client.into()).await?);
    }
    let events = lifecycle.store().events(receipt.operation).await?;
    println!("\nin the outbox, written together with the deletion:");
    show::events(&events)?;

    show::title(7, "The same operation once more changes nothing");
    let again = lifecycle.apply(&diego, &plan).await?;
    let untouched =
        clinic::rows(&pool).await? == after && lifecycle.store().events(receipt.operation).await? == events;
    println!("the same receipt: {}", show::yes(again == receipt));
    println!("the same rows, and no event twice: {}", show::yes(untouched));

    let document = file.with_extension("json");
    fs::write(&document, serde_json::to_string_pretty(lifecycle.policy())?)?;
    println!("\nWhat decided all this is examples/quickstart/policy.rs, as a document:");
    println!("{}", document.display());
    Ok(())
}

/// A person has asked to be forgotten, and ana, an administrator, sees to it. The number makes the id of the
/// operation; a service takes the one that came with the request, so that a repeated request is done once.
fn privacy_request(client: &str, number: u128) -> Request {
    Request::hard_delete("clients", client)
        .by(Actor::new("ana", "ADMIN"))
        .with_reason(Reason::PrivacyRequest)
        .operation(Uuid::from_u128(number))
}
