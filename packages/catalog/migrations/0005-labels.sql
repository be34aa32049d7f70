-- Labels, global or of a project, and which artifacts carry them.

CREATE TABLE label (
  id serial PRIMARY KEY,
  name text NOT NULL COLLATE "C",
  description text NOT NULL DEFAULT '',
  color text NOT NULL DEFAULT '',
  -- Null: a global one.
  project_id integer REFERENCES project ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX label_name ON label (coalesce(project_id, 0), name);

CREATE TABLE artifact_label (
  manifest_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
  label_id integer NOT NULL REFERENCES label ON DELETE CASCADE,
  PRIMARY KEY (manifest_id, label_id)
);
CREATE INDEX artifact_label_of_label ON artifact_label (label_id);
