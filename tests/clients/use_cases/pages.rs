//! Listing clients page by page.

use client_lifecycle::clients::ClientPage;

use super::world::{MARIA, world};
use crate::common::backend::stores;

#[tokio::test]
async fn pages_may_have_any_size_and_start_after_any_id() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let all = lifecycle.clients().unwrap().list(&ClientPage::first(u32::MAX)).await.unwrap();
        assert_eq!((all.clients.len(), all.next), (2, None));
        let page = lifecycle.clients().unwrap().list(&ClientPage::first(1)).await.unwrap();
        backend.remove("bookings", "b1").await;
        backend.remove("clients", MARIA).await;
        let rest =
            lifecycle.clients().unwrap().list(&ClientPage::first(1).after(page.next.unwrap())).await.unwrap();
        assert_eq!((rest.clients.len(), rest.next), (1, None), "{on:?}");
        for after in ["", "~", "not a uuid", &MARIA.to_uppercase()] {
            lifecycle.clients().unwrap().list(&ClientPage::first(1).after(after)).await.unwrap();
        }
        let none = lifecycle.clients().unwrap().list(&ClientPage::first(0)).await.unwrap();
        assert!(none.clients.is_empty());
    }
}
