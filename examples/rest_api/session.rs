//! The clinic's sessions: the token of a cookie is looked up in a table.

use client_lifecycle::domain::{Actor, Role};
use client_lifecycle::lifecycle::Error;
use sha2::{Digest, Sha256};

use crate::caller::Caller;
use crate::database::failed;
use crate::service::Service;

/// The cookie's name.
const NAME: &str = "session";

impl Service {
    /// Returns the actor of the session in the cookie, or the anonymous actor.
    pub(crate) async fn by_session(&self, caller: &Caller) -> Result<Actor, Error> {
        let mut actor = Actor::anonymous();
        if let Some(token) = token(&caller.cookies) {
            let found = self.database.session(&kept(token)).await;
            if let Some((id, role)) = found.map_err(|error| failed("looked up a session", error))? {
                actor = Actor::new(id, Role::from(role));
            }
        }
        Ok(caller.recorded_as(actor))
    }
}

/// Returns the hash of a token. The table stores only hashes, so reading it does not allow signing in.
pub(crate) fn kept(token: &str) -> String {
    Sha256::digest(token).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Returns the token from `session=TOKEN`, which may be one of several cookies. As in the API's documentation, a
/// header with the token alone is accepted too.
fn token(cookies: &[String]) -> Option<&str> {
    let pairs = cookies.iter().flat_map(|header| header.split(';')).map(str::trim);
    let mut named = pairs.filter_map(|pair| pair.strip_prefix(NAME)?.strip_prefix('='));
    let bare = || cookies.iter().map(|header| header.trim()).find(|header| !header.contains(['=', ';']));
    named.next().or_else(bare).filter(|token| !token.is_empty())
}
