//! Deleted and anonymized clients cannot be found, updated or created again.

use client_lifecycle::clients::{ClientPage, ClientPatch};
use client_lifecycle::domain::{Request, Status};

use super::world::{EVA, MARIA, ana, audit_of, create, new, operation, stored, update, world};
use crate::common::backend::stores;

#[tokio::test]
async fn deleted_and_anonymized_clients_are_neither_found_nor_written() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        lifecycle.execute(&Request::anonymize("clients", MARIA).by(ana())).await.unwrap();
        lifecycle.execute(&Request::soft_delete("clients", EVA).by(ana())).await.unwrap();
        for id in [MARIA, EVA] {
            let before = stored(&backend, id).await;
            let patch = ClientPatch::new().with_city("Cádiz").with_status(Status::On);
            assert_eq!(
                lifecycle.clients().unwrap().update(&update(id), &patch).await.unwrap_err().code(),
                "not_found",
                "{on:?}"
            );
            let on_again = Request::reactivate("clients", id).by(ana());
            assert_eq!(
                lifecycle.clients().unwrap().set_status(&on_again).await.unwrap_err().code(),
                "not_found"
            );
            assert_eq!(stored(&backend, id).await, before);
            assert_eq!(audit_of(&backend, id).await.len(), 3);
        }
        assert!(lifecycle.clients().unwrap().list(&ClientPage::first(9)).await.unwrap().clients.is_empty());
        // The address of an anonymized client can be used again. A soft-deleted client keeps its address, because it
        // can be restored.
        lifecycle.clients().unwrap().create(&create(), new("maria@example.com")).await.unwrap();
        assert_eq!(
            lifecycle.clients().unwrap().create(&create(), new("eva@example.com")).await.unwrap_err().code(),
            "taken"
        );
    }
}

#[tokio::test]
async fn a_repeated_creation_of_a_deleted_client_is_not_found_and_creates_no_other() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = create().operation(operation(7));
        let made = lifecycle.clients().unwrap().create(&request, new("diego@example.com")).await.unwrap();
        lifecycle.execute(&Request::hard_delete("clients", made.user_id()).by(ana())).await.unwrap();
        let error =
            lifecycle.clients().unwrap().create(&request, new("diego@example.com")).await.unwrap_err();
        assert_eq!(error.code(), "not_found", "{on:?}");
        assert_eq!(backend.rows("clients").await.as_array().unwrap().len(), 3);
    }
}
