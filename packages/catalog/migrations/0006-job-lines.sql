-- Tasks are claimed from their own table: fairly, within limits, where nothing is paused.

DROP SCHEMA IF EXISTS pgboss CASCADE;

-- Tasks that are alike to whoever claims them: of one vendor's thing, with the same limits.
CREATE TABLE job_line (
  id serial PRIMARY KEY,
  vendor text NOT NULL,
  vendor_id integer NOT NULL,
  -- Higher goes first.
  priority smallint NOT NULL,
  -- Names of limits; sorted.
  groups text[] NOT NULL,
  -- When a task of it was claimed last.
  served_at timestamptz NOT NULL DEFAULT '-infinity',
  UNIQUE (vendor, vendor_id, priority, groups)
);

-- How many tasks of a group may run at a time, over all nodes.
CREATE TABLE job_limit (
  name text PRIMARY KEY,
  most integer NOT NULL CHECK (most > 0)
);

-- Vendors whose tasks are not claimed; SCHEDULER: no schedule fires.
CREATE TABLE job_pause (
  job_type text PRIMARY KEY,
  paused_at timestamptz NOT NULL DEFAULT now()
);

-- Processes that run tasks. One that falls silent is dead, and its tasks are taken over.
CREATE TABLE worker_pool (
  id text PRIMARY KEY,
  host text NOT NULL,
  pid integer NOT NULL,
  concurrency integer NOT NULL,
  -- It ends what it has and takes nothing more.
  draining boolean NOT NULL DEFAULT false,
  start_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE execution ADD COLUMN priority smallint NOT NULL DEFAULT 0;

ALTER TABLE task
  ADD COLUMN line_id integer,
  -- Of the Pending tasks of a lane the one that may be claimed; see lane.ts.
  ADD COLUMN ready boolean NOT NULL DEFAULT false,
  -- What its log takes up.
  ADD COLUMN log_bytes integer NOT NULL DEFAULT 0,
  DROP CONSTRAINT task_status_check;

INSERT INTO job_line (vendor, vendor_id, priority, groups)
SELECT DISTINCT vendor, vendor_id, 0, '{}'::text[] FROM execution;
UPDATE task SET
  line_id = (SELECT line.id FROM execution JOIN job_line AS line USING (vendor, vendor_id)
             WHERE execution.id = task.execution_id),
  status = CASE WHEN status = 'Pending' AND not_before > now() THEN 'Scheduled' ELSE status END,
  ready = status = 'Pending' AND ticket IS NOT NULL AND coalesce(not_before <= now(), true);

ALTER TABLE task
  DROP COLUMN ticket,
  ALTER COLUMN line_id SET NOT NULL,
  ADD CHECK (status IN ('Pending', 'Scheduled', 'Running', 'Success', 'Error', 'Stopped')),
  ADD CHECK (status <> 'Scheduled' OR not_before IS NOT NULL);

DROP INDEX task_open_of_execution, task_open;
CREATE INDEX task_open_of_execution ON task (execution_id)
  WHERE status IN ('Pending', 'Scheduled', 'Running');
CREATE INDEX task_open ON task (lane, id) WHERE status IN ('Pending', 'Scheduled', 'Running');
CREATE INDEX task_ready ON task (line_id, id) WHERE status = 'Pending' AND ready;
CREATE INDEX task_scheduled ON task (not_before) WHERE status = 'Scheduled';
CREATE INDEX task_running ON task (line_id) WHERE status = 'Running';

-- The state machine. The same pairs stand in packages/jobs/transitions.ts; a test compares them.
CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a % cannot become % here', TG_TABLE_NAME, NEW.status
    USING ERRCODE = 'check_violation', DETAIL = format('It is %s.', coalesce(OLD.status, 'new'));
END $$;
CREATE TRIGGER task_starts_pending BEFORE INSERT ON task FOR EACH ROW
  WHEN (NEW.status <> 'Pending') EXECUTE FUNCTION refuse_transition();
CREATE TRIGGER task_transition BEFORE UPDATE OF status ON task FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND (OLD.status || ' ' || NEW.status) NOT IN (
    'Pending Running', 'Pending Stopped',
    'Scheduled Pending', 'Scheduled Stopped',
    'Running Pending', 'Running Scheduled', 'Running Success', 'Running Error', 'Running Stopped',
    'Error Pending', 'Stopped Pending'
  )) EXECUTE FUNCTION refuse_transition();
CREATE TRIGGER execution_transition BEFORE UPDATE OF status ON execution FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND (OLD.status || ' ' || NEW.status) NOT IN (
    'Running Success', 'Running Error', 'Running Stopped', 'Error Running', 'Stopped Running'
  )) EXECUTE FUNCTION refuse_transition();
