-- == unions clx9876543211 --mode soft_delete --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" = $1::text::text AND ((r."deletedAt" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loans" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loans" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $2::text)))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "unions" AS r WHERE r."id" = $4::text::text AND ((r."deletedAt" IS NULL)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" = $1::text::text AND ((r."deletedAt" IS NULL)))
SELECT count(*) FROM (SELECT 1 FROM "loans" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" = $1::text::text AND ((r."deletedAt" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loans" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loans" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" = $2::text))),
"lifecycle_kept_0"(id) AS (UPDATE "unions" AS r SET "deletedAt" = $3::text::timestamp with time zone WHERE r."id" = $4::text::text AND ((r."deletedAt" IS NULL)) RETURNING r."id"),
"lifecycle_replacing" AS (INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT $5::text::uuid, $6::text, $7::text, r."id"::text, replace(replace(to_json((r."deletedAt")::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity'), replace(replace(to_json(($8::text::timestamp with time zone)::timestamp with time zone AT TIME ZONE 'UTC') #>> '{}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity') FROM "unions" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $9::text::uuid, $10::text, j.value, $11::text::timestamptz, $12::text, $13::text, jsonb_set((SELECT $14::text::jsonb), '{before}', coalesce(j.fields, '{}'::jsonb)) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields)::jsonb AS fields FROM (SELECT j.value AS value, j.key AS key, NULL::text AS fields FROM json_array_elements_text($15::text::json) WITH ORDINALITY AS j("value", "key") UNION ALL SELECT r."id"::text, NULL, jsonb_build_object($16::text, COALESCE(to_char(r."deletedAt" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r."deletedAt"::text), $17::text, r."name"::text, $18::text, r."officer_id"::text)::text FROM "unions" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_kept_0")]::bigint[])::text;

-- == unions clx9876543210 --mode reassign --actor ana --role ADMIN --reassign members.union_id=clx9876543211
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" = $1::text::text AND ((r."deletedAt" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" = $2::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND ((r."deletedAt" IS NULL)))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*)::text FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "unions" AS r WHERE r."id" = $4::text::text AND ((r."deletedAt" IS NULL)) ORDER BY r."id" FOR UPDATE OF r) AS locked);

SELECT count(*) FROM (SELECT 1 FROM "unions" AS r WHERE r."id" = $1::text::text ORDER BY r."id" FOR SHARE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" = $1::text::text AND ((r."deletedAt" IS NULL))),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" = $2::text::text AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND ((r."deletedAt" IS NULL))),
"lifecycle_kept_0"(id) AS (UPDATE "members" AS r SET "union_id" = $3::text WHERE r."union_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $4::text::uuid, $5::text, j.value, $6::text::timestamptz, $7::text, $8::text, (SELECT $9::text::jsonb) FROM json_array_elements_text($10::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_kept_0"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_0" AS s) AS c)]::bigint[])::text;

