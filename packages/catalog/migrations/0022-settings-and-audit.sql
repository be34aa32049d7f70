-- What administrators set while servers run. A null value: a secret, sealed (or lost with its key).
CREATE TABLE system_setting (
  name text PRIMARY KEY,
  value jsonb,
  value_sealed bytea
);
