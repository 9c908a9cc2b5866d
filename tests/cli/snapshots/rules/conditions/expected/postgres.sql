-- == clients 3 --mode hard_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" = $2::text) THEN NULL::integer WHEN ((r."paid" = TRUE) AND (r."amount" >= $3::bigint)) THEN 0 WHEN (r."state" IS NULL) THEN 1 ELSE 2 END AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."text" IS NULL) THEN NULL::integer ELSE 0 END AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $4::text))),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) AND ((r."text" IS NULL))),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" IS NULL))),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $5::text))),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" <> $6::text))),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (((r."state" = $7::text OR r."state" = $8::text)))),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."amount" < $9::bigint))),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."amount" <= $10::bigint))),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((NULLIF(r."price"::double precision, 'NaN') > $11::double precision))),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((NULLIF(r."price"::double precision, 'NaN') >= $12::double precision))),
"lifecycle_set_14"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."tag" IS NULL))),
"lifecycle_set_15"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((NOT (r."tag" IS NULL)))),
"lifecycle_set_16"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."paid" = TRUE))),
"lifecycle_set_17"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."at" < $13::text::timestamptz))),
"lifecycle_set_18"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."at" >= $14::text::timestamptz))),
"lifecycle_set_19"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."at" >= $15::text::timestamptz))),
"lifecycle_set_20"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."day" < $16::text::timestamp))),
"lifecycle_set_21"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."at" >= $17::text::timestamptz))),
"lifecycle_set_22"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (((r."state" = $18::text) OR (NOT ((r."amount" > $19::bigint) AND (r."paid" = FALSE)))))),
"lifecycle_set_23"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_25"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_23" AS s)) AND ((r."text" = $20::text))),
"lifecycle_set_26"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."paid" = TRUE)))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*)::text FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*)::text FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*)::text FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*)::text FROM "lifecycle_set_10" AS s
UNION ALL SELECT 11, 0, count(*)::text FROM "lifecycle_set_11" AS s
UNION ALL SELECT 12, 0, count(*)::text FROM "lifecycle_set_12" AS s
UNION ALL SELECT 13, 0, count(*)::text FROM "lifecycle_set_13" AS s
UNION ALL SELECT 14, 0, count(*)::text FROM "lifecycle_set_14" AS s
UNION ALL SELECT 15, 0, count(*)::text FROM "lifecycle_set_15" AS s
UNION ALL SELECT 16, 0, count(*)::text FROM "lifecycle_set_16" AS s
UNION ALL SELECT 17, 0, count(*)::text FROM "lifecycle_set_17" AS s
UNION ALL SELECT 18, 0, count(*)::text FROM "lifecycle_set_18" AS s
UNION ALL SELECT 19, 0, count(*)::text FROM "lifecycle_set_19" AS s
UNION ALL SELECT 20, 0, count(*)::text FROM "lifecycle_set_20" AS s
UNION ALL SELECT 21, 0, count(*)::text FROM "lifecycle_set_21" AS s
UNION ALL SELECT 22, 0, count(*)::text FROM "lifecycle_set_22" AS s
UNION ALL SELECT 25, 0, count(*)::text FROM "lifecycle_set_25" AS s
UNION ALL SELECT 26, 0, count(*)::text FROM "lifecycle_set_26" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "clients" AS r WHERE r."id" = $4::text::bigint ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::bigint)
SELECT count(*) FROM (SELECT 1 FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN (r."state" = $2::text) THEN NULL::integer WHEN ((r."paid" = TRUE) AND (r."amount" >= $3::bigint)) THEN 0 WHEN (r."state" IS NULL) THEN 1 ELSE 2 END) BETWEEN 0 AND 2 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::bigint)
SELECT count(*) FROM (SELECT 1 FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_set_23"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT count(*) FROM (SELECT 1 FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_23" AS s)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" = $2::text) THEN NULL::integer WHEN ((r."paid" = TRUE) AND (r."amount" >= $3::bigint)) THEN 0 WHEN (r."state" IS NULL) THEN 1 ELSE 2 END AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."text" IS NULL) THEN NULL::integer ELSE 0 END AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s))) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" = $4::text))),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) AND ((r."text" IS NULL))),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."state" IS NULL))),
"lifecycle_set_23"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_25"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_23" AS s)) AND ((r."text" = $5::text))),
"lifecycle_set_26"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."paid" = TRUE))),
"lifecycle_gone_0"(id) AS (DELETE FROM "clients" AS r WHERE r."id" = $6::text::bigint RETURNING r."id"),
"lifecycle_reported_0" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $7::text::uuid, $8::text, $9::text, r."id"::text, $10::text::timestamptz, jsonb_build_object($11::text, r."id", $12::text, r."price", $13::text, r."day", $14::text, COALESCE(to_char(r."at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r."at"::text), $15::text, r."tag"::text) FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_26" AS s)) ORDER BY r."id" ON CONFLICT DO NOTHING),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $16::text::uuid, $17::text, j.value, $18::text::timestamptz, $19::text, $20::text, (SELECT $21::text::jsonb) FROM json_array_elements_text($22::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*)::text FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*)::text FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 25, 0, count(*)::text FROM "lifecycle_set_25" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0")]::bigint[])::text;

