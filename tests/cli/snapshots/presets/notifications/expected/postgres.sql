-- == users 123e4567-e89b-12d3-a456-426614174000 --mode hard_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notifications" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "preferences" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "users" AS r WHERE r."id" = $4::text::text ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_gone_0"(id) AS (DELETE FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_1"(id) AS (DELETE FROM "preferences" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_2"(id) AS (DELETE FROM "notifications" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_3"(id) AS (DELETE FROM "users" AS r WHERE r."id" = $2::text::text RETURNING r."id"),
"lifecycle_reported_0" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $3::text::uuid, $4::text, $5::text, r."id"::text, $6::text::timestamptz, jsonb_build_object($7::text, r."token"::text) FROM "push_tokens" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s)) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_reported_1" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $8::text::uuid, $9::text, $10::text, r."id"::text, $11::text::timestamptz, jsonb_build_object() FROM "users" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $12::text::uuid, $13::text, j.value, $14::text::timestamptz, $15::text, $16::text, (SELECT $17::text::jsonb) FROM json_array_elements_text($18::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM "lifecycle_gone_1"), (SELECT count(*) FROM "lifecycle_gone_2"), (SELECT count(*) FROM "lifecycle_gone_3")]::bigint[])::text;

-- == users 123e4567-e89b-12d3-a456-426614174000 --mode soft_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notifications" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "preferences" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "users" AS r WHERE r."id" = $4::text::text AND ((r."deleted_at" IS NULL)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL)))
SELECT count(*) FROM (SELECT 1 FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" = $1::text::text AND ((r."deleted_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notifications" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "preferences" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_gone_0"(id) AS (DELETE FROM "push_tokens" AS r WHERE r."user_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_kept_3"(id) AS (UPDATE "users" AS r SET "deleted_at" = $2::text::timestamp with time zone WHERE r."id" = $3::text::text AND ((r."deleted_at" IS NULL)) RETURNING r."id"),
"lifecycle_replacing" AS (INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT $4::text::uuid, $5::text, $6::text, r."id"::text, replace(replace(to_json((r."deleted_at")::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity'), replace(replace(to_json(($7::text::timestamp with time zone)::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity') FROM "users" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))),
"lifecycle_reported_0" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $8::text::uuid, $9::text, $10::text, r."id"::text, $11::text::timestamptz, jsonb_build_object($12::text, r."token"::text) FROM "push_tokens" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s)) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_reported_1" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $13::text::uuid, $14::text, $15::text, r."id"::text, $16::text::timestamptz, jsonb_build_object() FROM "users" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $17::text::uuid, $18::text, j.value, $19::text::timestamptz, $20::text, $21::text, jsonb_set((SELECT $22::text::jsonb), '{before}', coalesce(j.fields, '{}'::jsonb)) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields)::jsonb AS fields FROM (SELECT j.value AS value, j.key AS key, NULL::text AS fields FROM json_array_elements_text($23::text::json) WITH ORDINALITY AS j("value", "key") UNION ALL SELECT r."id"::text, NULL, jsonb_build_object($24::text, COALESCE(to_char(r."deleted_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r."deleted_at"::text))::text FROM "users" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s) AS c), (SELECT count(*) FROM "lifecycle_kept_3")]::bigint[])::text;

