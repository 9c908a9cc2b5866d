-- The host's tables: four systems in one schema, with ordinary foreign keys and no ON DELETE rules.

-- The clinic. Its staff is in `clients` too, with another role.
CREATE TABLE IF NOT EXISTS clients (
  user_id uuid PRIMARY KEY, role text NOT NULL, status text NOT NULL CHECK (status IN ('ON', 'OFF')),
  password text NOT NULL DEFAULT '', -- set by the invitation; empty: the client cannot sign in
  email varchar(320) NOT NULL, name text NOT NULL, surname text NOT NULL, phone text NOT NULL,
  address text NOT NULL, city text NOT NULL, country text NOT NULL, postal_code text NOT NULL,
  gender text NOT NULL, birth_date date NOT NULL, avatar text NOT NULL, document_type text NOT NULL,
  document_number text NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1); -- the number of writes
CREATE TABLE IF NOT EXISTS sessions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid NOT NULL REFERENCES clients,
  token text NOT NULL UNIQUE, -- the SHA-256 of the cookie
  expires_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS consents (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid NOT NULL REFERENCES clients, document text,
  signed_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS questionnaires (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid NOT NULL REFERENCES clients,
  answers jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS revokes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid NOT NULL REFERENCES clients,
  revoked_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS bookings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid REFERENCES clients,
  starts_at timestamptz NOT NULL, status text NOT NULL, comment text);
CREATE TABLE IF NOT EXISTS debts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid NOT NULL REFERENCES clients,
  cents bigint NOT NULL, status text NOT NULL);
CREATE TABLE IF NOT EXISTS sales (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid REFERENCES clients, cents bigint NOT NULL,
  issued_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS payments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client_id uuid REFERENCES clients, cents bigint NOT NULL,
  paid_at timestamptz NOT NULL);
-- In the C collation, because the library compares addresses by bytes.
CREATE UNIQUE INDEX IF NOT EXISTS clients_by_email ON clients (lower(email COLLATE "C"));
CREATE INDEX IF NOT EXISTS sessions_of_client ON sessions (client_id);
CREATE INDEX IF NOT EXISTS consents_of_client ON consents (client_id);
CREATE INDEX IF NOT EXISTS questionnaires_of_client ON questionnaires (client_id);
CREATE INDEX IF NOT EXISTS revokes_of_client ON revokes (client_id);
CREATE INDEX IF NOT EXISTS bookings_of_client ON bookings (client_id);
CREATE INDEX IF NOT EXISTS debts_of_client ON debts (client_id);
CREATE INDEX IF NOT EXISTS sales_of_client ON sales (client_id);
CREATE INDEX IF NOT EXISTS payments_of_client ON payments (client_id);

-- The notification system.
CREATE TABLE IF NOT EXISTS users (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, deleted_at timestamptz);
CREATE TABLE IF NOT EXISTS preferences (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL REFERENCES users, channel text NOT NULL);
CREATE TABLE IF NOT EXISTS push_tokens (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL REFERENCES users, token text NOT NULL);
CREATE TABLE IF NOT EXISTS notifications (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL REFERENCES users, text text NOT NULL);
CREATE INDEX IF NOT EXISTS preferences_of_user ON preferences (user_id);
CREATE INDEX IF NOT EXISTS push_tokens_of_user ON push_tokens (user_id);
CREATE INDEX IF NOT EXISTS notifications_of_user ON notifications (user_id);

-- The VPN.
CREATE TABLE IF NOT EXISTS customers (
  id text PRIMARY KEY, email text NOT NULL UNIQUE, managed_by text NOT NULL, deleted_at timestamptz);
CREATE TABLE IF NOT EXISTS subscriptions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id text NOT NULL REFERENCES customers,
  status text NOT NULL);
CREATE TABLE IF NOT EXISTS transactions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id text REFERENCES customers, cents bigint NOT NULL,
  status text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS logs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id text REFERENCES customers, line text NOT NULL,
  created_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS vpn_sessions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id text NOT NULL REFERENCES customers);
CREATE TABLE IF NOT EXISTS devices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id text NOT NULL REFERENCES customers,
  name text NOT NULL);
CREATE INDEX IF NOT EXISTS subscriptions_of_customer ON subscriptions (customer_id);
CREATE INDEX IF NOT EXISTS transactions_of_customer ON transactions (customer_id);
CREATE INDEX IF NOT EXISTS logs_of_customer ON logs (customer_id);
CREATE INDEX IF NOT EXISTS vpn_sessions_of_customer ON vpn_sessions (customer_id);
CREATE INDEX IF NOT EXISTS devices_of_customer ON devices (customer_id);

-- The credit unions.
CREATE TABLE IF NOT EXISTS officers (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE IF NOT EXISTS unions (
  id text PRIMARY KEY, name text NOT NULL, officer_id text REFERENCES officers, "deletedAt" timestamptz);
CREATE TABLE IF NOT EXISTS members (id text PRIMARY KEY, union_id text NOT NULL REFERENCES unions, name text NOT NULL);
CREATE TABLE IF NOT EXISTS loans (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, union_id text NOT NULL REFERENCES unions,
  cents bigint NOT NULL, status text NOT NULL);
CREATE INDEX IF NOT EXISTS unions_of_officer ON unions (officer_id);
CREATE INDEX IF NOT EXISTS members_of_union ON members (union_id);
CREATE INDEX IF NOT EXISTS loans_of_union ON loans (union_id);
