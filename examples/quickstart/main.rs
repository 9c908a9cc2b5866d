//! A clinic deletes a client: the complete workflow in one run, on a SQLite file that the example creates.
//!
//! ```text
//! cargo run --example quickstart --features sqlite
//! ```
//!
//! `policy.rs` has the clinic's decisions, `clinic.sql` its tables. The code below does what a service would do.
#![allow(clippy::print_stdout, reason = "the output is the purpose of this example")]

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

use clinic::{ADMINISTRATOR, DIEGO, LUCIA, SOFIA};

pub(crate) type Failure = Box<dyn Error>;

/// The clock is fixed, so every run prints the same text.
const TODAY: &str = "2026-11-20T10:00:00Z";

#[allow(clippy::too_many_lines, reason = "it is one workflow, read from top to bottom")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let file = clinic::file()?;
    let pool = clinic::create(&file).await?;
    let store = SqliteStore::new(pool.clone()).migrate().await?;
    let lifecycle =
        Lifecycle::open(store, policy::policy()?).await?.with_clock(TODAY.parse::<DateTime<Utc>>()?);
    let before = clinic::rows(&pool).await?;
    println!(
        "A clinic with {} clients, in {}\n(a demonstration: the clock is fixed at {TODAY}, and all people are fictitious)",
        before.of("clients"),
        file.display()
    );

    show::title(1, "Sofía cannot be deleted yet: what blocks her deletion, and what to do first");
    let sofia = privacy_request(SOFIA, 1);
    let plan = lifecycle.plan(&sofia).await?;
    show::obstacles(&plan);
    println!();
    show::refusal("ana tries anyway", &lifecycle.apply(&sofia, &plan).await);

    show::title(2, "Requests without permission, and records that are not clients");
    let by_eva = privacy_request(DIEGO, 2).by(Actor::new("eva", "RECEPTION"));
    show::refusal("eva, who is not an ADMIN, tries to delete Diego", &lifecycle.execute(&by_eva).await);
    let administrator = privacy_request(ADMINISTRATOR, 3);
    show::refusal(
        "ana tries to delete an administrator, who is not a client and therefore not found",
        &lifecycle.execute(&administrator).await,
    );

    show::title(3, "Diego can be deleted: what is deleted, what stays, why, and until when");
    let diego = privacy_request(DIEGO, 4);
    let plan = lifecycle.plan(&diego).await?;
    println!("{plan}");

    show::title(4, "ana confirms exactly this plan: the receipt");
    let sales = clinic::sales_of(&pool, DIEGO).await?;
    let bookings = clinic::bookings_of(&pool, DIEGO).await?;
    let bookings_before = clinic::bookings(&pool, &bookings).await?;
    let receipt = lifecycle.apply(&diego, &plan).await?;
    println!("{receipt}");

    show::title(5, "The database, in plain SQL");
    let after = clinic::rows(&pool).await?;
    show::rows(&before, &after);
    println!("\nrows of the clinic's tables with Diego's id: {}", clinic::rows_with(&pool, DIEGO).await?);
    println!("dangling references: {}", clinic::dangling(&pool).await?);
    println!("of Diego's {} sales, the sales of the last six years remain, without his id:", sales.len());
    for sale in clinic::sales(&pool, &sales).await? {
        println!("  {sale}");
    }

    println!("Diego's bookings before:");
    for booking in bookings_before {
        println!("  {booking}");
    }
    println!("Diego's bookings after:");
    for booking in clinic::bookings(&pool, &bookings).await? {
        println!("  {booking}");
    }

    show::title(6, "Every attempt is recorded, and other systems get events");
    for client in [SOFIA, ADMINISTRATOR, DIEGO] {
        show::attempts(&lifecycle.store().audit(&"clients".into(), &client.into()).await?);
    }
    let events = lifecycle.store().events(receipt.operation).await?;
    println!("\nin the outbox, written in the transaction of the deletion:");
    show::events(&events)?;

    show::title(7, "Repeating the operation changes nothing");
    let again = lifecycle.apply(&diego, &plan).await?;
    let untouched =
        clinic::rows(&pool).await? == after && lifecycle.store().events(receipt.operation).await? == events;
    println!("the same receipt: {}", show::yes(again == receipt));
    println!("the same rows, and no second event: {}", show::yes(untouched));

    show::title(8, "Lucía was marked as deleted by mistake: she comes back");
    let marked = Request::soft_delete("clients", LUCIA).by(Actor::new("ana", "ADMIN"));
    lifecycle.execute(&marked.operation(Uuid::from_u128(8))).await?;
    let back =
        Request::restore("clients", LUCIA).by(Actor::new("ana", "ADMIN")).operation(Uuid::from_u128(9));
    let plan = lifecycle.plan(&back).await?;
    lifecycle.apply(&back, &plan).await?;
    show::restored(&plan);
    show::refusal(
        "ana tries to restore her again",
        &lifecycle.execute(&back.operation(Uuid::from_u128(10))).await,
    );

    let document = file.with_extension("json");
    fs::write(&document, serde_json::to_string_pretty(lifecycle.policy())?)?;
    println!("\nThe policy (examples/quickstart/policy.rs) as a document:");
    println!("{}", document.display());
    Ok(())
}

/// Makes the request of a client who asked to be forgotten; ana, an administrator, handles it. The operation id is
/// made from `number`. A service would use the id that the caller sent, so a repeated request is carried out once.
fn privacy_request(client: &str, number: u128) -> Request {
    Request::hard_delete("clients", client)
        .by(Actor::new("ana", "ADMIN"))
        .with_reason(Reason::PrivacyRequest)
        .operation(Uuid::from_u128(number))
}
