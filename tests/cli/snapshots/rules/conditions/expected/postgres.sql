-- == clients 1 --mode hard_delete --acknowledge via
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::text AND r."id" IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" COLLATE "C" = $2::text) THEN NULL::integer WHEN ((r."paid" = TRUE) AND (r."amount" >= $3::bigint)) THEN 0 WHEN (r."state" IS NULL) THEN 1 ELSE 2 END AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."text" IS NULL) THEN NULL::integer ELSE 0 END AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_3"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" COLLATE "C" = $4::text) THEN 0 END AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_4"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."text" IS NULL) THEN 0 END AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank BETWEEN 0 AND 2)) AND r."id" IS NOT NULL AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL),
"lifecycle_set_6"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" COLLATE "C" = $5::text) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_7"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" COLLATE "C" <> $6::text) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_8"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."state" COLLATE "C" = $7::text OR r."state" COLLATE "C" = $8::text)) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_9"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."amount" < $9::bigint) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_10"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."amount" <= $10::bigint) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_11"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NULLIF(r."price"::double precision, 'NaN') > $11::double precision) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_12"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NULLIF(r."price"::double precision, 'NaN') >= $12::double precision) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_13"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."tag" IS NULL) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_14"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."tag" IS NULL)) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_15"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."paid" = TRUE) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_16"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."at"), FALSE)) THEN -1 WHEN (r."at" < $13::text::timestamptz) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_17"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."at"), FALSE)) THEN -1 WHEN (r."at" >= $14::text::timestamptz) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_18"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."at"), FALSE)) THEN -1 WHEN (r."at" >= $15::text::timestamptz) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_19"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."day"), FALSE)) THEN -1 WHEN (r."day" < $16::text::timestamp) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_20"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."at"), FALSE)) THEN -1 WHEN (r."at" >= $17::text::timestamptz) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_21"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."state" COLLATE "C" = $18::text) OR (NOT ((r."amount" > $19::bigint) AND (r."paid" = FALSE)))) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_22"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL),
"lifecycle_set_23"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_22" AS s)) AND r."id" IS NOT NULL),
"lifecycle_set_24"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."text" COLLATE "C" = $20::text) THEN 0 END AS rank FROM "notes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_23" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_25"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."paid" = TRUE) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*)::text FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, s.rank, count(*)::text FROM "lifecycle_set_3" AS s GROUP BY s.rank
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 6, s.rank, count(*)::text FROM "lifecycle_set_6" AS s GROUP BY s.rank
UNION ALL SELECT 7, s.rank, count(*)::text FROM "lifecycle_set_7" AS s GROUP BY s.rank
UNION ALL SELECT 8, s.rank, count(*)::text FROM "lifecycle_set_8" AS s GROUP BY s.rank
UNION ALL SELECT 9, s.rank, count(*)::text FROM "lifecycle_set_9" AS s GROUP BY s.rank
UNION ALL SELECT 10, s.rank, count(*)::text FROM "lifecycle_set_10" AS s GROUP BY s.rank
UNION ALL SELECT 11, s.rank, count(*)::text FROM "lifecycle_set_11" AS s GROUP BY s.rank
UNION ALL SELECT 12, s.rank, count(*)::text FROM "lifecycle_set_12" AS s GROUP BY s.rank
UNION ALL SELECT 13, 0, count(*)::text FROM "lifecycle_set_13" AS s
UNION ALL SELECT 14, 0, count(*)::text FROM "lifecycle_set_14" AS s
UNION ALL SELECT 15, s.rank, count(*)::text FROM "lifecycle_set_15" AS s GROUP BY s.rank
UNION ALL SELECT 16, s.rank, count(*)::text FROM "lifecycle_set_16" AS s GROUP BY s.rank
UNION ALL SELECT 17, s.rank, count(*)::text FROM "lifecycle_set_17" AS s GROUP BY s.rank
UNION ALL SELECT 18, s.rank, count(*)::text FROM "lifecycle_set_18" AS s GROUP BY s.rank
UNION ALL SELECT 19, s.rank, count(*)::text FROM "lifecycle_set_19" AS s GROUP BY s.rank
UNION ALL SELECT 20, s.rank, count(*)::text FROM "lifecycle_set_20" AS s GROUP BY s.rank
UNION ALL SELECT 21, s.rank, count(*)::text FROM "lifecycle_set_21" AS s GROUP BY s.rank
UNION ALL SELECT 24, s.rank, count(*)::text FROM "lifecycle_set_24" AS s GROUP BY s.rank
UNION ALL SELECT 25, s.rank, count(*)::text FROM "lifecycle_set_25" AS s GROUP BY s.rank
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text, (SELECT count(*) FROM (SELECT 1 FROM "clients" AS r WHERE r."id" = $4::text::text AND r."id" IS NOT NULL ORDER BY r."id" FOR UPDATE OF r) AS locked);

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::text AND r."id" IS NOT NULL)
SELECT count(*) FROM (SELECT 1 FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL AND (CASE WHEN (r."state" COLLATE "C" = $2::text) THEN NULL::integer WHEN ((r."paid" = TRUE) AND (r."amount" >= $3::bigint)) THEN 0 WHEN (r."state" IS NULL) THEN 1 ELSE 2 END) BETWEEN 0 AND 2 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::text AND r."id" IS NOT NULL)
SELECT count(*) FROM (SELECT 1 FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::text AND r."id" IS NOT NULL),
"lifecycle_set_22"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL)
SELECT count(*) FROM (SELECT 1 FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_22" AS s)) AND r."id" IS NOT NULL ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "clients" AS r WHERE r."id" = $1::text::text AND r."id" IS NOT NULL),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" COLLATE "C" = $2::text) THEN NULL::integer WHEN ((r."paid" = TRUE) AND (r."amount" >= $3::bigint)) THEN 0 WHEN (r."state" IS NULL) THEN 1 ELSE 2 END AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."text" IS NULL) THEN NULL::integer ELSE 0 END AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_3"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" COLLATE "C" = $4::text) THEN 0 END AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_4"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."text" IS NULL) THEN 0 END AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank BETWEEN 0 AND 2)) AND r."id" IS NOT NULL AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL),
"lifecycle_set_6"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" COLLATE "C" = $5::text) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_7"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."state" COLLATE "C" <> $6::text) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_8"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."state" COLLATE "C" = $7::text OR r."state" COLLATE "C" = $8::text)) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_9"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."amount" < $9::bigint) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_10"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."amount" <= $10::bigint) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_11"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NULLIF(r."price"::double precision, 'NaN') > $11::double precision) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_12"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NULLIF(r."price"::double precision, 'NaN') >= $12::double precision) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_15"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."paid" = TRUE) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_16"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."at"), FALSE)) THEN -1 WHEN (r."at" < $13::text::timestamptz) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_17"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."at"), FALSE)) THEN -1 WHEN (r."at" >= $14::text::timestamptz) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_18"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."at"), FALSE)) THEN -1 WHEN (r."at" >= $15::text::timestamptz) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_19"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."day"), FALSE)) THEN -1 WHEN (r."day" < $16::text::timestamp) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_20"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (COALESCE(NOT isfinite(r."at"), FALSE)) THEN -1 WHEN (r."at" >= $17::text::timestamptz) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_21"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN ((r."state" COLLATE "C" = $18::text) OR (NOT ((r."amount" > $19::bigint) AND (r."paid" = FALSE)))) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_22"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "facts" AS r WHERE r."client_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s)) AND r."id" IS NOT NULL),
"lifecycle_set_23"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_22" AS s)) AND r."id" IS NOT NULL),
"lifecycle_set_24"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."text" COLLATE "C" = $20::text) THEN 0 END AS rank FROM "notes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_23" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_25"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (r."paid" = TRUE) THEN 0 END AS rank FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_5" AS s)) AND r."id" IS NOT NULL) AS c WHERE c.rank IS NOT NULL),
"lifecycle_gone_0"(id) AS (DELETE FROM "notes" AS r WHERE r."fact_id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank >= 0)) AND r."id" IS NOT NULL AND (CASE WHEN (r."text" IS NULL) THEN NULL::integer ELSE 0 END) = 0 RETURNING r."id"),
"lifecycle_gone_1"(id) AS (DELETE FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0 UNION ALL SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1 UNION ALL SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 2)) RETURNING r."id"),
"lifecycle_gone_2"(id) AS (DELETE FROM "clients" AS r WHERE r."id" = $21::text::text AND r."id" IS NOT NULL RETURNING r."id"),
"lifecycle_reported_0" AS (INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT $22::text::uuid, $23::text, $24::text, r."id"::text, $25::text::timestamptz, jsonb_build_object($26::text, r."id"::text, $27::text, r."price", $28::text, r."day", $29::text, to_char(r."at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), $30::text, r."tag"::text) FROM "facts" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_25" AS s WHERE s.rank >= 0)) ORDER BY r."id" COLLATE "C" ON CONFLICT DO NOTHING),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $31::text::uuid, $32::text, j.value, $33::text::timestamptz, $34::text, $35::text, (SELECT $36::text::jsonb) FROM json_array_elements_text($37::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*)::text FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 3, s.rank, count(*)::text FROM "lifecycle_set_3" AS s GROUP BY s.rank
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 6, s.rank, count(*)::text FROM "lifecycle_set_6" AS s GROUP BY s.rank
UNION ALL SELECT 7, s.rank, count(*)::text FROM "lifecycle_set_7" AS s GROUP BY s.rank
UNION ALL SELECT 8, s.rank, count(*)::text FROM "lifecycle_set_8" AS s GROUP BY s.rank
UNION ALL SELECT 9, s.rank, count(*)::text FROM "lifecycle_set_9" AS s GROUP BY s.rank
UNION ALL SELECT 10, s.rank, count(*)::text FROM "lifecycle_set_10" AS s GROUP BY s.rank
UNION ALL SELECT 11, s.rank, count(*)::text FROM "lifecycle_set_11" AS s GROUP BY s.rank
UNION ALL SELECT 12, s.rank, count(*)::text FROM "lifecycle_set_12" AS s GROUP BY s.rank
UNION ALL SELECT 15, s.rank, count(*)::text FROM "lifecycle_set_15" AS s GROUP BY s.rank
UNION ALL SELECT 16, s.rank, count(*)::text FROM "lifecycle_set_16" AS s GROUP BY s.rank
UNION ALL SELECT 17, s.rank, count(*)::text FROM "lifecycle_set_17" AS s GROUP BY s.rank
UNION ALL SELECT 18, s.rank, count(*)::text FROM "lifecycle_set_18" AS s GROUP BY s.rank
UNION ALL SELECT 19, s.rank, count(*)::text FROM "lifecycle_set_19" AS s GROUP BY s.rank
UNION ALL SELECT 20, s.rank, count(*)::text FROM "lifecycle_set_20" AS s GROUP BY s.rank
UNION ALL SELECT 21, s.rank, count(*)::text FROM "lifecycle_set_21" AS s GROUP BY s.rank
UNION ALL SELECT 24, s.rank, count(*)::text FROM "lifecycle_set_24" AS s GROUP BY s.rank
UNION ALL SELECT 25, s.rank, count(*)::text FROM "lifecycle_set_25" AS s GROUP BY s.rank
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s WHERE s.rank = 1) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_1" AS s WHERE s.rank = 2) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM "lifecycle_gone_2")]::bigint[])::text;

