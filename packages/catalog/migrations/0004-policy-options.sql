-- What a policy and an endpoint say beyond Harbor's first fields. Absent keys mean the default, so
-- that a new option needs no migration.

ALTER TABLE replication_policy
  ADD COLUMN options jsonb NOT NULL DEFAULT '{}',
  -- The project that owns it; null for the system's own.
  ADD COLUMN project_id integer REFERENCES project ON DELETE CASCADE;
CREATE INDEX replication_policy_of_project ON replication_policy (project_id)
  WHERE project_id IS NOT NULL;

ALTER TABLE registry_endpoint
  ADD COLUMN options jsonb NOT NULL DEFAULT '{}';
