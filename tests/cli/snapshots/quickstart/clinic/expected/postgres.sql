-- == clients 00000000-0000-4000-8000-000000000122 --mode hard_delete --actor ana --role ADMIN --reason privacy_request
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."status" = $3::text) THEN 1 ELSE 0 END AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "booking_items" AS r WHERE r."booking_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "revokes" AS r WHERE r."consent_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_3" AS s))) AS a GROUP BY a.id),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."issued_at" < $4::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_9"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."status" = $5::text) THEN NULL::integer ELSE 0 END AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))) IS TRUE)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 1))) IS TRUE)),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $6::text))),
"lifecycle_set_16"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $7::text) AND (r."starts_at" >= $8::text::timestamptz))),
"lifecycle_set_19"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."issued_at" >= $9::text::timestamptz))),
"lifecycle_set_20"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*)::text FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, s.rank, count(*)::text FROM "lifecycle_set_6" AS s GROUP BY s.rank
UNION ALL SELECT 7, s.rank, count(*)::text FROM "lifecycle_set_7" AS s GROUP BY s.rank
UNION ALL SELECT 8, 0, count(*)::text FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*)::text FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*)::text FROM "lifecycle_set_10" AS s
UNION ALL SELECT 13, 0, count(*)::text FROM "lifecycle_set_13" AS s
UNION ALL SELECT 16, 0, count(*)::text FROM "lifecycle_set_16" AS s
UNION ALL SELECT 19, 0, count(*)::text FROM "lifecycle_set_19" AS s
UNION ALL SELECT 20, 0, count(*)::text FROM "lifecycle_set_20" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "clients" AS r WHERE r."user_id" = $4::text::text AND ((r."role" = $5::text)) ORDER BY r."user_id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text)))
SELECT count(*) FROM (SELECT 1 FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN (r."status" = $3::text) THEN 1 ELSE 0 END) BETWEEN 0 AND 1 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text)))
SELECT count(*) FROM (SELECT 1 FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text)))
SELECT count(*) FROM (SELECT 1 FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text)))
SELECT count(*) FROM (SELECT 1 FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text))),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "revokes" AS r WHERE r."consent_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_3" AS s))) AS a GROUP BY a.id)
SELECT count(*) FROM (SELECT 1 FROM "revokes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_6" AS s)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text)))
SELECT count(*) FROM (SELECT 1 FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN (r."issued_at" < $3::text::timestamptz) THEN 1 ELSE 0 END) BETWEEN 0 AND 1 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text)))
SELECT count(*) FROM (SELECT 1 FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text)))
SELECT count(*) FROM (SELECT 1 FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."status" = $3::text) THEN 1 ELSE 0 END AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "revokes" AS r WHERE r."consent_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_3" AS s))) AS a GROUP BY a.id),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."issued_at" < $4::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_9"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."status" = $5::text) THEN NULL::integer ELSE 0 END AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))) IS TRUE)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 1))) IS TRUE)),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $6::text))),
"lifecycle_set_16"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $7::text) AND (r."starts_at" >= $8::text::timestamptz))),
"lifecycle_set_19"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."issued_at" >= $9::text::timestamptz))),
"lifecycle_set_20"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_gone_0"(id) AS (DELETE FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_1"(id) AS (DELETE FROM "sales" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_kept_1"(id) AS (UPDATE "sales" AS r SET "client_id" = NULL WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_10" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 1))) IS TRUE) RETURNING r."id"),
"lifecycle_gone_2"(id) AS (DELETE FROM "revokes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_6" AS s WHERE s.rank = 0)) RETURNING r."id"),
"lifecycle_gone_3"(id) AS (DELETE FROM "questionnaires" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_4"(id) AS (DELETE FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_5"(id) AS (DELETE FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_6"(id) AS (DELETE FROM "booking_items" AS r WHERE r."booking_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_gone_7"(id) AS (DELETE FROM "bookings" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_kept_7"(id) AS (UPDATE "bookings" AS r SET "comment" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0))) IS TRUE) THEN NULL ELSE r."comment" END, "client_id" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_9" AS s))) IS TRUE) THEN NULL ELSE r."client_id" END WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0 UNION ALL SELECT s.id FROM "lifecycle_set_9" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))) IS TRUE) RETURNING r."id"),
"lifecycle_gone_8"(id) AS (DELETE FROM "clients" AS r WHERE r."user_id" = $10::text::text AND ((r."role" = $11::text)) RETURNING r."user_id"),
"lifecycle_reported_0" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $12::text::uuid, $13::text, $14::text, r."id"::text, $15::text::timestamptz, jsonb_build_object($16::text, r."token"::text) FROM "sessions" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_20" AS s)) ORDER BY r."id" ON CONFLICT DO NOTHING),
"lifecycle_reported_1" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $17::text::uuid, $18::text, $19::text, r."user_id"::text, $20::text::timestamptz, jsonb_build_object($21::text, r."email"::text) FROM "clients" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."user_id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $22::text::uuid, $23::text, j.value, $24::text::timestamptz, $25::text, $26::text, (SELECT $27::text::jsonb) FROM json_array_elements_text($28::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 6, s.rank, count(*)::text FROM "lifecycle_set_6" AS s GROUP BY s.rank
UNION ALL SELECT 7, s.rank, count(*)::text FROM "lifecycle_set_7" AS s GROUP BY s.rank
UNION ALL SELECT 13, 0, count(*)::text FROM "lifecycle_set_13" AS s
UNION ALL SELECT 16, 0, count(*)::text FROM "lifecycle_set_16" AS s
UNION ALL SELECT 19, 0, count(*)::text FROM "lifecycle_set_19" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM "lifecycle_gone_1"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_7" AS s WHERE s.rank = 0) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_10" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_1" AS k UNION ALL SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM "lifecycle_gone_2"), (SELECT count(*) FROM "lifecycle_gone_3"), (SELECT count(*) FROM "lifecycle_gone_4"), (SELECT count(*) FROM "lifecycle_gone_5"), (SELECT count(*) FROM "lifecycle_gone_6"), (SELECT count(*) FROM "lifecycle_gone_7"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_7" AS k UNION ALL SELECT k.id FROM "lifecycle_gone_7" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_9" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_7" AS k UNION ALL SELECT k.id FROM "lifecycle_gone_7" AS k))) IS TRUE)), (SELECT count(*) FROM "lifecycle_gone_8")]::bigint[])::text;

-- == clients 00000000-0000-4000-8000-000000000047 --mode deactivate --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*)::text FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "clients" AS r WHERE r."user_id" = $4::text::text AND ((r."role" = $5::text)) ORDER BY r."user_id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_kept_7"(id) AS (UPDATE "clients" AS r SET "status" = $3::text WHERE r."user_id" = $4::text::text AND ((r."role" = $5::text)) RETURNING r."user_id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $6::text::uuid, $7::text, j.value, $8::text::timestamptz, $9::text, $10::text, (SELECT $11::text::jsonb) FROM json_array_elements_text($12::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*)::text FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_7" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_6" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_5" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_4" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_3" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s) AS c), (SELECT count(*) FROM "lifecycle_kept_7")]::bigint[])::text;

-- == clients 00000000-0000-4000-8000-000000000122 --mode reactivate --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*)::text FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "clients" AS r WHERE r."user_id" = $4::text::text AND ((r."role" = $5::text)) ORDER BY r."user_id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, 0 AS rank FROM "clients" AS r WHERE r."user_id" = $1::text::text AND ((r."role" = $2::text))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_kept_7"(id) AS (UPDATE "clients" AS r SET "status" = $3::text WHERE r."user_id" = $4::text::text AND ((r."role" = $5::text)) RETURNING r."user_id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $6::text::uuid, $7::text, j.value, $8::text::timestamptz, $9::text, $10::text, (SELECT $11::text::jsonb) FROM json_array_elements_text($12::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*)::text FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_7" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_6" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_5" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_4" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_3" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s) AS c), (SELECT count(*) FROM "lifecycle_kept_7")]::bigint[])::text;

