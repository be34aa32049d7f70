-- What other registries say they are copying here, so that it can be pulled before it has arrived.
-- A row is good for a minute: who goes on copying says so again.
CREATE TABLE announced_copy (
  repository text NOT NULL COLLATE "C",
  registry text NOT NULL COLLATE "C",
  source text NOT NULL COLLATE "C",
  until timestamptz NOT NULL,
  PRIMARY KEY (repository, registry, source)
);
