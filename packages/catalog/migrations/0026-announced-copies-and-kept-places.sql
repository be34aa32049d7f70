-- What other registries say they are copying here, so that it can be pulled before it has arrived.
-- A row is good for a minute: who goes on copying says so again.
CREATE TABLE announced_copy (
  repository text NOT NULL COLLATE "C",
  registry text NOT NULL COLLATE "C",
  source text NOT NULL COLLATE "C",
  until timestamptz NOT NULL,
  PRIMARY KEY (repository, registry, source)
);

-- How far a run has compared, where its names come in their order: who goes on with it compares
-- only what is after this name. As 'repository reference'; null: nothing, or in no order.
ALTER TABLE run_plan ADD COLUMN compared_to text COLLATE "C";
