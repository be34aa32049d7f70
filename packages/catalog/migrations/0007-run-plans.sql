-- What runs have planned, the tags of all-or-nothing runs, and where disabled policies stopped.

CREATE TABLE run_plan (
  execution_id integer PRIMARY KEY REFERENCES execution ON DELETE CASCADE,
  -- Names by verdict; complete, though not every name has an item below.
  counts jsonb NOT NULL DEFAULT '{}',
  -- Everything has been listed and compared.
  complete boolean NOT NULL DEFAULT false,
  -- Deletions that the policy's ceiling holds back until somebody confirms them.
  held integer NOT NULL DEFAULT 0,
  -- Of an all-or-nothing run: the task that moves its tags has been added.
  moving boolean NOT NULL DEFAULT false
);

-- The names of which something becomes: equal ones are counted only.
CREATE TABLE run_plan_item (
  execution_id integer NOT NULL REFERENCES run_plan ON DELETE CASCADE,
  n bigserial NOT NULL,
  verdict text NOT NULL,
  repository text NOT NULL COLLATE "C",
  reference text NOT NULL COLLATE "C",
  target text NOT NULL,
  at_source text,
  at_target text,
  PRIMARY KEY (execution_id, n)
);

-- What an all-or-nothing run brings by digest first; the tags move when all of it has arrived.
-- `digest` null: the name is deleted then.
CREATE TABLE staged_name (
  execution_id integer NOT NULL REFERENCES execution ON DELETE CASCADE,
  repository text NOT NULL COLLATE "C",
  reference text NOT NULL COLLATE "C",
  target text NOT NULL,
  digest text,
  origin jsonb NOT NULL,
  arrived boolean NOT NULL DEFAULT false,
  PRIMARY KEY (execution_id, repository, reference)
);
CREATE INDEX staged_name_waiting ON staged_name (execution_id, target, digest) WHERE NOT arrived;

-- A disabled policy's place in the journal: what changed after it is caught up with.
CREATE TABLE policy_pause (
  policy_id integer PRIMARY KEY REFERENCES replication_policy ON DELETE CASCADE,
  seq bigint NOT NULL
);
