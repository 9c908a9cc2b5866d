-- == accounts a1 --mode soft_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) AND r."id" IS NOT NULL)
SELECT 0, array_to_json(ARRAY[count(*) FILTER (WHERE s.rank < 0), count(*) FILTER (WHERE s.rank >= 0), count(*) FILTER (WHERE s.rank = 0)]::bigint[])::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, array_to_json(ARRAY[0, count(*) FILTER (WHERE s.rank = 0), count(*) FILTER (WHERE s.rank = 1)]::bigint[])::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT -1, to_json(s.id)::text FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "accounts" AS r WHERE r."id" = ANY($4::text::text[]) AND r."id" IS NOT NULL AND (CASE WHEN ((r."tenant" = $5::bigint) AND (r."removed_at" IS NULL)) THEN 0 END) >= 0 ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL)
SELECT count(*) FROM (SELECT 1 FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL AND (CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END) = 0 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id)
SELECT count(*) FROM (SELECT 1 FROM "comments" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) AND r."id" IS NOT NULL)
SELECT 0, array_to_json(ARRAY[count(*) FILTER (WHERE s.rank < 0), count(*) FILTER (WHERE s.rank >= 0), count(*) FILTER (WHERE s.rank = 0)]::bigint[])::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, array_to_json(ARRAY[0, count(*) FILTER (WHERE s.rank = 1), count(*) FILTER (WHERE s.rank = 0)]::bigint[])::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_3" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL)
SELECT $3::text::uuid, $4::text, j.value, $5::text::timestamptz, $6::text, $7::text, jsonb_set($8::text::jsonb, '{before}', coalesce((SELECT jsonb_build_object($9::text, to_char(r."removed_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), $10::text, r."tenant") FROM "accounts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id"::text = j.value), '{}'::jsonb)) FROM json_array_elements_text($11::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id)
DELETE FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) AND r."id" IS NOT NULL;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_kept_0"(id) AS (UPDATE "comments" AS r SET "removed_at" = CASE WHEN r."id" IN (SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1) THEN $3::text::timestamp with time zone ELSE r."removed_at" END, "text" = CASE WHEN r."id" IN (SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0) THEN NULL ELSE r."text" END WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1 UNION ALL SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0)) RETURNING r."id"),
"lifecycle_marked" AS (INSERT INTO "lifecycle_marks" (operation, kind, record) SELECT $4::text::uuid, $5::text, c.id::text FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 1) AS c WHERE (c.id IN (SELECT k.id FROM "lifecycle_kept_0" AS k)) IS TRUE ON CONFLICT DO NOTHING)
SELECT array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 1) AS c WHERE (c.id IN (SELECT k.id FROM "lifecycle_kept_0" AS k)) IS TRUE), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT k.id FROM "lifecycle_kept_0" AS k)) IS TRUE)]::bigint[])::text;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_kept_0"(id) AS (UPDATE "posts" AS r SET "removed_at" = $3::text::timestamp with time zone WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL AND (CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END) = 0 RETURNING r."id"),
"lifecycle_marked" AS (INSERT INTO "lifecycle_marks" (operation, kind, record) SELECT $4::text::uuid, $5::text, c.id::text FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s) AS c WHERE (c.id IN (SELECT k.id FROM "lifecycle_kept_0" AS k)) IS TRUE ON CONFLICT DO NOTHING)
SELECT array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_kept_0")]::bigint[])::text;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."tenant" = $1::bigint) AND (r."removed_at" IS NULL)) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_kept_0"(id) AS (UPDATE "accounts" AS r SET "removed_at" = $3::text::timestamp with time zone WHERE r."id" = ANY($4::text::text[]) AND r."id" IS NOT NULL AND (CASE WHEN ((r."tenant" = $5::bigint) AND (r."removed_at" IS NULL)) THEN 0 END) = 0 RETURNING r."id"),
"lifecycle_marked" AS (INSERT INTO "lifecycle_marks" (operation, kind, record) SELECT $6::text::uuid, $7::text, c.id::text FROM (SELECT s.id AS id FROM "lifecycle_set_0" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT k.id FROM "lifecycle_kept_0" AS k)) IS TRUE ON CONFLICT DO NOTHING)
SELECT array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_kept_0")]::bigint[])::text;

-- == accounts a1 --mode anonymize
WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL)
SELECT 0, array_to_json(ARRAY[count(*) FILTER (WHERE s.rank < 0), count(*) FILTER (WHERE s.rank >= 0), count(*) FILTER (WHERE s.rank = 0)]::bigint[])::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT -1, to_json(s.id)::text FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "accounts" AS r WHERE r."id" = ANY($4::text::text[]) AND r."id" IS NOT NULL AND (CASE WHEN (r."tenant" = $5::bigint) THEN 0 END) >= 0 ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL)
SELECT 0, array_to_json(ARRAY[count(*) FILTER (WHERE s.rank < 0), count(*) FILTER (WHERE s.rank >= 0), count(*) FILTER (WHERE s.rank = 0)]::bigint[])::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_2" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL)
SELECT $3::text::uuid, $4::text, j.value, $5::text::timestamptz, $6::text, $7::text, jsonb_set($8::text::jsonb, '{before}', coalesce((SELECT jsonb_build_object($9::text, to_char(r."removed_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), $10::text, r."tenant") FROM "accounts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id"::text = j.value), '{}'::jsonb)) FROM json_array_elements_text($11::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL)
UPDATE "posts" AS r SET "title" = left(r."title"::text, 0) WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL;

UPDATE "accounts" AS r SET "name" = $1::text, "removed_at" = $2::text::timestamp with time zone WHERE r."id" = ANY($3::text::text[]) AND r."id" IS NOT NULL AND (CASE WHEN (r."tenant" = $4::bigint) THEN 0 END) = 0;

-- == accounts a1 --mode hard_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND r."id" IS NOT NULL)
SELECT 0, array_to_json(ARRAY[count(*) FILTER (WHERE s.rank < 0), count(*) FILTER (WHERE s.rank >= 0), count(*) FILTER (WHERE s.rank = 0)]::bigint[])::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, array_to_json(ARRAY[0, count(*) FILTER (WHERE s.rank = 0), count(*) FILTER (WHERE s.rank = 1)]::bigint[])::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT -1, to_json(s.id)::text FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "accounts" AS r WHERE r."id" = ANY($4::text::text[]) AND r."id" IS NOT NULL AND (CASE WHEN (r."tenant" = $5::bigint) THEN 0 END) >= 0 ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL)
SELECT count(*) FROM (SELECT 1 FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS a GROUP BY a.id)
SELECT count(*) FROM (SELECT 1 FROM "comments" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND r."id" IS NOT NULL)
SELECT 0, array_to_json(ARRAY[count(*) FILTER (WHERE s.rank < 0), count(*) FILTER (WHERE s.rank >= 0), count(*) FILTER (WHERE s.rank = 0)]::bigint[])::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, array_to_json(ARRAY[0, count(*) FILTER (WHERE s.rank = 0), count(*) FILTER (WHERE s.rank = 1)]::bigint[])::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, array_to_json(ARRAY[0, count(*)]::bigint[])::text FROM "lifecycle_set_3" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL)
SELECT $3::text::uuid, $4::text, j.value, $5::text::timestamptz, $6::text, $7::text, jsonb_set($8::text::jsonb, '{before}', coalesce((SELECT jsonb_build_object($9::text, to_char(r."removed_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), $10::text, r."tenant") FROM "accounts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id"::text = j.value), '{}'::jsonb)) FROM json_array_elements_text($11::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS a GROUP BY a.id)
DELETE FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND r."id" IS NOT NULL;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND r."id" IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_gone_0"(id) AS (DELETE FROM "comments" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0 UNION ALL SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) RETURNING r."id")
SELECT array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT k.id FROM "lifecycle_gone_0" AS k)) IS TRUE), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 1) AS c WHERE (c.id IN (SELECT k.id FROM "lifecycle_gone_0" AS k)) IS TRUE)]::bigint[])::text;

WITH "lifecycle_set_0"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tenant" = $1::bigint) THEN 0 END AS rank FROM "accounts" AS r WHERE r."id" = ANY($2::text::text[]) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL)
DELETE FROM "posts" AS r WHERE r."account" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL;

DELETE FROM "accounts" AS r WHERE r."id" = ANY($1::text::text[]) AND r."id" IS NOT NULL AND (CASE WHEN (r."tenant" = $2::bigint) THEN 0 END) = 0;

