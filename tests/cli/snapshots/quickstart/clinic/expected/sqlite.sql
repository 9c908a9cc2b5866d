-- == clients 00000000-0000-4000-8000-000000000122 --mode hard_delete --actor ana --role ADMIN --reason privacy_request
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, CASE WHEN (typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (+r."status" COLLATE BINARY = ?3) THEN 1 ELSE 0 END AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "booking_items" AS r WHERE r."booking_id" IN (SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "revokes" AS r WHERE r."consent_id" IN (SELECT s.id FROM "lifecycle_set_3" AS s)) AS a GROUP BY a.id),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" < ?4) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_9"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (+r."status" COLLATE BINARY = ?5) THEN NULL ELSE 0 END AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank = 0) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank = 0) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 1)),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 0) AND ((r."issued_at" IS NULL))),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) AND ((+r."status" COLLATE BINARY = ?6) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_14"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) AND ((r."status" IS NULL))),
"lifecycle_set_16"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN ((+r."status" COLLATE BINARY = ?7) AND (n."starts_at" > ?8)) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_17"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (((+r."status" COLLATE BINARY = ?9) AND (n."starts_at" > ?10)) IS NULL) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_19"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" >= ?11) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_20"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*) FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, s.rank, count(*) FROM "lifecycle_set_6" AS s GROUP BY s.rank
UNION ALL SELECT 7, s.rank, count(*) FROM "lifecycle_set_7" AS s GROUP BY s.rank
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*) FROM "lifecycle_set_10" AS s
UNION ALL SELECT 11, 0, count(*) FROM "lifecycle_set_11" AS s
UNION ALL SELECT 13, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_13" AS s
UNION ALL SELECT 14, 0, count(*) FROM "lifecycle_set_14" AS s
UNION ALL SELECT 16, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_16" AS s
UNION ALL SELECT 17, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_17" AS s
UNION ALL SELECT 19, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_19" AS s
UNION ALL SELECT 20, 0, count(*) FROM "lifecycle_set_20" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 1, n.id, n.rank FROM (SELECT r."id" AS id, CASE WHEN (typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (+r."status" COLLATE BINARY = ?1) THEN 1 ELSE 0 END AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 3, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 7, n.id, n.rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" < ?1) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 9, n.id, n.rank FROM (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, CASE WHEN (typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (+r."status" COLLATE BINARY = ?1) THEN NULL ELSE 0 END AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 1)) AS c WHERE c.rank IS NOT NULL) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 10, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 AND s.rank = 1)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 20, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

WITH "lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "revokes" AS r WHERE r."consent_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 3)) AS a GROUP BY a.id),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 AND s.rank = 0) AND ((r."issued_at" IS NULL))),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) AND ((+r."status" COLLATE BINARY = ?1) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_14"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) AND ((r."status" IS NULL))),
"lifecycle_set_16"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN ((+r."status" COLLATE BINARY = ?2) AND (n."starts_at" > ?3)) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_17"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (((+r."status" COLLATE BINARY = ?4) AND (n."starts_at" > ?5)) IS NULL) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_19"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" >= ?6) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL)
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 1, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 1
UNION ALL SELECT 6, s.rank, count(*) FROM "lifecycle_set_6" AS s GROUP BY s.rank
UNION ALL SELECT 7, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 GROUP BY s.rank
UNION ALL SELECT 9, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 9
UNION ALL SELECT 11, 0, count(*) FROM "lifecycle_set_11" AS s
UNION ALL SELECT 13, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_13" AS s
UNION ALL SELECT 14, 0, count(*) FROM "lifecycle_set_14" AS s
UNION ALL SELECT 16, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_16" AS s
UNION ALL SELECT 17, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_17" AS s
UNION ALL SELECT 19, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_19" AS s;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object(?5, CASE WHEN typeof(r."token") = 'blob' AND length(r."token") <> 16 THEN hex(r."token") ELSE CASE WHEN typeof(r."token") = 'blob' AND length(r."token") = 16 THEN lower(substr(hex(r."token"), 1, 8) || '-' || substr(hex(r."token"), 9, 4) || '-' || substr(hex(r."token"), 13, 4) || '-' || substr(hex(r."token"), 17, 4) || '-' || substr(hex(r."token"), 21, 12)) ELSE r."token" END END) FROM "sessions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 20) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."user_id", ?4, json_object(?5, CASE WHEN typeof(r."email") = 'blob' AND length(r."email") <> 16 THEN hex(r."email") ELSE CASE WHEN typeof(r."email") = 'blob' AND length(r."email") = 16 THEN lower(substr(hex(r."email"), 1, 8) || '-' || substr(hex(r."email"), 9, 4) || '-' || substr(hex(r."email"), 13, 4) || '-' || substr(hex(r."email"), 17, 4) || '-' || substr(hex(r."email"), 21, 12)) ELSE r."email" END END) FROM "clients" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) ORDER BY r."user_id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

DELETE FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 AND s.rank = 1);

UPDATE "sales" AS r SET "client_id" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 10);

WITH "lifecycle_set_6"(id, rank) AS (SELECT a.id AS id, min(a.rank) AS rank FROM (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) UNION ALL SELECT r."id" AS id, 1 AS rank FROM "revokes" AS r WHERE r."consent_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 3)) AS a GROUP BY a.id)
DELETE FROM "revokes" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_6" AS s WHERE s.rank = 0);

DELETE FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "consents" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 3);

DELETE FROM "booking_items" AS r WHERE r."booking_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 1);

DELETE FROM "bookings" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 1);

UPDATE "bookings" AS r SET "comment" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 0);

UPDATE "bookings" AS r SET "client_id" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 9 AND s.rank = 0);

DELETE FROM "clients" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

-- == clients 00000000-0000-4000-8000-000000000047 --mode deactivate --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "clients" AS r SET "status" = ?1 WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

-- == clients 00000000-0000-4000-8000-000000000122 --mode reactivate --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "clients" AS r SET "status" = ?1 WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

