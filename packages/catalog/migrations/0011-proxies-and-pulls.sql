-- A project can be the proxy of a remote registry; and when what was last pulled.

ALTER TABLE project ADD COLUMN registry_id integer REFERENCES registry_endpoint;

-- Written behind the answers, a few seconds late: what is lost at a crash was only a time.
CREATE TABLE pulled (
  repository text NOT NULL COLLATE "C",
  digest text NOT NULL COLLATE "C",
  at timestamptz NOT NULL,
  count bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (repository, digest)
);
