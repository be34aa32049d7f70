-- What a backup target held at the end of a day on which that changed, in bytes.
CREATE TABLE backup_sample (
  target_id integer NOT NULL REFERENCES backup_target (id) ON DELETE CASCADE,
  day date NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (target_id, day)
);
