//! Who sends a request: address, user agent and credentials.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName, USER_AGENT};
use axum::http::request::Parts;
use client_lifecycle::domain::Actor;

/// The maximum number of characters of a user agent in the audit log.
const USER_AGENT_SHOWN: usize = 256;

/// What a request claims about its sender; nothing is verified yet.
pub(crate) struct Caller {
    ip: Option<String>,
    user_agent: Option<String>,
    pub(crate) cookies: Vec<String>,
    pub(crate) authorization: Vec<String>,
}

impl Caller {
    /// Adds the address and the user agent to an actor.
    pub(crate) fn recorded_as(&self, mut actor: Actor) -> Actor {
        actor.ip.clone_from(&self.ip);
        actor.user_agent.clone_from(&self.user_agent);
        actor
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let texts = |name: HeaderName| -> Vec<String> {
            let values = parts.headers.get_all(name).iter();
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
        };
        // The address of the connection. To support the header `Forwarded`, trusted proxies would have to be
        // configured.
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let user_agent = texts(USER_AGENT).into_iter().next();
        Ok(Self {
            ip: peer.map(|ConnectInfo(address)| address.ip().to_string()),
            user_agent: user_agent.map(|name| name.chars().take(USER_AGENT_SHOWN).collect()),
            cookies: texts(COOKIE),
            authorization: texts(AUTHORIZATION),
        })
    }
}
