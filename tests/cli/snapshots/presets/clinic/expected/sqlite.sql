-- == clients 00000000-0000-4000-a000-000000000001 --mode hard_delete --actor ana
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."paid_at" IS NOT NULL AND n."paid_at" IS NULL)) THEN -1 WHEN (n."paid_at" < ?3) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."paid_at" AS v)) AS "paid_at") AS n) AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" < ?4) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank = 0)),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank = 0) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 1)),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank = 0) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 1)),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 0) AND ((r."issued_at" IS NULL))),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 0) AND ((r."paid_at" IS NULL))),
"lifecycle_set_15"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) AND ((+r."status" COLLATE BINARY = ?5) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_16"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) AND ((r."status" IS NULL))),
"lifecycle_set_18"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN ((+r."status" COLLATE BINARY <> ?6) AND (n."starts_at" > ?7)) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_19"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (((+r."status" COLLATE BINARY <> ?8) AND (n."starts_at" > ?9)) IS NULL) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_21"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" >= ?10) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_23"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."paid_at" IS NOT NULL AND n."paid_at" IS NULL)) THEN -1 WHEN (n."paid_at" >= ?11) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."paid_at" AS v)) AS "paid_at") AS n) AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_24"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_25"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, s.rank, count(*) FROM "lifecycle_set_4" AS s GROUP BY s.rank
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, s.rank, count(*) FROM "lifecycle_set_7" AS s GROUP BY s.rank
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*) FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*) FROM "lifecycle_set_10" AS s
UNION ALL SELECT 11, 0, count(*) FROM "lifecycle_set_11" AS s
UNION ALL SELECT 12, 0, count(*) FROM "lifecycle_set_12" AS s
UNION ALL SELECT 13, 0, count(*) FROM "lifecycle_set_13" AS s
UNION ALL SELECT 15, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_15" AS s
UNION ALL SELECT 16, 0, count(*) FROM "lifecycle_set_16" AS s
UNION ALL SELECT 18, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_18" AS s
UNION ALL SELECT 19, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_19" AS s
UNION ALL SELECT 21, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_21" AS s
UNION ALL SELECT 23, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_23" AS s
UNION ALL SELECT 24, 0, count(*) FROM "lifecycle_set_24" AS s
UNION ALL SELECT 25, 0, count(*) FROM "lifecycle_set_25" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 4, n.id, n.rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."paid_at" IS NOT NULL AND n."paid_at" IS NULL)) THEN -1 WHEN (n."paid_at" < ?1) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."paid_at" AS v)) AS "paid_at") AS n) AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 7, n.id, n.rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" < ?1) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 9, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 11, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 AND s.rank = 1)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 25, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

WITH "lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 AND s.rank = 0) AND ((r."issued_at" IS NULL))),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 AND s.rank = 0) AND ((r."paid_at" IS NULL))),
"lifecycle_set_15"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) AND ((+r."status" COLLATE BINARY = ?1) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_16"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) AND ((r."status" IS NULL))),
"lifecycle_set_18"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN ((+r."status" COLLATE BINARY <> ?2) AND (n."starts_at" > ?3)) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_19"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (((+r."status" COLLATE BINARY <> ?4) AND (n."starts_at" > ?5)) IS NULL) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_21"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" >= ?6) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_23"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."paid_at" IS NOT NULL AND n."paid_at" IS NULL)) THEN -1 WHEN (n."paid_at" >= ?7) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."paid_at" AS v)) AS "paid_at") AS n) AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL)
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 4, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 GROUP BY s.rank
UNION ALL SELECT 7, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 GROUP BY s.rank
UNION ALL SELECT 12, 0, count(*) FROM "lifecycle_set_12" AS s
UNION ALL SELECT 13, 0, count(*) FROM "lifecycle_set_13" AS s
UNION ALL SELECT 15, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_15" AS s
UNION ALL SELECT 16, 0, count(*) FROM "lifecycle_set_16" AS s
UNION ALL SELECT 18, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_18" AS s
UNION ALL SELECT 19, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_19" AS s
UNION ALL SELECT 21, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_21" AS s
UNION ALL SELECT 23, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_23" AS s;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object(?5, CASE WHEN typeof(r."token") = 'blob' AND length(r."token") <> 16 THEN hex(r."token") ELSE CASE WHEN typeof(r."token") = 'blob' AND length(r."token") = 16 THEN lower(substr(hex(r."token"), 1, 8) || '-' || substr(hex(r."token"), 9, 4) || '-' || substr(hex(r."token"), 13, 4) || '-' || substr(hex(r."token"), 17, 4) || '-' || substr(hex(r."token"), 21, 12)) ELSE r."token" END END) FROM "sessions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 25) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

DELETE FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 AND s.rank = 1);

UPDATE "sales" AS r SET "client_id" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 11);

DELETE FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

UPDATE "payments" AS r SET "client_id" = ?1 WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 AND s.rank = 1);

DELETE FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

UPDATE "bookings" AS r SET "comment" = ?1 WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

UPDATE "bookings" AS r SET "client_id" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 9);

DELETE FROM "clients" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

-- == clients 00000000-0000-4000-a000-000000000001 --mode anonymize --actor ana
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."paid_at" IS NOT NULL AND n."paid_at" IS NULL)) THEN -1 WHEN (n."paid_at" < ?3) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."paid_at" AS v)) AS "paid_at") AS n) AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" < ?4) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_7" AS s WHERE s.rank = 0) AND ((r."issued_at" IS NULL))),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 0) AND ((r."paid_at" IS NULL))),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) AND ((+r."status" COLLATE BINARY = ?5) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0) AND ((r."status" IS NULL))),
"lifecycle_set_15"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN ((+r."status" COLLATE BINARY <> ?6) AND (n."starts_at" > ?7)) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_16"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (((+r."status" COLLATE BINARY <> ?8) AND (n."starts_at" > ?9)) IS NULL) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_18"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" >= ?10) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_20"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."paid_at" IS NOT NULL AND n."paid_at" IS NULL)) THEN -1 WHEN (n."paid_at" >= ?11) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."paid_at" AS v)) AS "paid_at") AS n) AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_21"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_22"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, s.rank, count(*) FROM "lifecycle_set_4" AS s GROUP BY s.rank
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, s.rank, count(*) FROM "lifecycle_set_7" AS s GROUP BY s.rank
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*) FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*) FROM "lifecycle_set_10" AS s
UNION ALL SELECT 12, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_12" AS s
UNION ALL SELECT 13, 0, count(*) FROM "lifecycle_set_13" AS s
UNION ALL SELECT 15, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_15" AS s
UNION ALL SELECT 16, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_16" AS s
UNION ALL SELECT 18, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_18" AS s
UNION ALL SELECT 20, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_20" AS s
UNION ALL SELECT 21, 0, count(*) FROM "lifecycle_set_21" AS s
UNION ALL SELECT 22, 0, count(*) FROM "lifecycle_set_22" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 7, n.id, n.rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" < ?1) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 22, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS n;

WITH "lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."paid_at" IS NOT NULL AND n."paid_at" IS NULL)) THEN -1 WHEN (n."paid_at" < ?1) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."paid_at" AS v)) AS "paid_at") AS n) AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 AND s.rank = 0) AND ((r."issued_at" IS NULL))),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 0) AND ((r."paid_at" IS NULL))),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) AND ((+r."status" COLLATE BINARY = ?2) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0) AND ((r."status" IS NULL))),
"lifecycle_set_15"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN ((+r."status" COLLATE BINARY <> ?3) AND (n."starts_at" > ?4)) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_16"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."starts_at" IS NOT NULL AND n."starts_at" IS NULL) OR typeof(r."status") NOT IN ('text', 'null')) THEN -1 WHEN (((+r."status" COLLATE BINARY <> ?5) AND (n."starts_at" > ?6)) IS NULL) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."starts_at" AS v)) AS "starts_at") AS n) AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_18"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."issued_at" IS NOT NULL AND n."issued_at" IS NULL)) THEN -1 WHEN (n."issued_at" >= ?7) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."issued_at" AS v)) AS "issued_at") AS n) AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL),
"lifecycle_set_20"(id, rank) AS (SELECT c.id AS id, c.rank AS rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."paid_at" IS NOT NULL AND n."paid_at" IS NULL)) THEN -1 WHEN (n."paid_at" >= ?8) THEN 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."paid_at" AS v)) AS "paid_at") AS n) AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)) AS c WHERE c.rank IS NOT NULL)
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 4, s.rank, count(*) FROM "lifecycle_set_4" AS s GROUP BY s.rank
UNION ALL SELECT 7, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 GROUP BY s.rank
UNION ALL SELECT 9, 0, count(*) FROM "lifecycle_set_9" AS s
UNION ALL SELECT 10, 0, count(*) FROM "lifecycle_set_10" AS s
UNION ALL SELECT 12, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_12" AS s
UNION ALL SELECT 13, 0, count(*) FROM "lifecycle_set_13" AS s
UNION ALL SELECT 15, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_15" AS s
UNION ALL SELECT 16, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_16" AS s
UNION ALL SELECT 18, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_18" AS s
UNION ALL SELECT 20, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_20" AS s;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object(?5, CASE WHEN typeof(r."token") = 'blob' AND length(r."token") <> 16 THEN hex(r."token") ELSE CASE WHEN typeof(r."token") = 'blob' AND length(r."token") = 16 THEN lower(substr(hex(r."token"), 1, 8) || '-' || substr(hex(r."token"), 9, 4) || '-' || substr(hex(r."token"), 13, 4) || '-' || substr(hex(r."token"), 17, 4) || '-' || substr(hex(r."token"), 21, 12)) ELSE r."token" END END) FROM "sessions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 22) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

DELETE FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "sales" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7 AND s.rank = 1);

DELETE FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

DELETE FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

UPDATE "bookings" AS r SET "comment" = ?1 WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0);

UPDATE "clients" AS r SET "address" = ?1, "avatar" = ?2, "birth_date" = CASE WHEN typeof(r."birth_date") = 'integer' THEN CAST(strftime('%s', strftime('%Y', ((SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."birth_date" AS v))) / 1000, 'unixepoch') || '-01-01') AS INTEGER) WHEN r."birth_date" IN ('infinity', '-infinity') THEN r."birth_date" ELSE strftime('%Y', ((SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."birth_date" AS v))) / 1000, 'unixepoch') || '-01-01' END, "city" = ?3, "country" = ?4, "document_number" = ?5, "email" = (CASE WHEN typeof(r."user_id") = 'blob' AND length(r."user_id") = 16 THEN lower(substr(hex(r."user_id"), 1, 8) || '-' || substr(hex(r."user_id"), 9, 4) || '-' || substr(hex(r."user_id"), 13, 4) || '-' || substr(hex(r."user_id"), 17, 4) || '-' || substr(hex(r."user_id"), 21, 12)) ELSE r."user_id" END) || '@anonymized.invalid', "gender" = ?6, "name" = ?7, "password" = ?8, "phone" = ?9, "postal_code" = ?10, "status" = ?11, "surname" = ?12, "updated_at" = ?13 WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

-- == clients 00000000-0000-4000-a000-000000000001 --mode deactivate --actor ana
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "clients" AS r SET "status" = ?1, "updated_at" = ?2 WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

-- == clients 00000000-0000-4000-a000-000000000001 --mode reactivate --actor ana
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s WHERE s.rank >= 0;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."user_id" AS id, CASE WHEN typeof(r."role") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "clients" AS r WHERE r."user_id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((+r."role" COLLATE BINARY = ?2) OR typeof(r."role") NOT IN ('text', 'null'))) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "bookings" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "consents" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "debts" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "payments" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "questionnaires" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "revokes" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sales" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "sessions" AS r WHERE r."client_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank >= 0))
SELECT 0, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "clients" AS r SET "status" = ?1, "updated_at" = ?2 WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 AND s.rank = 0);

DELETE FROM temp."lifecycle_members";

