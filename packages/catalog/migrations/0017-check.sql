-- Checks of the registry, what they found, and what is done about it.

-- Blobs whose bytes were read and had their digest: by a check, a repair, or a pull.
CREATE TABLE blob_verified (
  digest text COLLATE "C" PRIMARY KEY,
  at timestamptz NOT NULL
);

CREATE TABLE check_finding (
  id bigserial PRIMARY KEY,
  -- The check that found it; null: a pull did.
  execution_id integer REFERENCES execution ON DELETE CASCADE,
  class text NOT NULL,
  -- A digest, `repository@digest`, a project, or a name as the journal calls it.
  name text COLLATE "C" NOT NULL,
  -- Of blobs, in bytes, as the names say it; null: nothing says it.
  size bigint,
  -- What is wrong, for people.
  detail text NOT NULL,
  -- What cannot be pulled whole for it: `repository:tag`, `repository@digest`; the first few.
  harms text[] NOT NULL DEFAULT '{}',
  found_at timestamptz NOT NULL DEFAULT now()
);
-- Found again by the same check, it is the same.
CREATE UNIQUE INDEX check_finding_once ON check_finding (coalesce(execution_id, 0), class, name);

CREATE TABLE repair_plan (
  id serial PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  -- The check whose findings it is about.
  check_id integer NOT NULL,
  -- Its newest run.
  execution_id integer REFERENCES execution ON DELETE SET NULL
);

CREATE TABLE repair_item (
  plan_id integer NOT NULL REFERENCES repair_plan ON DELETE CASCADE,
  n integer NOT NULL,
  class text NOT NULL,
  name text COLLATE "C" NOT NULL,
  size bigint,
  -- heal, set-aside, recount, correct, or leave.
  act text NOT NULL,
  -- Where whole copies are, the best first.
  copies jsonb NOT NULL DEFAULT '[]',
  why text NOT NULL DEFAULT '',
  -- healed, set-aside, corrected, whole or left; null until it was its turn.
  outcome text,
  result text NOT NULL DEFAULT '',
  PRIMARY KEY (plan_id, n)
);
