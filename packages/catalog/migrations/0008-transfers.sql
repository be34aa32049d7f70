-- Uploads of large blobs under way, so that a killed transfer goes on where it was; and why the
-- last attempt at a name failed.

ALTER TABLE replica ADD COLUMN failure jsonb;

-- One row per blob at a target: `endpoint_id` 0 is our own registry. Whoever holds it renews
-- `updated_at` every few seconds; an older one may be taken over. Where the upload is (which may be
-- as good as a password) is sealed.
CREATE TABLE blob_transfer (
  endpoint_id integer NOT NULL,
  repository text NOT NULL COLLATE "C",
  digest text NOT NULL COLLATE "C",
  location_sealed bytea NOT NULL,
  "offset" bigint NOT NULL,
  holder text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (endpoint_id, repository, digest)
);
