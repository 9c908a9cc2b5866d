//! Protection of references: a row that is inserted while its parent is being deleted stops the deletion, is deleted
//! too, or is refused. Tests three protections with three kinds of rows.

use std::sync::Arc;

use client_lifecycle::domain::{Actor, DataMap, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::lock_parent;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe, PgPool};
use client_lifecycle::protocol::Receipt;
use client_lifecycle::sql::{FindingCode, ParentError, findings};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::races::{race, runs};
use crate::world::{CLINIC, World, clinic, delete};

#[derive(Clone, Copy, PartialEq)]
enum Protection {
    ForeignKey,
    Table,
    Writer,
    Nothing,
}

use Protection::{ForeignKey, Nothing, Table, Writer};

/// The row to insert: its table, its reference, the referenced kind, and its other values.
#[derive(Clone, Copy)]
struct Row {
    table: &'static str,
    field: &'static str,
    parent: &'static str,
    more: (&'static str, &'static str),
}

const DEBT: Row =
    Row { table: "debts", field: "client_id", parent: "clients", more: (", status", ", 'PENDING'") };
/// An item of the client's first booking.
const ITEM: Row = Row { table: "items", field: "booking_id", parent: "bookings", more: ("", "") };
/// A booking of the client.
const RAW: Row = Row { table: "bookings", field: "client_id", parent: "clients", more: ("", "") };

impl Protection {
    fn ddl(self) -> String {
        match self {
            ForeignKey => CLINIC.into(),
            _ => CLINIC.replace(" REFERENCES clients", "").replace(" REFERENCES bookings", ""),
        }
    }

    fn document(self) -> Value {
        let mut document = clinic();
        let lock = match self {
            ForeignKey | Nothing => return document,
            Table => "table",
            Writer => "writer",
        };
        for reference in document["references"].as_array_mut().unwrap() {
            reference["lock"] = lock.into();
        }
        document
    }

    async fn world(self) -> Option<World> {
        World::new(&self.ddl(), &self.document()).await
    }
}

/// Inserts the row as a host with this protection would. Returns whether the row exists.
async fn insert(protection: Protection, row: Row, client: Uuid, pool: PgPool, map: Arc<DataMap>) -> bool {
    let Row { table, field, parent, more: (columns, values) } = row;
    let (key, below) = match parent {
        "clients" => ("id", format!("id = '{client}'")),
        _ => ("id", format!("client_id = '{client}' ORDER BY id LIMIT 1")),
    };
    let insert =
        format!("INSERT INTO {table} ({field}{columns}) SELECT {key}{values} FROM {parent} WHERE {below}");
    match protection {
        ForeignKey => runs(pool, insert).await,
        // The SELECT of the INSERT checks that the parent exists. The table lock makes it wait for the deletion.
        Table => {
            runs(pool, format!("BEGIN; LOCK TABLE {table} IN ROW EXCLUSIVE MODE; {insert}; COMMIT")).await
        }
        Writer => {
            let id = format!("SELECT {key}::text FROM {parent} WHERE {below}");
            let id: Option<String> =
                sqlx::query_scalar(AssertSqlSafe(id)).fetch_optional(&pool).await.unwrap();
            let Some(id) = id else { return false };
            let mut tx = pool.begin().await.unwrap();
            match lock_parent(&mut tx, &map, parent, id.as_str()).await {
                Ok(()) => {}
                Err(ParentError::Missing { kind } | ParentError::Deleted { kind }) => {
                    assert_eq!(kind.as_str(), parent);
                    return false;
                }
                Err(error) => panic!("{error:?}"),
            }
            let insert = format!("INSERT INTO {table} ({field}{columns}) VALUES ('{id}'{values})");
            sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
            true
        }
        Nothing => unreachable!("nothing is promised of it"),
    }
}

async fn insert_races(
    protection: Protection,
    row: Row,
    request: impl Fn(Uuid) -> Request,
    world: &World,
    check: impl AsyncFn(Uuid, &Result<Receipt, Error>, bool),
) {
    let map = world.policy.map().clone();
    let writer = move |id, pool| insert(protection, row, id, pool, map.clone());
    race(world, request, writer, check).await;
}

async fn a_debt_stops_the_deletion_or_is_refused(protection: Protection) {
    let Some(world) = protection.world().await else { return };
    insert_races(protection, DEBT, delete, &world, async |id, deleted, _| {
        let debts = world.number(&format!("SELECT count(*) FROM debts WHERE client_id = '{id}'")).await;
        match deleted {
            Ok(_) => assert_eq!(debts, 0, "the debt came after the deletion and is refused"),
            Err(Error::Blocked(_)) => assert_eq!(debts, 2, "the debt stopped the deletion"),
            Err(error) => panic!("no answer of the contract: {error:?}"),
        }
    })
    .await;
}

/// Checks that a new row is deleted with its parent or refused.
async fn a_new_row_is_deleted_with_its_parent_or_refused(protection: Protection, row: Row) {
    let Some(world) = protection.world().await else { return };
    let before = std::sync::atomic::AtomicI64::new(0);
    insert_races(protection, row, delete, &world, async |_, deleted, _| {
        let receipt = deleted.as_ref().unwrap_or_else(|error| panic!("{error:?}"));
        // No row remains without a client: the table has as many rows as before the race.
        let left = world.number(&format!("SELECT count(*) FROM {}", row.table)).await;
        assert_eq!(left, before.load(std::sync::atomic::Ordering::SeqCst));
        let gone = receipt.steps.iter().find(|step| step.kind == row.table).map_or(0, |step| step.actual);
        assert!((2..=3).contains(&gone), "{gone}");
    })
    .await;
}

macro_rules! races {
    ($($name:ident: $race:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                $race.await;
            }
        )*
    };
}

races! {
    a_debt_protected_by_a_foreign_key_stops_the_deletion_or_is_refused: a_debt_stops_the_deletion_or_is_refused(ForeignKey);
    a_debt_protected_by_a_table_lock_stops_the_deletion_or_is_refused: a_debt_stops_the_deletion_or_is_refused(Table);
    a_debt_protected_by_the_writers_lock_stops_the_deletion_or_is_refused: a_debt_stops_the_deletion_or_is_refused(Writer);
    an_item_protected_by_a_foreign_key_is_deleted_with_its_booking_or_refused: a_new_row_is_deleted_with_its_parent_or_refused(ForeignKey, ITEM);
    an_item_protected_by_a_table_lock_is_deleted_with_its_booking_or_refused: a_new_row_is_deleted_with_its_parent_or_refused(Table, ITEM);
    an_item_protected_by_the_writers_lock_is_deleted_with_its_booking_or_refused: a_new_row_is_deleted_with_its_parent_or_refused(Writer, ITEM);
    a_booking_protected_by_a_foreign_key_is_deleted_with_its_client_or_refused: a_new_row_is_deleted_with_its_parent_or_refused(ForeignKey, RAW);
    a_booking_protected_by_a_table_lock_is_deleted_with_its_client_or_refused: a_new_row_is_deleted_with_its_parent_or_refused(Table, RAW);
    a_booking_protected_by_the_writers_lock_is_deleted_with_its_client_or_refused: a_new_row_is_deleted_with_its_parent_or_refused(Writer, RAW);
}

/// A soft deletion marks the dependents of a client. The writer's lock prevents new rows below a marked parent.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_writers_lock_keeps_new_rows_from_a_marked_parent() {
    for row in [ITEM, RAW] {
        let mut document = Writer.document();
        for kind in ["clients", "bookings", "items"] {
            document["kinds"][kind]["deleted_at"] = "deleted_at".into();
        }
        let rules = document["modes"]["hard_delete"].take();
        document["modes"] = json!({ "soft_delete": rules });
        document["modes"]["soft_delete"]["rules"]["debts.client_id"] = "keep".into();
        let marks = ["clients", "bookings", "items"]
            .map(|table| format!("ALTER TABLE {table} ADD COLUMN deleted_at timestamptz;"));
        let ddl = format!("{} {}", Writer.ddl(), marks.concat());
        let Some(world) = World::new(&ddl, &document).await else { return };
        let request = |id| Request::soft_delete("clients", id).by(Actor::new("ana", "ADMIN"));
        insert_races(Writer, row, request, &world, async |_, deleted, _| {
            deleted.as_ref().unwrap_or_else(|error| panic!("{error:?}"));
        })
        .await;
        let living = format!(
            "SELECT count(*) FROM {} AS c JOIN {} AS p ON p.id = c.{} WHERE c.deleted_at IS NULL AND p.deleted_at IS NOT NULL",
            row.table, row.parent, row.field
        );
        assert_eq!(world.number(&living).await, 0, "{}", row.table);
    }
}

#[tokio::test]
async fn check_names_exactly_the_unprotected_references() {
    let unprotected = async |protection: Protection| {
        let world = protection.world().await?;
        let catalogue = world.store().catalogue().await.unwrap();
        let found = findings(&world.policy, &catalogue).into_iter();
        let found = found.filter(|finding| finding.code == FindingCode::UnprotectedReference);
        Some(found.map(|finding| finding.path).collect::<Vec<_>>())
    };
    let Some(found) = unprotected(Nothing).await else { return };
    let all = ["references.bookings.client_id", "references.debts.client_id", "references.items.booking_id"];
    assert_eq!(found, all);
    // An insert that waits for the lock on the table goes in after the deletion.
    assert_eq!(unprotected(Table).await.unwrap(), all);
    for protection in [ForeignKey, Writer] {
        assert!(unprotected(protection).await.unwrap().is_empty());
    }
}
