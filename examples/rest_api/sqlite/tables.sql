-- The host's tables: four systems in one database, with ordinary foreign keys and no ON DELETE rules.

-- The clinic. Its staff is in `clients` too, with another role.
CREATE TABLE IF NOT EXISTS clients (
  user_id TEXT PRIMARY KEY NOT NULL, role TEXT NOT NULL, status TEXT NOT NULL,
  password TEXT NOT NULL DEFAULT '', -- set by the invitation; empty: the client cannot sign in
  email TEXT NOT NULL, name TEXT NOT NULL, surname TEXT NOT NULL, phone TEXT NOT NULL,
  address TEXT NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL, postal_code TEXT NOT NULL,
  gender TEXT NOT NULL, birth_date TEXT NOT NULL, avatar TEXT NOT NULL, document_type TEXT NOT NULL,
  document_number TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1); -- the number of writes
CREATE TABLE IF NOT EXISTS sessions (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients,
  token TEXT NOT NULL UNIQUE, -- the SHA-256 of the cookie
  expires_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS consents (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, document TEXT, signed_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS questionnaires (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, answers TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS revokes (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, revoked_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bookings (
  id INTEGER PRIMARY KEY, client_id TEXT REFERENCES clients, starts_at TEXT NOT NULL, status TEXT NOT NULL,
  comment TEXT);
CREATE TABLE IF NOT EXISTS debts (
  id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, cents INTEGER NOT NULL, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sales (
  id INTEGER PRIMARY KEY, client_id TEXT REFERENCES clients, cents INTEGER NOT NULL, issued_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payments (
  id INTEGER PRIMARY KEY, client_id TEXT REFERENCES clients, cents INTEGER NOT NULL, paid_at TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS clients_by_email ON clients (lower(email));
CREATE INDEX IF NOT EXISTS sessions_of_client ON sessions (client_id);
CREATE INDEX IF NOT EXISTS consents_of_client ON consents (client_id);
CREATE INDEX IF NOT EXISTS questionnaires_of_client ON questionnaires (client_id);
CREATE INDEX IF NOT EXISTS revokes_of_client ON revokes (client_id);
CREATE INDEX IF NOT EXISTS bookings_of_client ON bookings (client_id);
CREATE INDEX IF NOT EXISTS debts_of_client ON debts (client_id);
CREATE INDEX IF NOT EXISTS sales_of_client ON sales (client_id);
CREATE INDEX IF NOT EXISTS payments_of_client ON payments (client_id);

-- The notification system.
CREATE TABLE IF NOT EXISTS users (
  id TEXT PRIMARY KEY NOT NULL, email TEXT NOT NULL UNIQUE, deleted_at TEXT);
CREATE TABLE IF NOT EXISTS preferences (
  id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, channel TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS push_tokens (
  id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, token TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notifications (
  id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS preferences_of_user ON preferences (user_id);
CREATE INDEX IF NOT EXISTS push_tokens_of_user ON push_tokens (user_id);
CREATE INDEX IF NOT EXISTS notifications_of_user ON notifications (user_id);

-- The VPN.
CREATE TABLE IF NOT EXISTS customers (
  id TEXT PRIMARY KEY NOT NULL, email TEXT NOT NULL UNIQUE, managed_by TEXT NOT NULL, deleted_at TEXT);
CREATE TABLE IF NOT EXISTS subscriptions (
  id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS transactions (
  id INTEGER PRIMARY KEY, customer_id TEXT REFERENCES customers, cents INTEGER NOT NULL, status TEXT NOT NULL,
  created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS logs (
  id INTEGER PRIMARY KEY, customer_id TEXT REFERENCES customers, line TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS vpn_sessions (
  id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers);
CREATE TABLE IF NOT EXISTS devices (
  id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, name TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS subscriptions_of_customer ON subscriptions (customer_id);
CREATE INDEX IF NOT EXISTS transactions_of_customer ON transactions (customer_id);
CREATE INDEX IF NOT EXISTS logs_of_customer ON logs (customer_id);
CREATE INDEX IF NOT EXISTS vpn_sessions_of_customer ON vpn_sessions (customer_id);
CREATE INDEX IF NOT EXISTS devices_of_customer ON devices (customer_id);

-- The credit unions.
CREATE TABLE IF NOT EXISTS officers (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unions (
  id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, officer_id TEXT REFERENCES officers, "deletedAt" TEXT);
CREATE TABLE IF NOT EXISTS members (
  id TEXT PRIMARY KEY NOT NULL, union_id TEXT NOT NULL REFERENCES unions, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS loans (
  id INTEGER PRIMARY KEY, union_id TEXT NOT NULL REFERENCES unions, cents INTEGER NOT NULL, status TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS unions_of_officer ON unions (officer_id);
CREATE INDEX IF NOT EXISTS members_of_union ON members (union_id);
CREATE INDEX IF NOT EXISTS loans_of_union ON loans (union_id);
