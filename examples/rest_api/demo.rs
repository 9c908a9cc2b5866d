//! `--demo`: creates sample data, and prints one line with everything needed to try the service.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;

use chrono::{TimeDelta, Utc};
use client_lifecycle::domain::Role;
use serde_json::json;
use uuid::Uuid;

use crate::service::Service;
use crate::session;

/// The administrator of the clinic who is signed in.
const ADMINISTRATOR: &str = "550e8400-e29b-41d4-a716-446655440002";

/// Fills the database if it is empty, signs in the administrator, and prints the line.
pub(crate) async fn show(service: &Service, listen: SocketAddr) -> Result<(), Box<dyn Error>> {
    fill(service).await?;
    let mut line = json!({
        "listen": listen.to_string(),
        "cookie": sign_in(service).await?,
        "tokens": {
            "ADMIN": service.tokens.issue("admin-1", Role::ADMIN)?,
            "MASTER": service.tokens.issue("master-1", Role::MASTER)?,
            "RESALE": service.tokens.issue("reseller-7", Role::RESALE)?,
            "USER": service.tokens.issue("user123", Role::USER)?,
        },
        "ids": {
            "client": "550e8400-e29b-41d4-a716-446655440000",
            "client_with_debt": "550e8400-e29b-41d4-a716-446655440001",
            "admin_user": ADMINISTRATOR,
            "user": "123e4567-e89b-12d3-a456-426614174000",
            "customer": "user123",
            "customer_other_reseller": "user456",
            "customer_with_subscription": "user789",
            "union": "clx9876543210",
            "union_with_members": "clx1234567890",
        },
    })
    .to_string();
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Adds the sample data to an empty database. Fails if the database contains other clients.
async fn fill(service: &Service) -> Result<(), Box<dyn Error>> {
    if service.database.fill(ADMINISTRATOR).await? {
        Ok(())
    } else {
        Err("`--demo` is for an empty database: this one holds other clients".into())
    }
}

/// Creates a session of the administrator, as a login page would.
async fn sign_in(service: &Service) -> Result<String, Box<dyn Error>> {
    let token = Uuid::new_v4().to_string();
    let until = Utc::now() + TimeDelta::hours(8);
    service.database.sign_in(ADMINISTRATOR, &session::kept(&token), until).await?;
    Ok(token)
}
