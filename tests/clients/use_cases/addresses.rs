//! Which e-mail addresses count as equal.

use client_lifecycle::clients::normalised_email;
use serde_json::json;

use super::world::{EVA, world};
use crate::common::backend::stores;

/// The Kelvin sign looks like `K`, and its lower case is the ASCII letter `k`. It must not match an address with `k`.
#[tokio::test]
async fn addresses_that_are_equal_only_by_unicode_case_are_different() {
    assert_ne!(normalised_email("\u{212A}ate@example.com"), "kate@example.com");
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        backend.set("clients", EVA, "email", json!("kate@example.com")).await;
        assert!(lifecycle.clients().unwrap().find_by_email("KATE@example.com").await.unwrap().is_some());
        assert!(
            lifecycle.clients().unwrap().find_by_email("\u{212A}ATE@example.com").await.unwrap().is_none(),
            "{on:?}"
        );
        // An address stored before the library was used may contain other letters.
        backend.set("clients", EVA, "email", json!("ÑANDÚ@example.com")).await;
        assert!(
            lifecycle.clients().unwrap().find_by_email("ÑANDÚ@EXAMPLE.com").await.unwrap().is_some(),
            "{on:?}"
        );
    }
}

#[tokio::test]
async fn an_empty_address_finds_no_client() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        backend.set("clients", EVA, "email", json!("")).await;
        assert!(lifecycle.clients().unwrap().find_by_email(" ").await.unwrap().is_none(), "{on:?}");
    }
}
