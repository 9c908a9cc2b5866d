-- == accounts a1 --mode soft_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint) AND (r."removed_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, s.rank, count(*)::text FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "accounts" AS r WHERE r."id" = $4::text::text AND ((r."tenant" = $5::bigint) AND (r."removed_at" IS NULL)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint) AND (r."removed_at" IS NULL)))
SELECT count(*) FROM (SELECT 1 FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END) = 0 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint) AND (r."removed_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id)
SELECT count(*) FROM (SELECT 1 FROM "comments" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint) AND (r."removed_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_gone_0"(id) AS (DELETE FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_kept_1"(id) AS (UPDATE "comments" AS r SET "removed_at" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1))) IS TRUE) THEN $3::text::timestamp with time zone ELSE r."removed_at" END, "text" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0))) IS TRUE) THEN NULL ELSE r."text" END WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1 UNION ALL SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0)) RETURNING r."id"),
"lifecycle_kept_2"(id) AS (UPDATE "posts" AS r SET "removed_at" = $4::text::timestamp with time zone WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL::integer ELSE 0 END) = 0 RETURNING r."id"),
"lifecycle_kept_3"(id) AS (UPDATE "accounts" AS r SET "removed_at" = $5::text::timestamp with time zone WHERE r."id" = $6::text::text AND ((r."tenant" = $7::bigint) AND (r."removed_at" IS NULL)) RETURNING r."id"),
"lifecycle_replacing" AS (INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT $8::text::uuid, $9::text, $10::text, r."id"::text, replace(replace(to_json((r."removed_at")::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity'), replace(replace(to_json((CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1))) IS TRUE) THEN $11::text::timestamp with time zone ELSE r."removed_at" END)::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity') FROM "comments" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) UNION ALL SELECT $12::text::uuid, $13::text, $14::text, r."id"::text, replace(replace(to_json((r."removed_at")::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity'), replace(replace(to_json(($15::text::timestamp with time zone)::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity') FROM "posts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) UNION ALL SELECT $16::text::uuid, $17::text, $18::text, r."id"::text, replace(replace(to_json((r."removed_at")::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity'), replace(replace(to_json(($19::text::timestamp with time zone)::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity') FROM "accounts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $20::text::uuid, $21::text, j.value, $22::text::timestamptz, $23::text, $24::text, jsonb_set((SELECT $25::text::jsonb), '{before}', coalesce(j.fields, '{}'::jsonb)) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields)::jsonb AS fields FROM (SELECT j.value AS value, j.key AS key, NULL::text AS fields FROM json_array_elements_text($26::text::json) WITH ORDINALITY AS j("value", "key") UNION ALL SELECT r."id"::text, NULL, jsonb_build_object($27::text, COALESCE(to_char(r."removed_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r."removed_at"::text), $28::text, r."tenant")::text FROM "accounts" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 1) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_1" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_1" AS k))) IS TRUE)), (SELECT count(*) FROM "lifecycle_kept_2"), (SELECT count(*) FROM "lifecycle_kept_3")]::bigint[])::text;

-- == accounts a1 --mode anonymize
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "accounts" AS r WHERE r."id" = $4::text::text AND ((r."tenant" = $5::bigint)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint))),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_kept_1"(id) AS (UPDATE "posts" AS r SET "title" = left(r."title"::text, 0) WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_kept_2"(id) AS (UPDATE "accounts" AS r SET "name" = $3::text, "removed_at" = $4::text::timestamp with time zone WHERE r."id" = $5::text::text AND ((r."tenant" = $6::bigint)) RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $7::text::uuid, $8::text, j.value, $9::text::timestamptz, $10::text, $11::text, (SELECT $12::text::jsonb) FROM json_array_elements_text($13::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c), (SELECT count(*) FROM "lifecycle_kept_1"), (SELECT count(*) FROM "lifecycle_kept_2")]::bigint[])::text;

-- == accounts a1 --mode hard_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) AS a GROUP BY a.id),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, s.rank, count(*)::text FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "accounts" AS r WHERE r."id" = $4::text::text AND ((r."tenant" = $5::bigint)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint)))
SELECT count(*) FROM (SELECT 1 FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) AS a GROUP BY a.id)
SELECT count(*) FROM (SELECT 1 FROM "comments" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "accounts" AS r WHERE r."id" = $1::text::text AND ((r."tenant" = $2::bigint))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) AS a GROUP BY a.id),
"lifecycle_gone_0"(id) AS (DELETE FROM "likes" AS r WHERE r."comment" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) RETURNING r."id"),
"lifecycle_gone_1"(id) AS (DELETE FROM "comments" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0 UNION ALL SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_gone_2"(id) AS (DELETE FROM "posts" AS r WHERE r."account" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_gone_3"(id) AS (DELETE FROM "accounts" AS r WHERE r."id" = $3::text::text AND ((r."tenant" = $4::bigint)) RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $5::text::uuid, $6::text, j.value, $7::text::timestamptz, $8::text, $9::text, (SELECT $10::text::jsonb) FROM json_array_elements_text($11::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 1) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM "lifecycle_gone_2"), (SELECT count(*) FROM "lifecycle_gone_3")]::bigint[])::text;

