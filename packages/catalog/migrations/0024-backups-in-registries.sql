-- Backups may lie in a repository of another registry: `registry:project/repository`, at an endpoint.
ALTER TABLE backup_target ADD COLUMN endpoint_id integer REFERENCES registry_endpoint;
CREATE INDEX backup_target_of_endpoint ON backup_target (endpoint_id)
  WHERE endpoint_id IS NOT NULL;
