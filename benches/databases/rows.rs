//! The rows of the benchmark. Ids are random, so the rows of one client are scattered over their tables.

use crate::size::Size;
use crate::tables::{RELATIONS, Relation, SURVIVING, System};

/// Clients that are deleted one by one, with 91 rows each.
pub(crate) const SMALL: &str = "small";
/// The client with 10,000 bookings of nine items.
pub(crate) const LARGE: &str = "large";
/// Clients that are deleted two thousand at a time, with 45 rows each.
pub(crate) const MANY: &str = "many";

/// Returns the number of rows in a table for a client of each cohort: small, large, many.
fn counts(table: &str, size: &Size) -> [usize; 3] {
    match table {
        "consents" | "devices" => [4, 100, 2],
        "questionnaires" => [3, 100, 1],
        "revokes" => [2, 100, 1],
        "bookings" => [6, size.bookings, 3],
        "debts" => [5, 100, 2],
        "invoices" => [6, 100, 3],
        "sessions" => [6, 200, 3],
        _ => [0; 3],
    }
}

/// Returns the number of rows that the deletion of one client of this cohort affects.
pub(crate) fn touched(cohort: &str, size: &Size) -> u64 {
    let at = [SMALL, LARGE, MANY].iter().position(|name| *name == cohort).unwrap();
    let own = RELATIONS.iter().map(|relation| counts(relation.table, size)[at]).sum::<usize>();
    let items = 9 * counts("bookings", size)[at];
    u64::try_from(1 + own + items).unwrap()
}

/// Returns the number of rows that the deletion of one client of this cohort deletes. The others only lose their
/// reference.
pub(crate) fn deleted(cohort: &str, size: &Size) -> u64 {
    let at = [SMALL, LARGE, MANY].iter().position(|name| *name == cohort).unwrap();
    touched(cohort, size) - u64::try_from(counts(SURVIVING, size)[at]).unwrap()
}

/// Returns the number of rows of one table that are deleted with a small client.
pub(crate) fn deleted_from(table: &str, size: &Size) -> usize {
    match table {
        "clients" => 1,
        "booking_items" => 9 * counts("bookings", size)[0],
        SURVIVING => 0,
        _ => counts(table, size)[0],
    }
}

/// Returns the number of rows of a small client that lose their reference when it is deleted.
pub(crate) fn kept(size: &Size) -> usize {
    counts(SURVIVING, size)[0]
}

/// Returns the statements that fill the tables. Run them before the indexes are created.
pub(crate) fn rows(system: System, size: &Size) -> String {
    let (id, at) = match system {
        System::Postgres => ("gen_random_uuid()", "'2026-01-01T00:00:00Z'::timestamptz"),
        System::Sqlite => (
            "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || \
             substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))",
            "'2026-01-01T00:00:00.000Z'",
        ),
    };
    let longest = size.clients.max(size.bookings).max(size.small_clients()).max(200);
    let mut sql = format!(
        "CREATE TABLE bench_series (i integer PRIMARY KEY);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {longest}) INSERT INTO bench_series SELECT i FROM n;\n"
    );
    for (cohort, count) in [(SMALL, size.small_clients()), (LARGE, 1), (MANY, size.clients)] {
        sql.push_str(&format!(
            "INSERT INTO clients SELECT {id} AS id, '{cohort}', 'client' || s.i || '@example.com', 'Client ' || s.i, {at} \
             FROM bench_series AS s WHERE s.i <= {count} ORDER BY id;\n"
        ));
    }
    for Relation { table, field, to } in &RELATIONS {
        let [small, large, many] = counts(table, size);
        let how_many = match *table {
            "booking_items" => "9".to_owned(),
            // Every two invoices have three lines in total.
            "invoice_lines" => "1 + p.number % 2".to_owned(),
            _ => format!(
                "CASE p.cohort WHEN '{SMALL}' THEN {small} WHEN '{LARGE}' THEN {large} ELSE {many} END"
            ),
        };
        // `ORDER BY 1` inserts the rows in the order of their random ids, as if they had been added over the years.
        sql.push_str(&format!(
            "INSERT INTO {table} (id, {field}, number, status, note, created_at) \
             SELECT {id} AS id, p.id, s.i, 'PAID', 'a note on this row', {at} \
             FROM {to} AS p JOIN bench_series AS s ON s.i <= {how_many} ORDER BY 1;\n"
        ));
    }
    sql
}

/// Returns the statements that copy the rows of these clients, to restore them after each deletion.
pub(crate) fn keep(clients: &str) -> String {
    let mut sql = format!("CREATE TABLE keep_clients AS SELECT * FROM clients WHERE {clients};\n");
    for Relation { table, field, to } in &RELATIONS {
        if *to != SURVIVING {
            sql.push_str(&format!(
                "CREATE TABLE keep_{table} AS SELECT * FROM {table} WHERE {field} IN (SELECT id FROM keep_{to});\n"
            ));
        }
    }
    sql
}

/// Returns the statements that insert the copied rows again.
pub(crate) fn restore() -> String {
    let mut sql = String::from("INSERT INTO clients SELECT * FROM keep_clients;\n");
    for Relation { table, field, to } in &RELATIONS {
        if *table == SURVIVING {
            sql.push_str(&format!(
                "UPDATE {table} SET {field} = (SELECT k.{field} FROM keep_{table} AS k WHERE k.id = {table}.id) \
                 WHERE id IN (SELECT id FROM keep_{table});\n"
            ));
        } else if *to != SURVIVING {
            sql.push_str(&format!("INSERT INTO {table} SELECT * FROM keep_{table};\n"));
        }
    }
    sql
}

/// Returns the statements that drop the copied rows.
pub(crate) fn forget() -> String {
    let kept = RELATIONS.iter().filter(|relation| relation.to != SURVIVING).map(|relation| relation.table);
    kept.chain(["clients"]).map(|table| format!("DROP TABLE keep_{table};\n")).collect()
}
