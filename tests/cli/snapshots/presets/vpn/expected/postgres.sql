-- == customers user123 --mode soft_delete --reason privacy_request --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $2::text))),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $3::text))),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT 10, 0, count(*)::text FROM "lifecycle_set_10" AS s
UNION ALL SELECT 12, 0, count(*)::text FROM "lifecycle_set_12" AS s
UNION ALL SELECT 13, 0, count(*)::text FROM "lifecycle_set_13" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "customers" AS r WHERE r."id" = $4::text::text AND ((r."deleted_at" IS NULL)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL)))
SELECT count(*) FROM (SELECT 1 FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL)))
SELECT count(*) FROM (SELECT 1 FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL)))
SELECT count(*) FROM (SELECT 1 FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL)))
SELECT count(*) FROM (SELECT 1 FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL))),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $2::text))),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $3::text))),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_gone_0"(id) AS (DELETE FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_4"(id) AS (DELETE FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_kept_5"(id) AS (UPDATE "customers" AS r SET "deleted_at" = $4::text::timestamp with time zone WHERE r."id" = $5::text::text AND ((r."deleted_at" IS NULL)) RETURNING r."id"),
"lifecycle_replacing" AS (INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT $6::text::uuid, $7::text, $8::text, r."id"::text, replace(replace(to_json((r."deleted_at")::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity'), replace(replace(to_json(($9::text::timestamp with time zone)::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity') FROM "customers" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))),
"lifecycle_reported_0" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $10::text::uuid, $11::text, $12::text, r."id"::text, $13::text::timestamptz, jsonb_build_object() FROM "vpn_sessions" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_12" AS s)) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_reported_1" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $14::text::uuid, $15::text, $16::text, r."id"::text, $17::text::timestamptz, jsonb_build_object() FROM "devices" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_13" AS s)) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_reported_2" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $18::text::uuid, $19::text, $20::text, r."id"::text, $21::text::timestamptz, jsonb_build_object($22::text, r."email"::text) FROM "customers" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $23::text::uuid, $24::text, j.value, $25::text::timestamptz, $26::text, $27::text, jsonb_set((SELECT $28::text::jsonb), '{before}', coalesce(j.fields, '{}'::jsonb)) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields)::jsonb AS fields FROM (SELECT j.value AS value, j.key AS key, NULL::text AS fields FROM json_array_elements_text($29::text::json) WITH ORDINALITY AS j("value", "key") UNION ALL SELECT r."id"::text, NULL, jsonb_build_object($30::text, COALESCE(to_char(r."deleted_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r."deleted_at"::text), $31::text, r."managed_by"::text)::text FROM "customers" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT 10, 0, count(*)::text FROM "lifecycle_set_10" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_4" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_3" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c), (SELECT count(*) FROM "lifecycle_gone_4"), (SELECT count(*) FROM "lifecycle_kept_5")]::bigint[])::text;

-- == customers user123 --mode hard_delete --reason privacy_request --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."created_at" < $2::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "logs" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."created_at" < $3::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1))) IS TRUE)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 1))) IS TRUE)),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $4::text))),
"lifecycle_set_14"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $5::text))),
"lifecycle_set_16"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_17"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, s.rank, count(*)::text FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, s.rank, count(*)::text FROM "lifecycle_set_4" AS s GROUP BY s.rank
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*)::text FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT 11, 0, count(*)::text FROM "lifecycle_set_11" AS s
UNION ALL SELECT 14, 0, count(*)::text FROM "lifecycle_set_14" AS s
UNION ALL SELECT 16, 0, count(*)::text FROM "lifecycle_set_16" AS s
UNION ALL SELECT 17, 0, count(*)::text FROM "lifecycle_set_17" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "customers" AS r WHERE r."id" = $4::text::text ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "logs" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN (r."created_at" < $2::text::timestamptz) THEN 1 ELSE 0 END) BETWEEN 0 AND 1 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN (r."created_at" < $2::text::timestamptz) THEN 1 ELSE 0 END) BETWEEN 0 AND 1 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."created_at" < $2::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "logs" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."created_at" < $3::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1))) IS TRUE)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 1))) IS TRUE)),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $4::text))),
"lifecycle_set_14"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $5::text))),
"lifecycle_set_16"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_17"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_gone_0"(id) AS (DELETE FROM "vpn_sessions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_1"(id) AS (DELETE FROM "transactions" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_kept_1"(id) AS (UPDATE "transactions" AS r SET "customer_id" = NULL WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_7" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 1))) IS TRUE) RETURNING r."id"),
"lifecycle_gone_2"(id) AS (DELETE FROM "subscriptions" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_3"(id) AS (DELETE FROM "logs" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_kept_3"(id) AS (UPDATE "logs" AS r SET "customer_id" = NULL WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_6" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1))) IS TRUE) RETURNING r."id"),
"lifecycle_gone_4"(id) AS (DELETE FROM "devices" AS r WHERE r."customer_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_5"(id) AS (DELETE FROM "customers" AS r WHERE r."id" = $6::text::text RETURNING r."id"),
"lifecycle_reported_0" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $7::text::uuid, $8::text, $9::text, r."id"::text, $10::text::timestamptz, jsonb_build_object() FROM "vpn_sessions" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_16" AS s)) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_reported_1" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $11::text::uuid, $12::text, $13::text, r."id"::text, $14::text::timestamptz, jsonb_build_object() FROM "devices" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_17" AS s)) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_reported_2" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $15::text::uuid, $16::text, $17::text, r."id"::text, $18::text::timestamptz, jsonb_build_object($19::text, r."email"::text) FROM "customers" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $20::text::uuid, $21::text, j.value, $22::text::timestamptz, $23::text, $24::text, (SELECT $25::text::jsonb) FROM json_array_elements_text($26::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, s.rank, count(*)::text FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 4, s.rank, count(*)::text FROM "lifecycle_set_4" AS s GROUP BY s.rank
UNION ALL SELECT 11, 0, count(*)::text FROM "lifecycle_set_11" AS s
UNION ALL SELECT 14, 0, count(*)::text FROM "lifecycle_set_14" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM "lifecycle_gone_1"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_4" AS s WHERE s.rank = 0) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_7" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_1" AS k UNION ALL SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM "lifecycle_gone_2"), (SELECT count(*) FROM "lifecycle_gone_3"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 0) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_6" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_3" AS k UNION ALL SELECT k.id FROM "lifecycle_gone_3" AS k))) IS TRUE)), (SELECT count(*) FROM "lifecycle_gone_4"), (SELECT count(*) FROM "lifecycle_gone_5")]::bigint[])::text;

