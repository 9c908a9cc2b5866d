-- == v v2 --mode hard_delete --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "v" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_1"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "plot" AS r WHERE r."contact" IN (SELECT s.id FROM "lifecycle_set_0" AS s) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "plot" AS r WHERE r."lead" IN (SELECT s.id FROM "lifecycle_set_0" AS s)) AS a GROUP BY a.id)
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*) FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "v" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "plot" AS r WHERE r."contact" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "plot" AS r WHERE r."lead" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS a GROUP BY a.id)
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, s.rank, count(*) FROM "lifecycle_set_1" AS s GROUP BY s.rank;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

WITH "lifecycle_set_1"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "plot" AS r WHERE r."contact" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "plot" AS r WHERE r."lead" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS a GROUP BY a.id)
DELETE FROM "plot" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0);

DELETE FROM "v" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

