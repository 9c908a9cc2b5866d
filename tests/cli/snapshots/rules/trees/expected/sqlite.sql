-- == nodes 1 --mode hard_delete
CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_walk"(set_id, rank, id) AS (
SELECT 1, n.rank, n.id FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.id) AS n
UNION SELECT 1, CASE WHEN p.rank >= 0 THEN 1 END, r."id" FROM "lifecycle_walk" AS p CROSS JOIN "nodes" AS r WHERE r."parent" IN (SELECT p.id) AND p.set_id = 1 AND p.rank >= 0 AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN p.rank >= 0 THEN 1 END) IS NOT NULL
)
SELECT n.set_id, n.id, min(n.rank) FROM "lifecycle_walk" AS n GROUP BY n.set_id, n.id;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 1)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (typeof(r."size") NOT IN ('integer', 'null')) THEN -1 WHEN (+r."size" = ?2) THEN 1 ELSE 0 END AS rank FROM "leaves" AS r WHERE r."node" IN (SELECT s.id FROM "lifecycle_set_2" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."size") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "leaves" AS r WHERE r."node" IN (SELECT s.id FROM "lifecycle_set_2" AS s) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_3" AS s WHERE s.rank = 0) AND ((+r."size" = ?3) OR typeof(r."size") NOT IN ('integer', 'null'))),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."peer" IN (SELECT s.id FROM "lifecycle_set_2" AS s) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_2" AS s) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."size") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "leaves" AS r WHERE r."node" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."size" > ?4) OR typeof(r."size") NOT IN ('integer', 'null')))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, s.rank, count(*) FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 3, s.rank, count(*) FROM "lifecycle_set_3" AS s GROUP BY s.rank
UNION ALL SELECT 4, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 7, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_7" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

DELETE FROM temp."lifecycle_members";

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_walk"(set_id, rank, id) AS (
SELECT 1, n.rank, n.id FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.id) AS n
UNION SELECT 1, CASE WHEN p.rank >= 0 THEN 1 END, r."id" FROM "lifecycle_walk" AS p CROSS JOIN "nodes" AS r WHERE r."parent" IN (SELECT p.id) AND p.set_id = 1 AND p.rank >= 0 AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN p.rank >= 0 THEN 1 END) IS NOT NULL
)
SELECT n.set_id, n.id, min(n.rank) FROM "lifecycle_walk" AS n GROUP BY n.set_id, n.id;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 2, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 1)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 3, n.id, n.rank FROM (SELECT r."id" AS id, CASE WHEN (typeof(r."size") NOT IN ('integer', 'null')) THEN -1 WHEN (+r."size" = ?1) THEN 1 ELSE 0 END AS rank FROM "leaves" AS r WHERE r."node" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 4, n.id, n.rank FROM (SELECT r."id" AS id, CASE WHEN typeof(r."size") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "leaves" AS r WHERE r."node" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 3 AND s.rank = 0) AND ((+r."size" = ?1) OR typeof(r."size") NOT IN ('integer', 'null'))) AS n;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "nodes" AS r WHERE r."peer" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."size") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "leaves" AS r WHERE r."node" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."size" > ?2) OR typeof(r."size") NOT IN ('integer', 'null')))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 2, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 GROUP BY s.rank
UNION ALL SELECT 3, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 3 GROUP BY s.rank
UNION ALL SELECT 4, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 4
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 7, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_7" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

PRAGMA defer_foreign_keys = ON;

DELETE FROM "leaves" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 3 AND s.rank = 0);

UPDATE "leaves" AS r SET "node" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 AND s.rank = 0);

UPDATE "nodes" AS r SET "parent" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2);

UPDATE "nodes" AS r SET "peer" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2);

DELETE FROM "nodes" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 0);

DELETE FROM "nodes" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 1);

DELETE FROM temp."lifecycle_members";

