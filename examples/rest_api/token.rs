//! Bearer tokens of the VPN and the credit unions: JWT, signed with HS256.

use chrono::{TimeDelta, Utc};
use client_lifecycle::domain::{Actor, Role};
use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::hs256;

/// The claims of a token.
#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The subject.
    pub(crate) sub: String,
    /// The roles.
    pub(crate) roles: Vec<Role>,
    /// The scopes of a reseller, if they differ from `sub`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<String>,
    /// The expiry, in seconds since 1970.
    pub(crate) exp: i64,
}

/// Signs and verifies tokens.
pub(crate) struct Tokens {
    sign: EncodingKey,
    check: DecodingKey,
    validation: Validation,
}

impl Tokens {
    pub(crate) fn new(secret: &str) -> Self {
        // Installing the provider fails only if this same provider is already installed.
        let _ = hs256::PROVIDER.install_default();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub"]);
        let secret = secret.as_bytes();
        Self { sign: EncodingKey::from_secret(secret), check: DecodingKey::from_secret(secret), validation }
    }

    /// Issues a token for one hour.
    pub(crate) fn issue(&self, sub: &str, role: Role) -> Result<String, Error> {
        let exp = (Utc::now() + TimeDelta::hours(1)).timestamp();
        let claims = Claims { sub: sub.into(), roles: vec![role], scopes: Vec::new(), exp };
        encode(&Header::new(Algorithm::HS256), &claims, &self.sign)
    }

    /// Returns the actor of the token in the request, or the anonymous actor.
    pub(crate) fn actor(&self, caller: &Caller) -> Actor {
        let claims = match &*caller.authorization {
            [header] => self.claims(header),
            _ => None,
        };
        let actor = claims.map_or_else(Actor::anonymous, |claims| {
            claims.scopes.into_iter().fold(Actor::with_roles(claims.sub, claims.roles), Actor::scope)
        });
        caller.recorded_as(actor)
    }

    fn claims(&self, header: &str) -> Option<Claims> {
        let (scheme, token) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        Some(decode::<Claims>(token.trim(), &self.check, &self.validation).ok()?.claims)
    }
}
