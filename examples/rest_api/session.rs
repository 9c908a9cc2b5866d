//! Sessions of the clinic: a cookie that is looked up in a table.

use chrono::Utc;
use client_lifecycle::domain::{Actor, Role, instant_text};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::sqlite::sqlx::query_as;
use client_lifecycle::store::StoreError;
use sha2::{Digest, Sha256};

use crate::caller::Caller;
use crate::service::Service;

/// The cookie's name.
const NAME: &str = "session";

const LOOK_UP: &str = "SELECT clients.user_id, clients.role FROM sessions
     JOIN clients ON clients.user_id = sessions.client_id
     WHERE sessions.token = ? AND sessions.expires_at > ? AND clients.status = 'ON'";

impl Service {
    /// Whose session the cookie names, or nobody.
    pub(crate) async fn by_session(&self, caller: &Caller) -> Result<Actor, Error> {
        let mut actor = Actor::anonymous();
        if let Some(token) = token(&caller.cookies) {
            let found: Option<(String, String)> = query_as(LOOK_UP)
                .bind(kept(token))
                .bind(instant_text(Utc::now()))
                .fetch_optional(&self.pool)
                .await
                .map_err(|error| StoreError::backend("looked up a session", error))?;
            if let Some((id, role)) = found {
                actor = Actor::new(id, Role::from(role));
            }
        }
        Ok(caller.recorded_as(actor))
    }
}

/// What the table keeps of a token: who reads the table signs in as nobody.
pub(crate) fn kept(token: &str) -> String {
    Sha256::digest(token).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// `session=TOKEN` among other cookies, or the bare token that the API's documentation shows.
fn token(cookies: &[String]) -> Option<&str> {
    let pairs = cookies.iter().flat_map(|header| header.split(';')).map(str::trim);
    let mut named = pairs.filter_map(|pair| pair.strip_prefix(NAME)?.strip_prefix('='));
    let bare = || cookies.iter().map(|header| header.trim()).find(|header| !header.contains(['=', ';']));
    named.next().or_else(bare).filter(|token| !token.is_empty())
}
