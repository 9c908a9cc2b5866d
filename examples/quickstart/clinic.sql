-- A typical clinic: its own tables, with ordinary foreign keys and no ON DELETE rules.
-- Everything is computed from the client's number, so every run creates the same clinic.

CREATE TABLE clients (
  user_id TEXT PRIMARY KEY, role TEXT NOT NULL, status TEXT NOT NULL,
  name TEXT NOT NULL, surname TEXT NOT NULL, email TEXT NOT NULL UNIQUE, deleted_at TEXT);
CREATE TABLE consents (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, signed_at TEXT NOT NULL);
CREATE TABLE revokes (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients,
  consent_id INTEGER NOT NULL REFERENCES consents, revoked_at TEXT NOT NULL);
CREATE TABLE questionnaires (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, answers TEXT NOT NULL);
CREATE TABLE bookings (
  id INTEGER PRIMARY KEY, client_id TEXT REFERENCES clients,
  starts_at TEXT NOT NULL, status TEXT NOT NULL, comment TEXT);
CREATE TABLE booking_items (
  id INTEGER PRIMARY KEY, booking_id INTEGER NOT NULL REFERENCES bookings, treatment TEXT NOT NULL);
CREATE TABLE debts (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients,
  cents INTEGER NOT NULL, status TEXT NOT NULL);
CREATE TABLE sales (
  id INTEGER PRIMARY KEY, client_id TEXT REFERENCES clients,
  cents INTEGER NOT NULL, issued_at TEXT NOT NULL);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, token TEXT NOT NULL);

CREATE INDEX consents_of_client ON consents (client_id);
CREATE INDEX revokes_of_client ON revokes (client_id);
CREATE INDEX revokes_of_consent ON revokes (consent_id);
CREATE INDEX questionnaires_of_client ON questionnaires (client_id);
CREATE INDEX bookings_of_client ON bookings (client_id);
CREATE INDEX items_of_booking ON booking_items (booking_id);
CREATE INDEX debts_of_client ON debts (client_id);
CREATE INDEX sales_of_client ON sales (client_id);
CREATE INDEX sessions_of_client ON sessions (client_id);

-- 300 clients, with the numbers 1 to 8 to generate their rows.
CREATE TEMP TABLE numbers AS
  WITH RECURSIVE up(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM up WHERE n < 300) SELECT n FROM up;
CREATE TEMP TABLE first_names (n INTEGER PRIMARY KEY, name TEXT);
INSERT INTO first_names (name) VALUES ('Lucía'), ('Mateo'), ('Marta'), ('Hugo'), ('Elena'), ('Diego'),
  ('Carmen'), ('Pablo'), ('Sofía'), ('Iván'), ('Nuria'), ('Óscar'), ('Julia');
CREATE TEMP TABLE surnames (n INTEGER PRIMARY KEY, surname TEXT);
INSERT INTO surnames (surname) VALUES ('García'), ('Romero'), ('Vega'), ('Ortiz'), ('Navarro'), ('Molina'),
  ('Serrano'), ('Prieto'), ('Campos'), ('Ibáñez'), ('Reyes');
CREATE TEMP VIEW people AS
  SELECT n, printf('00000000-0000-4000-8000-%012d', n) AS user_id FROM numbers;
CREATE TEMP VIEW things AS
  SELECT people.n, people.user_id, numbers.n AS k FROM people JOIN numbers ON numbers.n <= 8;

INSERT INTO clients (user_id, role, status, name, surname, email)
  SELECT user_id, CASE WHEN people.n % 100 = 0 THEN 'ADMIN' ELSE 'USER' END, 'ON',
         name, surname, printf('client%d@example.com', people.n)
  FROM people JOIN first_names ON first_names.n = 1 + people.n % 13 JOIN surnames ON surnames.n = 1 + people.n % 11;
INSERT INTO consents (client_id, signed_at)
  SELECT user_id, strftime('%Y-%m-%dT%H:%M:%SZ', '2023-01-09T09:30:00', ((n * 17 + k * 101) % 1100) || ' days')
  FROM things WHERE k <= 1 + n % 3;
INSERT INTO revokes (client_id, consent_id, revoked_at)
  SELECT client_id, min(id), '2026-06-01T12:00:00Z' FROM consents GROUP BY client_id HAVING count(*) > 2;
INSERT INTO questionnaires (client_id, answers)
  SELECT user_id, '{"allergies":"none"}' FROM things WHERE k <= n % 4;
INSERT INTO bookings (client_id, starts_at, status, comment)
  SELECT user_id, strftime('%Y-%m-%dT%H:%M:%SZ', '2023-12-01T16:00:00', ((n * 37 + k * 151) % 1100) || ' days'),
         CASE WHEN (n + k) % 4 = 0 THEN 'CANCELLED' ELSE 'BOOKED' END, 'prefers mornings'
  FROM things WHERE k <= n % 7;
INSERT INTO booking_items (booking_id, treatment)
  SELECT id, treatment FROM bookings, (SELECT 'cleaning' AS treatment UNION SELECT 'check-up') ORDER BY id;
INSERT INTO debts (client_id, cents, status)
  SELECT user_id, 500 * (n % 9 + k), CASE WHEN (n + k) % 5 = 0 THEN 'PENDING' ELSE 'PAID' END
  FROM things WHERE k <= n % 6;
INSERT INTO sales (client_id, cents, issued_at)
  SELECT user_id, 1500 * (n % 5 + k), strftime('%Y-%m-%dT%H:%M:%SZ', '2018-01-15T11:00:00', ((n * 53 + k * 397) % 3230) || ' days')
  FROM things WHERE k <= n % 9;
INSERT INTO sessions (client_id, token)
  SELECT user_id, printf('token-%d-%d', n, k) FROM things WHERE k <= n % 3;

DROP VIEW things;
DROP VIEW people;
DROP TABLE surnames;
DROP TABLE first_names;
DROP TABLE numbers;
