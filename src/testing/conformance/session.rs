//! Checks that the transactions of an SQL connection have the settings that the store needs.

use crate::sql::{AccessMode, Dialect, SqlConnection, SqlValue};

const SETTINGS: &str = "SELECT current_setting('transaction_isolation'), current_setting('row_security'), \
     current_setting('client_encoding'), current_setting('search_path')";

/// Panics if a transaction of the connection lacks a setting, and names the setting.
pub(super) async fn check(connection: &impl SqlConnection, dialect: Dialect) {
    if dialect != Dialect::Postgres {
        return;
    }
    for access in [AccessMode::Read, AccessMode::Write] {
        let mut tx = connection.begin(access).await.expect("a transaction");
        let rows = tx.query(SETTINGS, &[]).await.expect("the settings of the session");
        let found: Vec<&str> = rows.iter().flatten().filter_map(SqlValue::as_text).collect();
        let [isolation, row_security, encoding, search_path] = found[..] else {
            panic!("a query of four texts returned {} values", found.len());
        };
        let lacks = |what: &str, found: &str| {
            panic!("begin({access:?}) must {what}, see `sql::begin_statements`; found `{found}`")
        };
        // In a transaction of the host, the host has already chosen the isolation level.
        match access {
            AccessMode::Read if connection.retryable() && isolation != "repeatable read" => {
                lacks("begin ISOLATION LEVEL REPEATABLE READ", isolation);
            }
            AccessMode::Write if isolation != "read committed" => {
                lacks("begin ISOLATION LEVEL READ COMMITTED", isolation);
            }
            AccessMode::Read | AccessMode::Write => {}
        }
        if row_security != "off" {
            lacks("set row_security to off", row_security);
        }
        if encoding != "UTF8" {
            lacks("set client_encoding to UTF8", encoding);
        }
        if search_path.rsplit(',').next().map(str::trim) != Some("pg_temp") {
            lacks("put pg_temp last in search_path", search_path);
        }
    }
}
