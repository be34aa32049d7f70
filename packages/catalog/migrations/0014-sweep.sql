-- What garbage collection notes. Bytes go only long after the row that named them.

-- Nothing refers to this blob; if that stays so, the row goes. Null again as soon as somebody is
-- told that the repository has it.
ALTER TABLE repository_blob ADD COLUMN condemned_at timestamptz;
CREATE INDEX repository_blob_condemned ON repository_blob (repository, digest)
  WHERE condemned_at IS NOT NULL;

ALTER TABLE past_manifest
  -- When it was last deleted from a repository.
  ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Who needed it when that was last looked at: `history`, `backup:3`; null: nobody.
  ADD COLUMN held_by text DEFAULT 'history',
  -- Until when, where that is known.
  ADD COLUMN held_until timestamptz;

-- Is this digest a manifest, or what some past state names?
CREATE INDEX manifest_of_digest ON manifest (digest);
CREATE INDEX journal_of_manifest ON journal ((after ->> 'digest'), seq)
  WHERE kind = 'manifest' AND after IS NOT NULL;

-- Deleted again, it is new again: whoever is removing the row at this moment finds it changed.
CREATE OR REPLACE FUNCTION keep_past_manifest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_manifest (digest, media_type, size, artifact_type, subject, annotations, bytes)
  VALUES (OLD.digest, OLD.media_type, OLD.size, OLD.artifact_type, OLD.subject, OLD.annotations,
    OLD.bytes)
  ON CONFLICT (digest) DO UPDATE SET since = clock_timestamp(), held_by = 'history';
  INSERT INTO past_reference (manifest, digest, kind, position)
  SELECT OLD.digest, digest, kind, position FROM manifest_reference WHERE manifest_id = OLD.id
  ON CONFLICT DO NOTHING;
  RETURN OLD;
END $$;
