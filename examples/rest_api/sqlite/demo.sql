-- What `--demo` fills the tables with. Everything is computed from numbers, so every run makes the same data, as
-- seen from now.
CREATE TEMP TABLE numbers AS
  WITH RECURSIVE up(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM up WHERE n < 60) SELECT n FROM up;
CREATE TEMP TABLE first_names (n INTEGER PRIMARY KEY, name TEXT, gender TEXT);
INSERT INTO first_names (name, gender) VALUES ('Lucía', 'female'), ('Mateo', 'male'), ('Marta', 'female'),
  ('Hugo', 'male'), ('Elena', 'female'), ('Diego', 'male'), ('Nuria', 'female');
CREATE TEMP TABLE surnames (n INTEGER PRIMARY KEY, surname TEXT);
INSERT INTO surnames (surname) VALUES ('Romero'), ('Vega'), ('Ortiz'), ('Navarro'), ('Ibáñez');
CREATE TEMP VIEW people AS SELECT n, printf('00000000-0000-4000-8000-%012d', n) AS user_id FROM numbers;
CREATE TEMP VIEW things AS
  SELECT people.n, people.user_id, numbers.n AS k FROM people JOIN numbers ON numbers.n <= 8;

-- The clinic: the client of the documentation, one with a debt, an administrator, and 60 more.
INSERT INTO clients (user_id, role, status, password, email, name, surname, phone, address, city, country, postal_code,
  gender, birth_date, avatar, document_type, document_number, created_at, updated_at) VALUES
  ('550e8400-e29b-41d4-a716-446655440000', 'USER', 'ON', '', 'maria.garcia@example.com', 'Maria', 'Garcia',
   '+34612345678', 'Calle Mayor 123', 'Madrid', 'Spain', '28013', 'female', '1990-05-15', '', 'DNI', '12345678A',
   '2024-01-15T10:30:00.000Z', '2024-01-15T10:30:00.000Z'),
  ('550e8400-e29b-41d4-a716-446655440001', 'USER', 'ON', '', 'luis.prieto@example.com', 'Luis', 'Prieto',
   '+34698765432', 'Avenida del Puerto 7', 'Valencia', 'Spain', '46001', 'male', '1984-11-02', '', 'NIE', 'X1234567L',
   '2023-06-01T08:00:00.000Z', '2025-02-11T17:20:00.000Z'),
  ('550e8400-e29b-41d4-a716-446655440002', 'ADMIN', 'ON', '', 'recepcion@example.com', 'Ana', 'Campos',
   '+34911111111', 'Calle de Alcalá 1', 'Madrid', 'Spain', '28014', 'female', '1979-03-21', '', 'DNI', '87654321X',
   '2022-01-10T09:00:00.000Z', '2022-01-10T09:00:00.000Z');
INSERT INTO clients (user_id, role, status, password, email, name, surname, phone, address, city, country, postal_code,
  gender, birth_date, avatar, document_type, document_number, created_at, updated_at)
  SELECT user_id, 'USER', CASE WHEN people.n % 10 = 0 THEN 'OFF' ELSE 'ON' END, '',
         printf('client%d@example.com', people.n), name, surname, printf('+346%08d', people.n * 7919),
         printf('Calle Real %d', people.n), 'Madrid', 'Spain', printf('280%02d', people.n), gender,
         date('1950-01-15', (people.n * 307) || ' days'), '', 'DNI', printf('%08dA', people.n * 1234),
         strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-900 + people.n) || ' days'),
         strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-90 + people.n) || ' days')
  FROM people JOIN first_names ON first_names.n = 1 + people.n % 7 JOIN surnames ON surnames.n = 1 + people.n % 5;
INSERT INTO consents (client_id, document, signed_at)
  SELECT user_id, printf('consent-%d-%d.pdf', n, k), strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-800 + 20 * k) || ' days')
  FROM things WHERE k <= 1 + n % 3;
INSERT INTO consents (client_id, document, signed_at) VALUES
  ('550e8400-e29b-41d4-a716-446655440000', 'privacy.pdf', '2024-01-15T10:31:00.000Z'),
  ('550e8400-e29b-41d4-a716-446655440000', 'photographs.pdf', '2024-01-15T10:32:00.000Z');
INSERT INTO revokes (client_id, revoked_at) VALUES
  ('550e8400-e29b-41d4-a716-446655440000', '2025-03-01T12:00:00.000Z');
INSERT INTO questionnaires (client_id, answers) SELECT user_id, '{"allergies":"none"}' FROM things WHERE k <= n % 4;
INSERT INTO questionnaires (client_id, answers) VALUES
  ('550e8400-e29b-41d4-a716-446655440000', '{"allergies":"penicillin"}');
INSERT INTO bookings (client_id, starts_at, status, comment)
  SELECT user_id, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-400 + 60 * k + n) || ' days'),
         CASE WHEN (n + k) % 4 = 0 THEN 'CANCELLED' ELSE 'BOOKED' END, 'prefers mornings'
  FROM things WHERE k <= n % 7;
INSERT INTO bookings (client_id, starts_at, status, comment) VALUES
  ('550e8400-e29b-41d4-a716-446655440000', '2025-09-12T09:00:00.000Z', 'BOOKED', 'came late'),
  ('550e8400-e29b-41d4-a716-446655440000', '2025-10-12T09:00:00.000Z', 'CANCELLED', 'ill');
INSERT INTO debts (client_id, cents, status)
  SELECT user_id, 500 * (n % 9 + k), CASE WHEN (n + k) % 5 = 0 THEN 'PENDING' ELSE 'PAID' END
  FROM things WHERE k <= n % 4;
INSERT INTO debts (client_id, cents, status) VALUES
  ('550e8400-e29b-41d4-a716-446655440000', 4500, 'PAID'), ('550e8400-e29b-41d4-a716-446655440001', 12000, 'PENDING');
INSERT INTO sales (client_id, cents, issued_at)
  SELECT user_id, 1500 * k, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-2600 + 350 * k - n) || ' days')
  FROM things WHERE k <= n % 8;
INSERT INTO sales (client_id, cents, issued_at) VALUES
  ('550e8400-e29b-41d4-a716-446655440000', 4500, '2025-09-12T09:30:00.000Z');
INSERT INTO payments (client_id, cents, paid_at)
  SELECT client_id, cents, issued_at FROM sales WHERE client_id IS NOT NULL;
INSERT INTO sessions (client_id, token, expires_at) VALUES
  ('550e8400-e29b-41d4-a716-446655440000', lower(hex(randomblob(32))), strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '8 hours'));

-- The notification system: the user of the documentation, and 20 more.
INSERT INTO users VALUES ('123e4567-e89b-12d3-a456-426614174000', 'user@example.com', NULL);
INSERT INTO users SELECT printf('123e4567-e89b-12d3-a456-%012d', n), printf('user%d@example.com', n), NULL
  FROM numbers WHERE n <= 20;
INSERT INTO preferences (user_id, channel) SELECT id, channel FROM users, (SELECT 'push' AS channel UNION SELECT 'email') AS channels;
INSERT INTO push_tokens (user_id, token) SELECT id, lower(hex(randomblob(16))) FROM users;
INSERT INTO notifications (user_id, text) SELECT id, 'Welcome' FROM users;

-- The VPN: the customer of the documentation, one of another reseller, one with a subscription, and 20 more.
INSERT INTO customers VALUES
  ('user123', 'user123@example.net', 'reseller-7', NULL), ('user456', 'user456@example.net', 'reseller-9', NULL),
  ('user789', 'user789@example.net', 'reseller-7', NULL);
INSERT INTO customers SELECT printf('user%d', 1000 + n), printf('user%d@example.net', 1000 + n),
  printf('reseller-%d', n % 5), NULL FROM numbers WHERE n <= 20;
INSERT INTO subscriptions (customer_id, status) SELECT id, CASE WHEN id = 'user789' THEN 'ACTIVE' ELSE 'ENDED' END FROM customers;
INSERT INTO transactions (customer_id, cents, status, created_at)
  SELECT id, 999, 'PAID', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-400 days') FROM customers;
INSERT INTO logs (customer_id, line, created_at)
  SELECT id, 'connected', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-3 days') FROM customers;
INSERT INTO vpn_sessions (customer_id) SELECT id FROM customers;
INSERT INTO devices (customer_id, name) SELECT id, device FROM customers, (SELECT 'phone' AS device UNION SELECT 'laptop') AS kinds;

-- The credit unions: the one of the documentation, one with members and an active loan, one to move them to.
INSERT INTO officers VALUES ('officer-1', 'Grace Achieng'), ('officer-2', 'Peter Otieno');
INSERT INTO unions VALUES
  ('clx9876543210', 'Riverside', 'officer-1', NULL), ('clx1234567890', 'Hillside', 'officer-1', NULL),
  ('clx5555555555', 'Lakeside', 'officer-2', NULL);
INSERT INTO members SELECT printf('clm%010d', n), 'clx1234567890', name
  FROM numbers JOIN first_names USING (n) WHERE n <= 5;
INSERT INTO loans (union_id, cents, status) VALUES
  ('clx9876543210', 100000, 'PAID'), ('clx1234567890', 250000, 'PAID');

DROP VIEW things;
DROP VIEW people;
DROP TABLE surnames;
DROP TABLE first_names;
DROP TABLE numbers;
