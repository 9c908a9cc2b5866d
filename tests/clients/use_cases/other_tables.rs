//! Clients in tables that lack what clients need: the error names the table and the column.

use client_lifecycle::Error;
use client_lifecycle::clients::ClientPage;
use client_lifecycle::domain::Request;
use serde_json::json;

use super::world::{MARIA, ana, create, new, off_to, parsed, update};
use crate::common::backend::{Backend, On, on_every_store};

/// Returns the messages of an error and of its causes.
fn messages(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

on_every_store! {
    async fn a_missing_column_is_named_by_every_use_case(on: On) {
        if matches!(on, On::Memory) {
            // Rows in memory have no columns.
            return;
        }
        let allow = || json!({ "allow": "any" });
        let policy = parsed(&json!({
            "subject": "clients", "kinds": { "clients": { "id": "user_id", "status": "status" } }, "references": [],
            "modes": { "create": allow(), "update": allow(), "deactivate": { "allow": "any", "rules": {} } }
        }));
        let rows = json!({ "clients": [{ "user_id": MARIA, "status": "ON" }] });
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let clients = lifecycle.clients().unwrap();
        let errors = [
            clients.find(MARIA).await.unwrap_err(),
            clients.find_by_email("maria@example.com").await.unwrap_err(),
            clients.list(&ClientPage::first(9)).await.unwrap_err(),
            clients.update(&update(MARIA), &off_to("Soria")).await.unwrap_err(),
            clients.create(&create(), new("diego@example.com")).await.unwrap_err(),
        ];
        for error in errors {
            let text = messages(&error);
            assert!(text.contains("`clients.") && error.code() == "unknown_name", "{on:?}: {text} ({error:?})");
            assert!(error.remedy().contains("correct the data map, or create what is missing"), "{error:?}");
        }
        lifecycle.execute(&Request::deactivate("clients", MARIA).by(ana())).await.unwrap();
    }
}
