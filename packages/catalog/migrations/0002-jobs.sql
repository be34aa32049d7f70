-- Executions, tasks and schedules. The queue itself is pg-boss's, in its own schema.

CREATE TABLE execution (
  id serial PRIMARY KEY,
  vendor text NOT NULL,
  vendor_id integer NOT NULL,
  trigger text NOT NULL,
  status text NOT NULL CHECK (status IN ('Running', 'Success', 'Error', 'Stopped')),
  status_text text NOT NULL DEFAULT '',
  plan jsonb,
  actor text NOT NULL,
  -- Nobody may add tasks any more.
  stop_requested boolean NOT NULL DEFAULT false,
  start_time timestamptz NOT NULL DEFAULT now(),
  end_time timestamptz
);
CREATE INDEX execution_of_vendor ON execution (vendor, vendor_id, id);
CREATE INDEX execution_running ON execution (id) WHERE status = 'Running';

CREATE TABLE task (
  id bigserial PRIMARY KEY,
  execution_id integer NOT NULL REFERENCES execution ON DELETE CASCADE,
  kind text NOT NULL,
  lane text NOT NULL,
  payload jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('Pending', 'Running', 'Success', 'Error', 'Stopped')),
  status_text text NOT NULL DEFAULT '',
  attempts integer NOT NULL DEFAULT 0,
  progress jsonb NOT NULL DEFAULT '{}',
  worker text,
  -- The one job of pg-boss that may run this task now; null while it waits for its lane.
  ticket uuid,
  -- When a failed task may be tried again; until then it does not hold its lane.
  not_before timestamptz,
  -- Set by cancel: if it throws now, it was stopped.
  stop_requested boolean NOT NULL DEFAULT false,
  -- How many of its attempts ended with their worker's death.
  lost smallint NOT NULL DEFAULT 0,
  start_time timestamptz NOT NULL DEFAULT now(),
  end_time timestamptz
);
CREATE INDEX task_of_execution ON task (execution_id, id);
CREATE INDEX task_open_of_execution ON task (execution_id)
  WHERE status IN ('Pending', 'Running');
CREATE INDEX task_open ON task (lane, id) WHERE status IN ('Pending', 'Running');
-- The lane: one task at a time for one target.
CREATE UNIQUE INDEX task_lane ON task (lane) WHERE status = 'Running';

CREATE TABLE task_log (
  id bigserial PRIMARY KEY,
  task_id bigint NOT NULL REFERENCES task ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  level text NOT NULL,
  text text NOT NULL
);
CREATE INDEX task_log_of_task ON task_log (task_id, id);

CREATE TABLE schedule (
  id serial PRIMARY KEY,
  vendor text NOT NULL,
  vendor_id integer NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL DEFAULT 'UTC',
  -- When it fires next.
  next_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (vendor, vendor_id)
);
CREATE INDEX schedule_due ON schedule (next_at);
