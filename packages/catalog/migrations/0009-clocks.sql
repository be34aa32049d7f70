-- The order of a name's changes over all registries, and what has come into each other's way.

-- Of tags' and manifests' entries: the change's stamp and what it had seen; see clock.ts.
ALTER TABLE journal ADD COLUMN clock text;

-- The newest of every tag and manifest there ever was: a deletion's stays, so that what is older
-- cannot come back. By the journal's keys.
CREATE TABLE name_clock (
  key text COLLATE "C" PRIMARY KEY,
  -- Empty before the first change.
  clock text NOT NULL
);
INSERT INTO name_clock (key, clock)
SELECT DISTINCT ON (key) key, origin || ':' || floor(extract(epoch FROM at) * 1000)::bigint || '.0'
FROM journal
WHERE kind IN ('tag', 'manifest') AND origin ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
ORDER BY key, seq DESC;

-- Changes of one tag that knew nothing of each other. The loser stays in the journal when somebody
-- has seen it here.
CREATE TABLE replication_conflict (
  id serial PRIMARY KEY,
  at timestamptz NOT NULL,
  repository text NOT NULL COLLATE "C",
  tag text NOT NULL COLLATE "C",
  -- Digests; null where it was deleted.
  winner text,
  loser text,
  -- Ids of the registries where they were made; null where that is not known.
  winner_origin text,
  loser_origin text,
  -- The policy that met it; null where it came with a push of another registry.
  policy_id integer REFERENCES replication_policy ON DELETE CASCADE,
  UNIQUE NULLS NOT DISTINCT (repository, tag, winner, loser, policy_id)
);
