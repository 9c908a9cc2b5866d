//! The database of a service, which tests can read and change directly.

use std::path::PathBuf;

use client_lifecycle::domain::{AuditEntry, KindName, RecordId};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::{AssertSqlSafe, query_scalar, raw_sql};
use tokio::runtime::Runtime;

use crate::server::Schema;

/// A database for one test. Dropping the value removes the database.
pub(crate) struct Database {
    held: Held,
    runtime: Runtime,
}

enum Held {
    Sqlite {
        file: PathBuf,
        store: SqliteStore,
    },
    /// A schema that is dropped with this value.
    Postgres {
        address: String,
        store: PostgresStore,
        _schema: Option<Schema>,
    },
}

/// Runs a query on either database.
macro_rules! on {
    ($database:expr, $store:ident => $asked:expr) => {
        match &$database.held {
            Held::Sqlite { store: $store, .. } => $database.runtime.block_on($asked),
            Held::Postgres { store: $store, .. } => $database.runtime.block_on($asked),
        }
    };
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let file = std::env::temp_dir().join(format!("rest-api-{}.db", uuid::Uuid::new_v4()));
        let runtime = Runtime::new().unwrap();
        let address = format!("sqlite:{}?mode=rwc", file.display());
        let store = runtime.block_on(SqliteStore::connect(&address)).unwrap();
        Self { held: Held::Sqlite { file, store }, runtime }
    }

    /// Creates a database in a new schema; returns `None` if no server can be reached.
    pub(crate) fn postgres() -> Option<Self> {
        let runtime = Runtime::new().unwrap();
        let schema = runtime.block_on(Schema::with_connections(2))?;
        let address = schema.address();
        let store = PostgresStore::new(schema.pool.clone());
        Some(Self { held: Held::Postgres { address, store, _schema: Some(schema) }, runtime })
    }

    /// Opens the whole database at this address. No other test may use it.
    pub(crate) fn on(address: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(PostgresStore::connect(address)).unwrap();
        Self { held: Held::Postgres { address: address.into(), store, _schema: None }, runtime }
    }

    /// Returns the value for `--store`.
    pub(crate) fn address(&self) -> String {
        match &self.held {
            Held::Sqlite { file, .. } => format!("sqlite:{}", file.display()),
            Held::Postgres { address, .. } => address.clone(),
        }
    }

    /// Returns the bytes of a SQLite file and of its log; `None` on PostgreSQL.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        let Held::Sqlite { file, .. } = &self.held else { return None };
        let log = std::fs::read(format!("{}-wal", file.display())).unwrap_or_default();
        Some([std::fs::read(file).unwrap(), log].concat())
    }

    /// Returns the audit entries about a record, in the order they were written.
    pub(crate) fn audit(&self, kind: &str, id: &str) -> Vec<AuditEntry> {
        let (kind, id) = (KindName::from(kind), RecordId::from(id));
        on!(self, store => store.audit(&kind, &id)).unwrap()
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        on!(self, store => query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(store.pool())).unwrap()
    }

    pub(crate) fn text(&self, sql: &str) -> String {
        on!(self, store => query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(store.pool())).unwrap()
    }

    /// Returns the first column of each row as text.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        on!(self, store => query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(store.pool())).unwrap()
    }

    pub(crate) fn execute(&self, sql: &str) {
        on!(self, store => async {
            raw_sql(AssertSqlSafe(sql.to_owned())).execute(store.pool()).await.map(drop)
        })
        .unwrap();
    }

    /// Returns an SQL expression for a column as text, in the library's form if the column holds an instant.
    pub(crate) fn instant(&self, column: &str) -> String {
        match &self.held {
            Held::Sqlite { .. } => column.into(),
            Held::Postgres { .. } => {
                format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
            }
        }
    }

    /// Returns all rows of all tables of the host, as text.
    pub(crate) fn rows(&self) -> Vec<String> {
        let tables = match &self.held {
            Held::Sqlite { .. } => {
                "SELECT json_array(name, (SELECT group_concat('quote(\"' || name || '\")', '||'',''||')
                    FROM pragma_table_info(tables.name))) FROM sqlite_master AS tables
                 WHERE type = 'table' AND name NOT LIKE 'lifecycle%' AND name NOT LIKE 'sqlite%' ORDER BY name"
            }
            Held::Postgres { .. } => {
                "SELECT json_build_array(tablename, format('%I::text', tablename))::text FROM pg_tables
                 WHERE schemaname = current_schema() AND tablename NOT LIKE 'lifecycle%' ORDER BY tablename"
            }
        };
        let mut rows = Vec::new();
        for table in self.texts(tables) {
            let (table, row): (String, String) = serde_json::from_str(&table).unwrap();
            let all = self.texts(&format!("SELECT {row} FROM \"{table}\" ORDER BY 1"));
            rows.extend(all.into_iter().map(|row| format!("{table}: {row}")));
        }
        rows
    }

    /// Returns the number of references to rows that do not exist.
    pub(crate) fn dangling(&self) -> i64 {
        let Held::Postgres { .. } = &self.held else {
            return self.number("SELECT count(*) FROM pragma_foreign_key_check");
        };
        let keys = self.texts(
            "SELECT format('SELECT 1 FROM %s AS c WHERE c.%I IS NOT NULL AND NOT EXISTS \
                    (SELECT 1 FROM %s AS p WHERE p.%I = c.%2$I)', conrelid::regclass, a.attname, confrelid::regclass, b.attname)
             FROM pg_constraint
             JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = conkey[1]
             JOIN pg_attribute AS b ON b.attrelid = confrelid AND b.attnum = confkey[1]
             WHERE contype = 'f' AND connamespace = current_schema()::regnamespace",
        );
        assert!(keys.len() > 15, "{keys:?}");
        self.number(&format!("SELECT count(*) FROM ({}) AS all_of_them", keys.join(" UNION ALL ")))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Held::Sqlite { file, .. } = &self.held {
            for rest in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{rest}", file.display()));
            }
        }
    }
}
