-- What recovery needs of the past: moments in the journal, and what deleted manifests were.

-- Names compare byte by byte here as in the tables, so that the keys of one repository or project
-- are one range.
ALTER TABLE journal ALTER COLUMN key TYPE text COLLATE "C";
-- "As of T" begins with the newest entry that is not after T.
CREATE INDEX journal_of_time ON journal (at);

-- A manifest that some repository no longer has, as it was: by digest alone, for content is the
-- same wherever it stood. Kept for as long as history names it.
CREATE TABLE past_manifest (
  digest text COLLATE "C" PRIMARY KEY,
  media_type text NOT NULL,
  size integer NOT NULL,
  artifact_type text,
  subject text COLLATE "C",
  annotations jsonb,
  bytes bytea NOT NULL
);
CREATE INDEX past_manifest_of_subject ON past_manifest (subject, digest) WHERE subject IS NOT NULL;

CREATE TABLE past_reference (
  manifest text COLLATE "C" NOT NULL REFERENCES past_manifest ON DELETE CASCADE,
  digest text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('blob', 'manifest')),
  position integer NOT NULL,
  PRIMARY KEY (manifest, position)
);
CREATE INDEX past_reference_of_digest ON past_reference (digest);

-- By trigger, so that no way of deleting can forget it.
CREATE FUNCTION keep_past_manifest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_manifest (digest, media_type, size, artifact_type, subject, annotations, bytes)
  VALUES (OLD.digest, OLD.media_type, OLD.size, OLD.artifact_type, OLD.subject, OLD.annotations,
    OLD.bytes)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    INSERT INTO past_reference (manifest, digest, kind, position)
    SELECT OLD.digest, digest, kind, position FROM manifest_reference WHERE manifest_id = OLD.id;
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER keep_past_manifest BEFORE DELETE ON manifest
  FOR EACH ROW EXECUTE FUNCTION keep_past_manifest();

-- Whoever needs history for longer than its window: what any moment from `seq` on names is kept.
CREATE TABLE history_hold (
  -- `backup:3`, `execution:17`.
  holder text PRIMARY KEY,
  seq bigint NOT NULL,
  -- For people: what is held, and for whom.
  reason text NOT NULL,
  -- Null: until its holder lets go.
  expires_at timestamptz
);
