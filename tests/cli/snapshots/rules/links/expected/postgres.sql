-- == staff eva --mode hard_delete --actor ana --role ADMIN --reassign tasks.owner=old
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "keys" AS r WHERE r."staff_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $2::text))),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "desks" AS r WHERE r."staff_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."staff_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."checker" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" = $3::text) THEN NULL::integer ELSE 1 END AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL UNION ALL SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $4::text))) AS a GROUP BY a.id),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $5::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $6::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $7::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $8::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND ((r."active" = TRUE)))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, s.rank, count(*)::text FROM "lifecycle_set_6" AS s GROUP BY s.rank
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*)::text FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*)::text FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*)::text FROM "lifecycle_set_10" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "staff" AS r WHERE r."id" = $4::text::text ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $2::text)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $1::text::text)
SELECT count(*) FROM (SELECT 1 FROM "tasks" AS r WHERE r."checker" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" = $2::text) THEN NULL::integer ELSE 1 END AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL UNION ALL SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $3::text))) AS a GROUP BY a.id)
SELECT count(*) FROM (SELECT 1 FROM "tasks" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_6" AS s)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

SELECT count(*) FROM (SELECT 1 FROM "staff" AS r WHERE r."id" = ANY((SELECT $1::text::text[])::text[]) ORDER BY r."id" FOR SHARE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $2::text))),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."checker" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" = $3::text) THEN NULL::integer ELSE 1 END AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL UNION ALL SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $4::text))) AS a GROUP BY a.id),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $5::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $6::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $7::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $8::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND ((r."active" = TRUE))),
"lifecycle_kept_0"(id) AS (UPDATE "tasks" AS r SET "checker" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s))) IS TRUE) THEN NULL ELSE r."checker" END, "owner" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_6" AS s WHERE s.rank = 1))) IS TRUE) THEN $9::text ELSE CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_6" AS s WHERE s.rank = 0))) IS TRUE) THEN $10::text ELSE r."owner" END END WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s UNION ALL SELECT s.id FROM "lifecycle_set_6" AS s WHERE s.rank = 0 UNION ALL SELECT s.id FROM "lifecycle_set_6" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_kept_1"(id) AS (UPDATE "logs" AS r SET "staff_id" = $11::text WHERE r."staff_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_2"(id) AS (DELETE FROM "keys" AS r WHERE r."staff_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_kept_3"(id) AS (UPDATE "desks" AS r SET "staff_id" = $12::text WHERE r."staff_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_4"(id) AS (DELETE FROM "staff" AS r WHERE r."id" = $13::text::text RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $14::text::uuid, $15::text, j.value, $16::text::timestamptz, $17::text, $18::text, (SELECT $19::text::jsonb) FROM json_array_elements_text($20::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*)::text FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*)::text FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*)::text FROM "lifecycle_set_10" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_5" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_0" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_6" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_0" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_6" AS s WHERE s.rank = 1) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_0" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c), (SELECT count(*) FROM "lifecycle_kept_1"), (SELECT count(*) FROM "lifecycle_gone_2"), (SELECT count(*) FROM "lifecycle_kept_3"), (SELECT count(*) FROM "lifecycle_gone_4")]::bigint[])::text;

-- == staff eva --mode reassign --actor ana --reassign tasks.owner=old --reassign keys.staff_id=boss
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "keys" AS r WHERE r."staff_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $2::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $3::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "staff" AS r WHERE r."id" = $4::text::text ORDER BY r."id" FOR UPDATE OF r) AS locked);

SELECT count(*) FROM (SELECT 1 FROM "staff" AS r WHERE r."id" = ANY((SELECT $1::text::text[])::text[]) ORDER BY r."id" FOR SHARE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $2::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" = $3::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_kept_0"(id) AS (UPDATE "tasks" AS r SET "owner" = $4::text WHERE r."owner" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_kept_1"(id) AS (UPDATE "keys" AS r SET "staff_id" = $5::text WHERE r."staff_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $6::text::uuid, $7::text, j.value, $8::text::timestamptz, $9::text, $10::text, (SELECT $11::text::jsonb) FROM json_array_elements_text($12::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_kept_0"), (SELECT count(*) FROM "lifecycle_kept_1"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_0" AS s) AS c)]::bigint[])::text;

