//! The use cases of clients, on every store.

mod addresses;
mod audit;
mod basics;
mod columns;
mod database;
mod deleted_clients;
mod failing_stores;
mod host_transaction;
mod operation_ids;
mod other_tables;
mod pages;
mod personal_data;
mod races;
mod reassignment;
mod world;
mod written_values;
