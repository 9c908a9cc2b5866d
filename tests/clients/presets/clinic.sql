CREATE TABLE clients (
  user_id TEXT PRIMARY KEY NOT NULL, role TEXT NOT NULL, status TEXT NOT NULL, password TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, surname TEXT NOT NULL, phone TEXT NOT NULL,
  address TEXT NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL, postal_code TEXT NOT NULL,
  gender TEXT NOT NULL, birth_date TEXT NOT NULL, avatar TEXT NOT NULL, document_type TEXT NOT NULL,
  document_number TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE consents (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT NOT NULL REFERENCES clients, document TEXT, signed_at TEXT NOT NULL);
CREATE TABLE questionnaires (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT NOT NULL REFERENCES clients, answers TEXT NOT NULL);
CREATE TABLE revokes (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT NOT NULL REFERENCES clients, revoked_at TEXT NOT NULL);
CREATE TABLE bookings (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT REFERENCES clients, starts_at TEXT NOT NULL, status TEXT NOT NULL,
  comment TEXT);
CREATE TABLE debts (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT NOT NULL REFERENCES clients, status TEXT NOT NULL);
CREATE TABLE sales (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT REFERENCES clients, issued_at TEXT NOT NULL);
CREATE TABLE payments (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT REFERENCES clients, paid_at TEXT NOT NULL);
CREATE TABLE sessions (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT NOT NULL REFERENCES clients, token TEXT NOT NULL);
