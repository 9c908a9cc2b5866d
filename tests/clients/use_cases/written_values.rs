//! Which values a creation or an update writes, and to which clients.

use client_lifecycle::clients::{ClientPage, ClientPatch};
use client_lifecycle::domain::Status;
use serde_json::json;

use super::world::{EVA, MARIA, create, document, new, now, off_to, rows, stored, update, world_of};
use crate::common::backend::stores;

#[tokio::test]
async fn a_patch_with_a_status_is_not_written_to_clients_deactivated_by_a_cascade() {
    for on in stores().await {
        for rule in ["keep", "cascade"] {
            let mut document = document();
            let reference = json!({ "from": "clients.referred_by", "to": "clients", "nullable": true });
            document["references"].as_array_mut().unwrap().push(reference);
            document["modes"]["deactivate"]["rules"] = json!({ "*": "keep", "clients.referred_by": rule });
            let mut rows = rows();
            rows["clients"][0]["referred_by"] = json!(EVA);
            rows["clients"][1]["referred_by"] = json!(MARIA);
            rows["clients"][2]["referred_by"] = json!(null);
            let (backend, lifecycle) = world_of(on, &document, &rows).await;
            lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")).await.unwrap();
            let (maria, eva) = (stored(&backend, MARIA).await, stored(&backend, EVA).await);
            assert_eq!((&maria["city"], &maria["status"]), (&json!("Cádiz"), &json!("OFF")), "{on:?} {rule}");
            let with_it = if rule == "cascade" { "OFF" } else { "ON" };
            assert_eq!((&eva["city"], &eva["status"]), (&json!("Madrid"), &json!(with_it)), "{on:?} {rule}");
            lifecycle
                .clients()
                .unwrap()
                .update(&update(EVA), &ClientPatch::new().with_city("Zafra"))
                .await
                .unwrap();
            let (maria, eva) = (stored(&backend, MARIA).await, stored(&backend, EVA).await);
            assert_eq!((&maria["city"], &eva["city"]), (&json!("Cádiz"), &json!("Zafra")), "{on:?} {rule}");
        }
    }
}

#[tokio::test]
async fn a_boolean_status_in_a_field_of_another_name_is_read_and_written() {
    for on in stores().await {
        let mut document = document();
        document["kinds"]["clients"]["status"] = json!({ "field": "active", "on": true, "off": false });
        document["kinds"]["clients"]["fields"]["active"] = json!("boolean");
        let mut rows = rows();
        for row in rows["clients"].as_array_mut().unwrap() {
            row.as_object_mut().unwrap().remove("status");
            row["active"] = json!(true);
        }
        let (backend, lifecycle) = world_of(on, &document, &rows).await;
        let client = lifecycle.clients().unwrap().find(MARIA).await;
        assert_eq!(client.unwrap_or_else(|error| panic!("{on:?} {error:?}")).status(), Status::On);
        lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")).await.unwrap();
        assert_eq!(lifecycle.clients().unwrap().find(MARIA).await.unwrap().status(), Status::Off);
        let made = lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
        assert_eq!(lifecycle.clients().unwrap().find(made.user_id()).await.unwrap().status(), Status::On);
        let row = stored(&backend, &made.user_id().to_string()).await;
        assert!(row["active"] == json!(true) || row["active"] == json!(1), "{row}");
        assert!(row["status"].is_null());
        let off =
            lifecycle.clients().unwrap().list(&ClientPage::first(9).with_status(Status::Off)).await.unwrap();
        assert_eq!(off.clients.len(), 1);
    }
}

#[tokio::test]
async fn instants_in_fields_of_other_names_are_read_and_written() {
    for on in stores().await {
        let mut document = document();
        document["kinds"]["clients"]["created_at"] = json!("since");
        document["kinds"]["clients"]["updated_at"] = json!("touched");
        let mut rows = rows();
        for row in rows["clients"].as_array_mut().unwrap() {
            for (old, new) in [("created_at", "since"), ("updated_at", "touched")] {
                let held = row.as_object_mut().unwrap().remove(old).unwrap();
                row[new] = held;
            }
        }
        let (backend, lifecycle) = world_of(on, &document, &rows).await;
        let client =
            lifecycle.clients().unwrap().update(&update(MARIA), &ClientPatch::new().with_city("Cádiz")).await;
        let client = client.unwrap_or_else(|error| panic!("{on:?} {error:?}"));
        assert_eq!(client.updated_at(), now());
        let made = lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
        let row = stored(&backend, &made.user_id().to_string()).await;
        assert_eq!(
            (&row["since"], &row["touched"]),
            (&json!("2026-11-24T09:00:00.000Z"), &json!("2026-11-24T09:00:00.000Z"))
        );
        assert!(row["created_at"].is_null() && row["updated_at"].is_null());
    }
}

#[tokio::test]
async fn a_version_that_is_null_counts_from_one() {
    for on in stores().await {
        let mut rows = rows();
        rows["clients"][1]["version"] = json!(null);
        let (backend, lifecycle) = world_of(on, &document(), &rows).await;
        lifecycle
            .clients()
            .unwrap()
            .update(&update(EVA), &ClientPatch::new().with_city("Cádiz"))
            .await
            .unwrap();
        assert_eq!(stored(&backend, EVA).await["version"], 1, "{on:?}");
    }
}

#[tokio::test]
async fn a_minimal_policy_reads_and_writes_clients() {
    for on in stores().await {
        let document = json!({
            "subject": "clients", "kinds": { "clients": { "id": "user_id", "status": "status" } },
            "modes": { "create": { "allow": "any" }, "update": { "allow": "any" }, "deactivate": { "allow": "any" } } });
        let (backend, lifecycle) = world_of(on, &document, &json!({ "clients": rows()["clients"] })).await;
        let client = lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
        assert_eq!(lifecycle.clients().unwrap().find(client.user_id()).await.unwrap(), client, "{on:?}");
        let day = "1991-01-02".parse().unwrap();
        let patch = ClientPatch::new().with_birth_date(day).with_status(Status::Off);
        let client = lifecycle.clients().unwrap().update(&update(MARIA), &patch).await.unwrap();
        assert_eq!((client.birth_date(), client.updated_at()), (Some(day), now()), "{on:?}");
        assert_eq!(stored(&backend, MARIA).await["birth_date"], "1991-01-02");
    }
}
