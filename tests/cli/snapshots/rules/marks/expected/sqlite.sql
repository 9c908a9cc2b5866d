-- == accounts a1 --mode soft_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."tenant") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "accounts" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."tenant" = ?2) AND (r."removed_at" IS NULL) OR typeof(r."tenant") NOT IN ('integer', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" IN (SELECT s.id FROM "lifecycle_set_1" AS s)) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "likes" AS r WHERE r."comment" IN (SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, s.rank, count(*) FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, CASE WHEN typeof(r."tenant") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "accounts" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."tenant" = ?2) AND (r."removed_at" IS NULL) OR typeof(r."tenant") NOT IN ('integer', 'null'))) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 1, n.id, n.rank FROM (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL ELSE 0 END AS rank FROM "posts" AS r WHERE r."account" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 2, n.id, n.rank FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) UNION ALL SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (NOT (r."removed_at" IS NULL)) THEN NULL ELSE 1 END AS rank FROM "comments" AS r WHERE r."post" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1)) AS c WHERE c.rank IS NOT NULL) AS a GROUP BY a.id) AS n;

SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, json_set(?6, '$.before', json(coalesce(j.fields, '{}'))) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields) AS fields FROM (SELECT j.value AS value, j.key AS key, NULL AS fields FROM json_each(?7) AS j UNION ALL SELECT CASE WHEN typeof(r."id") = 'blob' AND length(r."id") = 16 THEN lower(substr(hex(r."id"), 1, 8) || '-' || substr(hex(r."id"), 9, 4) || '-' || substr(hex(r."id"), 13, 4) || '-' || substr(hex(r."id"), 17, 4) || '-' || substr(hex(r."id"), 21, 12)) ELSE r."id" END, NULL, json_object(?8, CASE WHEN typeof(r."removed_at") = 'blob' AND length(r."removed_at") <> 16 THEN hex(r."removed_at") ELSE CASE WHEN typeof(r."removed_at") = 'blob' AND length(r."removed_at") = 16 THEN lower(substr(hex(r."removed_at"), 1, 8) || '-' || substr(hex(r."removed_at"), 9, 4) || '-' || substr(hex(r."removed_at"), 13, 4) || '-' || substr(hex(r."removed_at"), 17, 4) || '-' || substr(hex(r."removed_at"), 21, 12)) ELSE r."removed_at" END END, ?9, CASE WHEN typeof(r."tenant") = 'blob' AND length(r."tenant") <> 16 THEN hex(r."tenant") ELSE CASE WHEN typeof(r."tenant") = 'blob' AND length(r."tenant") = 16 THEN lower(substr(hex(r."tenant"), 1, 8) || '-' || substr(hex(r."tenant"), 9, 4) || '-' || substr(hex(r."tenant"), 13, 4) || '-' || substr(hex(r."tenant"), 17, 4) || '-' || substr(hex(r."tenant"), 21, 12)) ELSE r."tenant" END END) FROM "accounts" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key;

DELETE FROM "likes" AS r WHERE r."comment" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 1);

INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT ?1, ?2, ?3, +r."id", r."removed_at", ?4 FROM "comments" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 1) ON CONFLICT (operation, kind, field, record) DO UPDATE SET after = excluded.after;

UPDATE "comments" AS r SET "removed_at" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 1);

UPDATE "comments" AS r SET "text" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 0);

INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT ?1, ?2, ?3, +r."id", r."removed_at", ?4 FROM "posts" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1) ON CONFLICT (operation, kind, field, record) DO UPDATE SET after = excluded.after;

UPDATE "posts" AS r SET "removed_at" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1);

INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT ?1, ?2, ?3, +r."id", r."removed_at", ?4 FROM "accounts" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0) ON CONFLICT (operation, kind, field, record) DO UPDATE SET after = excluded.after;

UPDATE "accounts" AS r SET "removed_at" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

-- == accounts a1 --mode anonymize
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."tenant") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "accounts" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."tenant" = ?2) OR typeof(r."tenant") NOT IN ('integer', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, CASE WHEN typeof(r."tenant") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "accounts" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."tenant" = ?2) OR typeof(r."tenant") NOT IN ('integer', 'null'))) AS n;

WITH "lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "posts" AS r SET "title" = substr(r."title", 1, 0) WHERE r."account" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

UPDATE "accounts" AS r SET "name" = ?1, "removed_at" = ?2 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

-- == accounts a1 --mode hard_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."tenant") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "accounts" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."tenant" = ?2) OR typeof(r."tenant") NOT IN ('integer', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" IN (SELECT s.id FROM "lifecycle_set_1" AS s)) AS a GROUP BY a.id),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "likes" AS r WHERE r."comment" IN (SELECT s.id FROM "lifecycle_set_2" AS s))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, s.rank, count(*) FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, CASE WHEN typeof(r."tenant") NOT IN ('integer', 'null') THEN -1 ELSE 0 END AS rank FROM "accounts" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."tenant" = ?2) OR typeof(r."tenant") NOT IN ('integer', 'null'))) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 1, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "posts" AS r WHERE r."account" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 2, n.id, n.rank FROM (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "comments" AS r WHERE r."account" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "comments" AS r WHERE r."post" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1)) AS a GROUP BY a.id) AS n;

SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

DELETE FROM "likes" AS r WHERE r."comment" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2);

DELETE FROM "comments" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 0);

DELETE FROM "comments" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 1);

DELETE FROM "posts" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1);

DELETE FROM "accounts" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

