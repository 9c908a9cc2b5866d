//! The endpoints of four systems as one service: axum on SQLite or PostgreSQL.
//!
//! ```text
//! cargo run --features sqlite,postgres --example rest_api -- --demo --store sqlite:/tmp/demo.db
//! ```
//!
//! `--demo` fills an empty database and prints one line of JSON with the address of the service, credentials, and ids
//! to try. `GET /openapi.json` describes every endpoint. `--store postgres://…` uses a PostgreSQL database and the
//! first schema of its search path; add `?options=-csearch_path%3Dclinic` to use another schema.

mod answer;
mod asked;
mod body;
mod caller;
mod client_deletion;
mod clients;
mod customers;
mod database;
mod demo;
mod fallback;
mod health;
mod hs256;
mod id;
mod options;
mod parameters;
mod policies;
mod postgres;
mod routes;
mod service;
mod session;
mod shapes;
mod sqlite;
mod stop;
mod token;
mod unions;
mod unique_keys;
mod users;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;

use database::Database;
use options::Options;
use service::Service;
use stop::Stop;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(message) => {
            let _ = message.print();
            return ExitCode::from(if message.use_stderr() { 2 } else { 0 });
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            answer::log("the service cannot run", &*error);
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    // Listen before the service starts, so a signal during the start also stops it.
    let stop = Stop::listen()?;
    let database = Database::open(&options.store).await?;
    let service = Service::open(database, &options.secret(), options.environment()).await?;
    let listener = TcpListener::bind(&options.listen).await?;
    if options.demo {
        demo::show(&service, listener.local_addr()?).await?;
    } else {
        answer::say(&format!("listening on {}", listener.local_addr()?));
    }
    let app = routes::router(service).into_make_service_with_connect_info::<SocketAddr>();
    let serve = axum::serve(listener, app).with_graceful_shutdown(stop.asked());
    stop.in_time(serve.into_future()).await?;
    Ok(())
}
