-- == people p1 --mode anonymize
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS pg_temp."lifecycle_pseudonyms" (kind text NOT NULL, field text NOT NULL, id text NOT NULL, value text NOT NULL, PRIMARY KEY (kind, field, id)) ON COMMIT DROP;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "people" AS r WHERE r."id" = $4::text::text ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT s.id::text, (SELECT r."card"::text FROM "orders" AS r WHERE r."id" = s.id) FROM "lifecycle_set_1" AS s ORDER BY s.id::text COLLATE "C" LIMIT 500;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text)
SELECT s.id::text, (SELECT r."card"::text FROM "people" AS r WHERE r."id" = s.id) FROM "lifecycle_set_0" AS s ORDER BY s.id::text COLLATE "C" LIMIT 500;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $1::text::uuid, $2::text, j.value, $3::text::timestamptz, $4::text, $5::text, (SELECT $6::text::jsonb) FROM json_array_elements_text($7::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text)
UPDATE "orders" AS r SET "buyer" = $2::text, "card" = (SELECT m.value FROM pg_temp."lifecycle_pseudonyms" AS m WHERE m.kind = $3::text AND m.field = $4::text AND m.id = r."id"::text) WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s);

UPDATE "people" AS r SET "born" = date_trunc('year', r."born"::timestamp)::date, "card" = (SELECT m.value FROM pg_temp."lifecycle_pseudonyms" AS m WHERE m.kind = $1::text AND m.field = $2::text AND m.id = r."id"::text), "gone_at" = $3::text::timestamp with time zone, "mail" = (r."id"::text || '@anonymized.invalid'), "name" = $4::text, "phone" = NULL, "revision" = coalesce(r."revision", 0) + 1, "status" = $5::text, "written_at" = $6::text::timestamp with time zone, "zip" = left(r."zip"::text, 2) WHERE r."id" = $7::text::text;

-- == people p1 --mode hard_delete
WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."at" < $2::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_walk_2"(set_id, rank, id1, id0) AS (
(SELECT 3, n.rank, n.id::bigint, NULL::text FROM (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))) IS TRUE)) AS n)
UNION SELECT x.* FROM "lifecycle_walk_2" AS p CROSS JOIN LATERAL (
(SELECT 2, CASE WHEN p.rank >= 0 THEN 0 END, NULL::bigint, r."id"::text FROM "orders" AS q CROSS JOIN "people" AS r WHERE q."id" = p.id1 AND r."id" = q."person" AND p.set_id = 3 AND p.rank >= 0 AND (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 0 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id1, id0)
),
"lifecycle_set_2"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_2" AS n WHERE n.set_id = 2 GROUP BY n.id0),
"lifecycle_set_3"(id, rank) AS (SELECT n.id1, min(n.rank) FROM "lifecycle_walk_2" AS n WHERE n.set_id = 3 GROUP BY n.id1),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s))) IS TRUE)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))) IS TRUE))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*)::text FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*)::text FROM "lifecycle_set_6" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS pg_temp."lifecycle_pseudonyms" (kind text NOT NULL, field text NOT NULL, id text NOT NULL, value text NOT NULL, PRIMARY KEY (kind, field, id)) ON COMMIT DROP;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text;

SELECT count(*) FROM (SELECT 1 FROM "people" AS r WHERE r."id" = $1::text::text ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."at" < $2::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_walk_2"(set_id, rank, id1, id0) AS (
(SELECT 3, n.rank, n.id::bigint, NULL::text FROM (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))) IS TRUE)) AS n)
UNION SELECT x.* FROM "lifecycle_walk_2" AS p CROSS JOIN LATERAL (
(SELECT 2, CASE WHEN p.rank >= 0 THEN 0 END, NULL::bigint, r."id"::text FROM "orders" AS q CROSS JOIN "people" AS r WHERE q."id" = p.id1 AND r."id" = q."person" AND p.set_id = 3 AND p.rank >= 0 AND (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 0 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id1, id0)
),
"lifecycle_set_2"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_2" AS n WHERE n.set_id = 2 GROUP BY n.id0),
"lifecycle_set_3"(id, rank) AS (SELECT n.id1, min(n.rank) FROM "lifecycle_walk_2" AS n WHERE n.set_id = 3 GROUP BY n.id1),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s))) IS TRUE))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*)::text FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s;

WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."at" < $2::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_walk_2"(set_id, rank, id1, id0) AS (
(SELECT 3, n.rank, n.id::bigint, NULL::text FROM (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))) IS TRUE)) AS n)
UNION SELECT x.* FROM "lifecycle_walk_2" AS p CROSS JOIN LATERAL (
(SELECT 2, CASE WHEN p.rank >= 0 THEN 0 END, NULL::bigint, r."id"::text FROM "orders" AS q CROSS JOIN "people" AS r WHERE q."id" = p.id1 AND r."id" = q."person" AND p.set_id = 3 AND p.rank >= 0 AND (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 0 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id1, id0)
),
"lifecycle_set_2"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_2" AS n WHERE n.set_id = 2 GROUP BY n.id0),
"lifecycle_set_3"(id, rank) AS (SELECT n.id1, min(n.rank) FROM "lifecycle_walk_2" AS n WHERE n.set_id = 3 GROUP BY n.id1),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE))
SELECT s.id::text, (SELECT r."card"::text FROM "people" AS r WHERE r."id" = s.id) FROM "lifecycle_set_4" AS s ORDER BY s.id::text COLLATE "C" LIMIT 500;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $1::text::uuid, $2::text, j.value, $3::text::timestamptz, $4::text, $5::text, (SELECT $6::text::jsonb) FROM json_array_elements_text($7::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key;

WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."at" < $2::text::timestamptz) THEN 1 ELSE 0 END AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_walk_2"(set_id, rank, id1, id0) AS (
(SELECT 3, n.rank, n.id::bigint, NULL::text FROM (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))) IS TRUE)) AS n)
UNION SELECT x.* FROM "lifecycle_walk_2" AS p CROSS JOIN LATERAL (
(SELECT 2, CASE WHEN p.rank >= 0 THEN 0 END, NULL::bigint, r."id"::text FROM "orders" AS q CROSS JOIN "people" AS r WHERE q."id" = p.id1 AND r."id" = q."person" AND p.set_id = 3 AND p.rank >= 0 AND (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 0 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id1, id0)
),
"lifecycle_set_2"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_2" AS n WHERE n.set_id = 2 GROUP BY n.id0),
"lifecycle_set_3"(id, rank) AS (SELECT n.id1, min(n.rank) FROM "lifecycle_walk_2" AS n WHERE n.set_id = 3 GROUP BY n.id1),
"lifecycle_gone_0"(id) AS (DELETE FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN (r."at" < $3::text::timestamptz) THEN 1 ELSE 0 END) = 1 RETURNING r."id"),
"lifecycle_kept_1"(id) AS (UPDATE "people" AS r SET "born" = date_trunc('year', r."born"::timestamp)::date, "card" = (SELECT m.value FROM pg_temp."lifecycle_pseudonyms" AS m WHERE m.kind = $4::text AND m.field = $5::text AND m.id = r."id"::text), "gone_at" = $6::text::timestamp with time zone, "mail" = (r."id"::text || '@anonymized.invalid'), "name" = $7::text, "phone" = NULL, "revision" = coalesce(r."revision", 0) + 1, "status" = $8::text, "written_at" = $9::text::timestamp with time zone, "zip" = left(r."zip"::text, 2) WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) RETURNING r."id")
SELECT array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM "lifecycle_kept_1")]::bigint[])::text;

-- == people p1 --mode soft_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text AND ((r."gone_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "people" AS r WHERE r."id" = $4::text::text AND ((r."gone_at" IS NULL)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text AND ((r."gone_at" IS NULL))),
"lifecycle_kept_0"(id) AS (UPDATE "orders" AS r SET "memo" = left(r."memo"::text, 1) WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_kept_1"(id) AS (UPDATE "people" AS r SET "gone_at" = $2::text::timestamp with time zone, "written_at" = $3::text::timestamp with time zone, "revision" = coalesce(r."revision", 0) + 1 WHERE r."id" = $4::text::text AND ((r."gone_at" IS NULL)) RETURNING r."id"),
"lifecycle_replacing" AS (INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT $5::text::uuid, $6::text, $7::text, r."id"::text, replace(replace(to_json((r."gone_at")::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity'), replace(replace(to_json(($8::text::timestamp with time zone)::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity') FROM "people" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $9::text::uuid, $10::text, j.value, $11::text::timestamptz, $12::text, $13::text, jsonb_set((SELECT $14::text::jsonb), '{before}', coalesce(j.fields, '{}'::jsonb)) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields)::jsonb AS fields FROM (SELECT j.value AS value, j.key AS key, NULL::text AS fields FROM json_array_elements_text($15::text::json) WITH ORDINALITY AS j("value", "key") UNION ALL SELECT r."id"::text, NULL, jsonb_build_object($16::text, COALESCE(to_char(r."gone_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r."gone_at"::text), $17::text, r."revision", $18::text, r."status"::text, $19::text, COALESCE(to_char(r."written_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r."written_at"::text))::text FROM "people" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_kept_0"), (SELECT count(*) FROM "lifecycle_kept_1")]::bigint[])::text;

-- == people p1 --mode deactivate
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text AND ((r."gone_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "people" AS r WHERE r."id" = $4::text::text AND ((r."gone_at" IS NULL)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text AND ((r."gone_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_kept_1"(id) AS (UPDATE "people" AS r SET "status" = $2::text, "written_at" = $3::text::timestamp with time zone, "revision" = coalesce(r."revision", 0) + 1 WHERE r."id" = $4::text::text AND ((r."gone_at" IS NULL)) RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $5::text::uuid, $6::text, j.value, $7::text::timestamptz, $8::text, $9::text, (SELECT $10::text::jsonb) FROM json_array_elements_text($11::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s) AS c), (SELECT count(*) FROM "lifecycle_kept_1")]::bigint[])::text;

-- == people p1 --mode reactivate
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text AND ((r."gone_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "people" AS r WHERE r."id" = $4::text::text AND ((r."gone_at" IS NULL)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" = $1::text::text AND ((r."gone_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_kept_1"(id) AS (UPDATE "people" AS r SET "status" = $2::text, "written_at" = $3::text::timestamp with time zone, "revision" = coalesce(r."revision", 0) + 1 WHERE r."id" = $4::text::text AND ((r."gone_at" IS NULL)) RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $5::text::uuid, $6::text, j.value, $7::text::timestamptz, $8::text, $9::text, (SELECT $10::text::jsonb) FROM json_array_elements_text($11::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s) AS c), (SELECT count(*) FROM "lifecycle_kept_1")]::bigint[])::text;

