-- == loc 1 --mode hard_delete --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loc" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "item" AS r WHERE r."loc" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "item" AS r WHERE r."loc_value" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loc" AS r WHERE r."id" = $2::text::bigint AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "loc" AS r WHERE r."id" = $4::text::bigint ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loc" AS r WHERE r."id" = $1::text::bigint)
SELECT count(*) FROM (SELECT 1 FROM "item" AS r WHERE r."loc" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loc" AS r WHERE r."id" = $1::text::bigint)
SELECT count(*) FROM (SELECT 1 FROM "item" AS r WHERE r."loc_value" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

SELECT count(*) FROM (SELECT 1 FROM "loc" AS r WHERE r."id" = $1::text::bigint ORDER BY r."id" FOR SHARE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loc" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "item" AS r WHERE r."loc" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "item" AS r WHERE r."loc_value" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loc" AS r WHERE r."id" = $2::text::bigint AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_kept_0"(id) AS (UPDATE "item" AS r SET "loc" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) IS TRUE) THEN NULL ELSE r."loc" END, "loc_value" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) THEN $3::bigint::bigint ELSE r."loc_value" END WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s UNION ALL SELECT s.id FROM "lifecycle_set_2" AS s)) RETURNING r."id"),
"lifecycle_gone_1"(id) AS (DELETE FROM "loc" AS r WHERE r."id" = $4::text::bigint RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $5::text::uuid, $6::text, j.value, $7::text::timestamptz, $8::text, $9::text, (SELECT $10::text::jsonb) FROM json_array_elements_text($11::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_0" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_0" AS k))) IS TRUE)), (SELECT count(*) FROM "lifecycle_gone_1")]::bigint[])::text;

