-- How far the archive of names in the blob store has come, and which node writes it.
CREATE TABLE name_archive (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  -- The newest snapshot or segment: snapshot, n, seq, at.
  tip jsonb,
  -- One node writes; another takes over when its lease has run out.
  lease_holder text,
  lease_until timestamptz,
  last_error text NOT NULL DEFAULT ''
);
INSERT INTO name_archive DEFAULT VALUES;
