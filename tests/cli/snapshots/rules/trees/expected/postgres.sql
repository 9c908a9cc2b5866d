-- == nodes 1 --mode hard_delete
WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_walk_1"(set_id, rank, id0) AS (
(SELECT 1, n.rank, n.id::bigint FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.id) AS n)
UNION SELECT x.* FROM "lifecycle_walk_1" AS p CROSS JOIN LATERAL (
(SELECT 1, CASE WHEN p.rank >= 0 THEN 1 END, r."id"::bigint FROM "nodes" AS r WHERE r."parent" = p.id0 AND p.set_id = 1 AND p.rank >= 0 AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 1 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id0)
),
"lifecycle_set_1"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_1" AS n WHERE n.set_id = 1 GROUP BY n.id0),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0)) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."size" = $2::bigint) THEN 1 ELSE 0 END AS rank FROM "leaves" AS r WHERE r."node" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "leaves" AS r WHERE r."node" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_3" AS s WHERE s.rank = 0))) IS TRUE) AND ((r."size" = $3::bigint))),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."peer" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "leaves" AS r WHERE r."node" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."size" > $4::bigint)))
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, s.rank, count(*)::text FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 3, s.rank, count(*)::text FROM "lifecycle_set_3" AS s GROUP BY s.rank
UNION ALL SELECT 4, 0, count(*)::text FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT -1, 0, to_json(s.id)::text FROM "lifecycle_set_0" AS s;

WITH "lifecycle_noted" AS (INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES ($1::text::uuid, $2::text::timestamptz, $3::text::jsonb) ON CONFLICT (operation) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM "lifecycle_noted"), NULL::text;

LOCK TABLE "nodes" IN SHARE ROW EXCLUSIVE MODE;

SELECT count(*) FROM (SELECT 1 FROM "nodes" AS r WHERE r."id" = $1::text::bigint ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_walk_1"(set_id, rank, id0) AS (
(SELECT 1, n.rank, n.id::bigint FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.id) AS n)
UNION SELECT x.* FROM "lifecycle_walk_1" AS p CROSS JOIN LATERAL (
(SELECT 1, CASE WHEN p.rank >= 0 THEN 1 END, r."id"::bigint FROM "nodes" AS r WHERE r."parent" = p.id0 AND p.set_id = 1 AND p.rank >= 0 AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 1 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id0)
),
"lifecycle_set_1"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_1" AS n WHERE n.set_id = 1 GROUP BY n.id0),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0)) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)))
SELECT count(*) FROM (SELECT 1 FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_walk_1"(set_id, rank, id0) AS (
(SELECT 1, n.rank, n.id::bigint FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.id) AS n)
UNION SELECT x.* FROM "lifecycle_walk_1" AS p CROSS JOIN LATERAL (
(SELECT 1, CASE WHEN p.rank >= 0 THEN 1 END, r."id"::bigint FROM "nodes" AS r WHERE r."parent" = p.id0 AND p.set_id = 1 AND p.rank >= 0 AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 1 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id0)
),
"lifecycle_set_1"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_1" AS n WHERE n.set_id = 1 GROUP BY n.id0),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0)) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)))
SELECT count(*) FROM (SELECT 1 FROM "nodes" AS r WHERE r."peer" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_walk_1"(set_id, rank, id0) AS (
(SELECT 1, n.rank, n.id::bigint FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.id) AS n)
UNION SELECT x.* FROM "lifecycle_walk_1" AS p CROSS JOIN LATERAL (
(SELECT 1, CASE WHEN p.rank >= 0 THEN 1 END, r."id"::bigint FROM "nodes" AS r WHERE r."parent" = p.id0 AND p.set_id = 1 AND p.rank >= 0 AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 1 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id0)
),
"lifecycle_set_1"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_1" AS n WHERE n.set_id = 1 GROUP BY n.id0),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0)) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)))
SELECT count(*) FROM (SELECT 1 FROM "leaves" AS r WHERE r."node" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND (CASE WHEN (r."size" = $2::bigint) THEN 1 ELSE 0 END) BETWEEN 0 AND 1 ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = $1::text::bigint)
SELECT count(*) FROM (SELECT 1 FROM "leaves" AS r WHERE r."node" = (SELECT s.id FROM "lifecycle_set_0" AS s) ORDER BY r."id" FOR UPDATE OF r) AS locked;

WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = $1::text::bigint),
"lifecycle_walk_1"(set_id, rank, id0) AS (
(SELECT 1, n.rank, n.id::bigint FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.id) AS n)
UNION SELECT x.* FROM "lifecycle_walk_1" AS p CROSS JOIN LATERAL (
(SELECT 1, CASE WHEN p.rank >= 0 THEN 1 END, r."id"::bigint FROM "nodes" AS r WHERE r."parent" = p.id0 AND p.set_id = 1 AND p.rank >= 0 AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE) AND (CASE WHEN p.rank >= 0 THEN 1 END) IS NOT NULL OFFSET 0)
) AS x(set_id, rank, id0)
),
"lifecycle_set_1"(id, rank) AS (SELECT n.id0, min(n.rank) FROM "lifecycle_walk_1" AS n WHERE n.set_id = 1 GROUP BY n.id0),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0)) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1))),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."size" = $2::bigint) THEN 1 ELSE 0 END AS rank FROM "leaves" AS r WHERE r."node" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "leaves" AS r WHERE r."node" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_3" AS s WHERE s.rank = 0))) IS TRUE) AND ((r."size" = $3::bigint))),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."peer" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_0" AS s))) IS TRUE)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "leaves" AS r WHERE r."node" = (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."size" > $4::bigint))),
"lifecycle_gone_0"(id) AS (DELETE FROM "leaves" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_3" AS s WHERE s.rank = 0)) RETURNING r."id"),
"lifecycle_kept_0"(id) AS (UPDATE "leaves" AS r SET "node" = NULL WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_4" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_3" AS s WHERE s.rank = 0))) IS TRUE) RETURNING r."id"),
"lifecycle_gone_1"(id) AS (DELETE FROM "nodes" AS r WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0 UNION ALL SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)) RETURNING r."id"),
"lifecycle_kept_1"(id) AS (UPDATE "nodes" AS r SET "parent" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) THEN NULL ELSE r."parent" END, "peer" = CASE WHEN (r."id" IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s))) IS TRUE) THEN NULL ELSE r."peer" END WHERE r."id" = ANY(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s UNION ALL SELECT s.id FROM "lifecycle_set_2" AS s)) AND (r."id" NOT IN (SELECT unnest(ARRAY(SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0 UNION ALL SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1))) IS TRUE) RETURNING r."id"),
"lifecycle_recorded" AS (INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT $5::text::uuid, $6::text, j.value, $7::text::timestamptz, $8::text, $9::text, (SELECT $10::text::jsonb) FROM json_array_elements_text($11::text::json) WITH ORDINALITY AS j("value", "key") ORDER BY j.key)
SELECT 0, 0, count(*)::text FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, 0, count(*)::text FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, s.rank, count(*)::text FROM "lifecycle_set_3" AS s GROUP BY s.rank
UNION ALL SELECT 5, 0, count(*)::text FROM "lifecycle_set_5" AS s
UNION ALL SELECT 7, 0, count(*)::text FROM "lifecycle_set_7" AS s
UNION ALL SELECT -3, 0, array_to_json(ARRAY[(SELECT count(*) FROM "lifecycle_gone_0"), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_4" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_0" AS k UNION ALL SELECT k.id FROM "lifecycle_gone_0" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_3" AS s WHERE s.rank = 1) AS c), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_1" AS k UNION ALL SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_kept_1" AS k UNION ALL SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 0) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE)), (SELECT count(*) FROM (SELECT s.id AS id FROM "lifecycle_set_2" AS s WHERE s.rank = 1) AS c WHERE (c.id IN (SELECT unnest(ARRAY(SELECT k.id FROM "lifecycle_gone_1" AS k))) IS TRUE))]::bigint[])::text;

