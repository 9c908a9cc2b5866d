//! Operation ids: a repeated call is carried out once, and a different call with the same id is refused.

use client_lifecycle::clients::ClientPatch;
use client_lifecycle::domain::Request;

use super::world::{EVA, MARIA, ana, audit_of, create, named, new, off_to, operation, stored, update, world};
use crate::common::backend::stores;

#[tokio::test]
async fn a_repeated_patch_with_a_status_is_done_once_and_returns_the_same() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = update(MARIA).operation(operation(1));
        let first = lifecycle.clients().unwrap().update(&request, &off_to("Cádiz")).await.unwrap();
        let second = lifecycle.clients().unwrap().update(&request, &off_to("Cádiz")).await;
        assert_eq!(second.unwrap_or_else(|error| panic!("{on:?}: {error:?}")), first);
        assert_eq!(stored(&backend, MARIA).await["version"], 4, "{on:?}");
        assert_eq!(audit_of(&backend, MARIA).await.len(), 1);
    }
}

#[tokio::test]
async fn reusing_the_operation_id_of_another_call_is_refused() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let off = Request::deactivate("clients", MARIA).by(ana()).operation(operation(1));
        lifecycle.clients().unwrap().set_status(&off).await.unwrap();
        let patch = ClientPatch::new().with_city("Cádiz");
        let error = lifecycle
            .clients()
            .unwrap()
            .update(&update(MARIA).operation(operation(1)), &patch)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        let error = lifecycle
            .clients()
            .unwrap()
            .update(&update(EVA).operation(operation(1)), &off_to("Cádiz"))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        assert_eq!(stored(&backend, MARIA).await["city"], "Madrid");
    }
}

#[tokio::test]
async fn reusing_the_operation_id_of_another_creation_is_refused() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let (one, two) = (operation(11).to_string(), operation(12).to_string());
        let request = create().operation(operation(1));
        lifecycle
            .clients()
            .unwrap()
            .create(&named(request.clone(), &one), new("one@example.com"))
            .await
            .unwrap();
        let again = lifecycle
            .clients()
            .unwrap()
            .create(&named(request.clone(), &one), new("one@example.com"))
            .await
            .unwrap();
        assert_eq!(again.user_id().to_string(), one);
        let error = lifecycle
            .clients()
            .unwrap()
            .create(&named(request, &two), new("two@example.com"))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        assert_eq!(audit_of(&backend, &two).await.len(), 1, "the attempt is recorded");
    }
}

#[tokio::test]
async fn the_id_of_a_new_client_may_have_any_spelling() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let id = operation(0xABC).to_string();
        for (number, spelt) in
            [id.to_uppercase(), format!("{{{id}}}"), id.replace('-', ""), format!("urn:uuid:{id}")]
                .iter()
                .enumerate()
        {
            let mail = format!("one{number}@example.com");
            let made = lifecycle.clients().unwrap().create(&named(create(), spelt), new(&mail)).await;
            if number == 0 {
                assert_eq!(made.unwrap().user_id().to_string(), id, "{on:?}");
            } else {
                assert_eq!(made.unwrap_err().code(), "conflict", "{on:?} {spelt}");
            }
        }
        assert_eq!(audit_of(&backend, &id).await.len(), 4, "{on:?}");
    }
}

#[tokio::test]
async fn an_operation_id_is_not_accepted_for_other_values() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let clients = lifecycle.clients().unwrap();
        let patch = |city: &str| ClientPatch::new().with_city(city);
        let request = update(MARIA).operation(operation(1));
        clients.update(&request, &patch("Cádiz")).await.unwrap();
        let error = clients.update(&request, &patch("Huelva")).await.unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        let error = clients.update(&request, &off_to("Cádiz")).await.unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        assert_eq!(stored(&backend, MARIA).await["city"], "Cádiz");
        assert_eq!(clients.update(&request, &patch("Cádiz")).await.unwrap().city(), "Cádiz");

        let request = create().operation(operation(2));
        let made = clients.create(&request, new("one@example.com")).await.unwrap();
        let error = clients.create(&request, new("two@example.com")).await.unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        let mut other = new("one@example.com");
        other.city = "Huelva".into();
        let error = clients.create(&request, other).await.unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        assert_eq!(clients.create(&request, new("one@example.com")).await.unwrap().user_id(), made.user_id());
    }
}
