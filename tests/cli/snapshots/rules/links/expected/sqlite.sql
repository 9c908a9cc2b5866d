-- == staff eva --mode hard_delete --actor ana --role ADMIN --reassign tasks.owner=old
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "keys" AS r WHERE r."staff_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."state") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "tasks" AS r WHERE r."owner" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."state" COLLATE BINARY = ?2) OR typeof(r."state") NOT IN ('text', 'null'))),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "desks" AS r WHERE r."staff_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."staff_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."checker" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (typeof(r."state") NOT IN ('text', 'null')) THEN -1 WHEN (+r."state" COLLATE BINARY = ?3) THEN NULL ELSE 1 END AS rank FROM "tasks" AS r WHERE r."owner" IN (SELECT s.id FROM "lifecycle_set_0" AS s)) AS c WHERE c.rank IS NOT NULL UNION ALL SELECT r."id" AS id, CASE WHEN typeof(r."state") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "tasks" AS r WHERE r."owner" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."state" COLLATE BINARY = ?4) OR typeof(r."state") NOT IN ('text', 'null'))) AS a GROUP BY a.id),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?5) AS j) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?6) AS j) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?7) AS j) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."active" IS NOT NULL AND NOT (typeof(r."active") = 'integer' AND +r."active" IN (0, 1))) THEN -1 ELSE 0 END AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?8) AS j) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."active" = ?9) OR (r."active" IS NOT NULL AND NOT (typeof(r."active") = 'integer' AND +r."active" IN (0, 1)))))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, s.rank, count(*) FROM "lifecycle_set_6" AS s GROUP BY s.rank
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*) FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_10" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 6, n.id, n.rank FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (typeof(r."state") NOT IN ('text', 'null')) THEN -1 WHEN (+r."state" COLLATE BINARY = ?1) THEN NULL ELSE 1 END AS rank FROM "tasks" AS r WHERE r."owner" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS c WHERE c.rank IS NOT NULL UNION ALL SELECT r."id" AS id, CASE WHEN typeof(r."state") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "tasks" AS r WHERE r."owner" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((+r."state" COLLATE BINARY = ?2) OR typeof(r."state") NOT IN ('text', 'null'))) AS a GROUP BY a.id) AS n;

WITH "lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."state") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "tasks" AS r WHERE r."owner" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((+r."state" COLLATE BINARY = ?1) OR typeof(r."state") NOT IN ('text', 'null'))),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?2) AS j) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?3) AS j) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?4) AS j) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (r."active" IS NOT NULL AND NOT (typeof(r."active") = 'integer' AND +r."active" IN (0, 1))) THEN -1 ELSE 0 END AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?5) AS j) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((+r."active" = ?6) OR (r."active" IS NOT NULL AND NOT (typeof(r."active") = 'integer' AND +r."active" IN (0, 1)))))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 2, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 6, 1, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 6
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*) FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_10" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "tasks" AS r SET "checker" = ?1 WHERE r."checker" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

UPDATE "tasks" AS r SET "owner" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 6 AND s.rank = 0);

UPDATE "tasks" AS r SET "owner" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 6 AND s.rank = 1);

UPDATE "logs" AS r SET "staff_id" = ?1 WHERE r."staff_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "keys" AS r WHERE r."staff_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

UPDATE "desks" AS r SET "staff_id" = ?1 WHERE r."staff_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "staff" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

-- == staff eva --mode reassign --actor ana --reassign tasks.owner=old --reassign keys.staff_id=boss
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "keys" AS r WHERE r."staff_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "tasks" AS r WHERE r."owner" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?2) AS j) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?3) AS j) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)) AS n;

WITH "lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "staff" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?2) AS j) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "tasks" AS r SET "owner" = ?1 WHERE r."owner" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

UPDATE "keys" AS r SET "staff_id" = ?1 WHERE r."staff_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

