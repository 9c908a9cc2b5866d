//! The data of the suite: kinds with a few rows each.

use chrono::{DateTime, TimeZone, Utc};

use super::Host;
use crate::domain::{DataMap, Kind, Record, Value};

/// The kinds that a host's store must have.
///
/// | kind | id | fields |
/// |---|---|---|
/// | `clients` | `user_id`, text | `name`, `email` text; `phone` text or null; `birth_date` date; `status` text; `deleted_at` timestamp or null |
/// | `debts` | `id`, text | `client_id` → clients; `status` text; `amount` integer; `due_at` timestamp |
/// | `bookings` | `id`, text | `client_id` → clients; `notes` text or null |
/// | `items` | `id`, integer | `booking_id` → bookings; `part_of` → items or null |
/// | `invoices` | `id`, text | `client_id` → clients or null; `number` text; `issued_at` timestamp |
/// | `seats` | `booking_id`, `number`: text → bookings, integer | `class` text |
/// | `meals` | none | `booking_id`, `seat` → seats or null; `client_id` → clients or null; `course` text |
/// | `profiles` | `client_id`, text → clients | `handle` text, unique |
/// | `sign_ups` | `id`, text | `email` → `clients.email`, ignoring case; `handle` → `profiles.handle` or null |
/// | `comments` | `id`, text | `owner_type` text or null; `owner_id` → clients if that is `client`, or bookings if it is `booking` |
#[must_use]
pub fn world() -> DataMap {
    serde_json::from_str(include_str!("world.json")).expect("the map of the suite")
}

/// The time of the suite's requests.
pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("an instant")
}

/// The names of the kinds, parents first.
pub(super) const KINDS: [&str; 10] = [
    "clients", "debts", "bookings", "items", "invoices", "seats", "meals", "profiles", "sign_ups", "comments",
];

pub(super) fn kind(name: &str) -> Kind {
    world().kind(&name.into()).expect("a kind").clone()
}

/// Loads rows of one kind.
pub(super) async fn load(host: &dyn Host, name: &str, rows: Vec<Record>) {
    host.load(&kind(name), rows).await;
}

/// Loads the rows that most cases start from: of the kinds whose rows have an id of one field.
pub(super) async fn load_all(host: &dyn Host) {
    for name in ["clients", "debts", "bookings", "items", "invoices"] {
        load(host, name, rows(name)).await;
    }
}

/// Loads the rows of all kinds.
pub(super) async fn load_keyed(host: &dyn Host) {
    for name in KINDS {
        load(host, name, rows(name)).await;
    }
}

fn rows(name: &str) -> Vec<Record> {
    match name {
        "clients" => vec![client("c1"), client("c2"), client("c3")],
        "debts" => vec![
            debt("d1", "c1", "PENDING"),
            debt("d2", "c1", "PENDING"),
            debt("d3", "c1", "SETTLED"),
            debt("d4", "c2", "PENDING"),
        ],
        "bookings" => [("b1", "c1"), ("b2", "c1"), ("b3", "c2")]
            .map(|(id, client)| Record::new(id).with("client_id", client).with("notes", Value::Null))
            .into(),
        "items" => vec![
            item(1, "b1", None),
            item(2, "b1", Some(1)),
            item(3, "b2", Some(2)),
            item(4, "b2", None),
            item(5, "b3", None),
        ],
        "invoices" => vec![
            invoice("i1", Some("c1")),
            invoice("i2", Some("c1")),
            invoice("i3", Some("c2")),
            invoice("i4", None),
        ],
        "seats" => vec![
            seat("b1", 2, "first"),
            seat("b1", 10, "second"),
            seat("b2", 2, "second"),
            seat("b3", 1, "first"),
        ],
        // Three of them are equal.
        "meals" => vec![
            meal(1, "b1", Some(2), None, "soup"),
            meal(2, "b1", Some(2), None, "soup"),
            meal(3, "b1", Some(2), None, "soup"),
            meal(4, "b1", Some(10), Some("c1"), "fish"),
            meal(5, "b2", Some(2), Some("c1"), "rice"),
            meal(6, "b1", None, Some("c2"), "cake"),
            meal(7, "b3", Some(1), Some("c2"), "tea"),
        ],
        // The handle of one client is the id of another.
        "profiles" => {
            [("c1", "ann"), ("c2", "c1")].map(|(id, handle)| Record::new(id).with("handle", handle)).into()
        }
        "sign_ups" => vec![
            sign_up("s1", "C1@Example.org", None),
            sign_up("s2", "c1@example.org", Some("ann")),
            sign_up("s3", "c2@example.org", Some("c1")),
            sign_up("s4", "c10@example.org", None),
            sign_up("s5", "c3@example.org", Some("ann")),
        ],
        _ => vec![
            comment("k1", "c1", Some("client")),
            comment("k2", "b1", Some("booking")),
            comment("k3", "c1", Some("booking")),
            comment("k4", "c1", None),
            comment("k5", "c2", Some("client")),
            comment("k6", "b1", Some("client")),
        ],
    }
}

pub(super) fn client(id: &str) -> Record {
    Record::new(id)
        .with("name", format!("Name of {id}"))
        .with("email", format!("{id}@example.org"))
        .with("phone", "600123456")
        .with("birth_date", "1984-05-06")
        .with("status", "ON")
        .with("deleted_at", Value::Null)
}

pub(super) fn debt(id: &str, client: &str, status: &str) -> Record {
    Record::new(id)
        .with("client_id", client)
        .with("status", status)
        .with("amount", 100)
        .with("due_at", "2026-01-05T10:00:00.000Z")
}

pub(super) fn item(id: i64, booking: &str, part_of: Option<i64>) -> Record {
    Record::new(id).with("booking_id", booking).with("part_of", part_of)
}

fn invoice(id: &str, client: Option<&str>) -> Record {
    Record::new(id)
        .with("client_id", client)
        .with("number", format!("2026/{id}"))
        .with("issued_at", "2025-12-01T08:30:00.000Z")
}

pub(super) fn seat(booking: &str, number: i64, class: &str) -> Record {
    Record::new((booking, number)).with("class", class)
}

/// Makes a row of a kind without an id. Backends that need one use the number.
pub(super) fn meal(
    number: i64,
    booking: &str,
    seat: Option<i64>,
    client: Option<&str>,
    course: &str,
) -> Record {
    Record::new(number)
        .with("booking_id", booking)
        .with("seat", seat)
        .with("client_id", client)
        .with("course", course)
}

pub(super) fn sign_up(id: &str, email: &str, handle: Option<&str>) -> Record {
    Record::new(id).with("email", email).with("handle", handle)
}

fn comment(id: &str, owner: &str, owner_type: Option<&str>) -> Record {
    Record::new(id).with("owner_id", owner).with("owner_type", owner_type)
}
