-- Made by migrate.test.ts: UPDATE_GOLDEN=1 writes it anew.

CREATE TABLE access_token (
  id integer NOT NULL DEFAULT nextval('access_token_id_seq'::regclass),
  account_id integer NOT NULL,
  name text NOT NULL,
  hash bytea NOT NULL,
  read_only boolean NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone,
  CONSTRAINT access_token_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE,
  CONSTRAINT access_token_account_id_name_key UNIQUE (account_id, name),
  CONSTRAINT access_token_hash_key UNIQUE (hash),
  CONSTRAINT access_token_pkey PRIMARY KEY (id)
);

CREATE TABLE access_token_use (
  token_id integer NOT NULL,
  used_at timestamp with time zone NOT NULL,
  CONSTRAINT access_token_use_pkey PRIMARY KEY (token_id),
  CONSTRAINT access_token_use_token_id_fkey FOREIGN KEY (token_id) REFERENCES access_token(id) ON DELETE CASCADE
);

CREATE TABLE account (
  id integer NOT NULL DEFAULT nextval('account_id_seq'::regclass),
  username text NOT NULL,
  email text NOT NULL DEFAULT ''::text,
  realname text NOT NULL DEFAULT ''::text,
  sysadmin boolean NOT NULL DEFAULT false,
  password_hash text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  rights text[] NOT NULL DEFAULT '{}'::text[],
  source text NOT NULL DEFAULT 'local'::text,
  external_id text,
  admin_by_group boolean NOT NULL DEFAULT false,
  cli_secret_sealed bytea,
  comment text NOT NULL DEFAULT ''::text,
  CONSTRAINT account_known_by CHECK (((source = 'local'::text) = (external_id IS NULL))),
  CONSTRAINT account_pkey PRIMARY KEY (id),
  CONSTRAINT account_source_check CHECK ((source = ANY (ARRAY['local'::text, 'ldap'::text, 'oidc'::text]))),
  CONSTRAINT account_username_key UNIQUE (username)
);
CREATE UNIQUE INDEX account_of_source ON public.account USING btree (source, external_id);

CREATE TABLE account_group (
  account_id integer NOT NULL,
  type smallint NOT NULL,
  key text COLLATE "C" NOT NULL,
  CONSTRAINT account_group_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE,
  CONSTRAINT account_group_pkey PRIMARY KEY (account_id, type, key)
);

CREATE TABLE announced_copy (
  repository text COLLATE "C" NOT NULL,
  registry text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  until timestamp with time zone NOT NULL,
  CONSTRAINT announced_copy_pkey PRIMARY KEY (repository, registry, source)
);

CREATE TABLE artifact_label (
  manifest_id bigint NOT NULL,
  label_id integer NOT NULL,
  CONSTRAINT artifact_label_label_id_fkey FOREIGN KEY (label_id) REFERENCES label(id) ON DELETE CASCADE,
  CONSTRAINT artifact_label_manifest_id_fkey FOREIGN KEY (manifest_id) REFERENCES manifest(id) ON DELETE CASCADE,
  CONSTRAINT artifact_label_pkey PRIMARY KEY (manifest_id, label_id)
);
CREATE INDEX artifact_label_of_label ON public.artifact_label USING btree (label_id);

CREATE TABLE audit_forward (
  single boolean NOT NULL DEFAULT true,
  n bigint NOT NULL,
  CONSTRAINT audit_forward_pkey PRIMARY KEY (single),
  CONSTRAINT audit_forward_single_check CHECK (single)
);

CREATE TABLE audit_head (
  single boolean NOT NULL DEFAULT true,
  n bigint NOT NULL,
  hash bytea NOT NULL,
  seq bigint NOT NULL,
  CONSTRAINT audit_head_pkey PRIMARY KEY (single),
  CONSTRAINT audit_head_single_check CHECK (single)
);

CREATE TABLE audit_log (
  n bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  kind text NOT NULL,
  operation text NOT NULL,
  resource_type text NOT NULL,
  resource text NOT NULL,
  project text,
  actor text NOT NULL,
  address text NOT NULL,
  user_agent text NOT NULL,
  result text NOT NULL,
  cause text NOT NULL,
  seq bigint,
  detail text NOT NULL,
  hash bytea NOT NULL,
  emptied_by bigint,
  CONSTRAINT audit_log_kind_check CHECK ((kind = ANY (ARRAY['change'::text, 'request'::text, 'access'::text, 'login'::text, 'pull'::text, 'audit'::text]))),
  CONSTRAINT audit_log_pkey PRIMARY KEY (n),
  CONSTRAINT audit_log_result_check CHECK ((result = ANY (ARRAY['success'::text, 'denied'::text, 'failure'::text])))
);
CREATE INDEX audit_log_of_actor ON public.audit_log USING btree (actor, n);
CREATE INDEX audit_log_of_cause ON public.audit_log USING btree (cause);
CREATE INDEX audit_log_of_project ON public.audit_log USING btree (project, n);
CREATE INDEX audit_log_time ON public.audit_log USING btree (at);

CREATE TABLE audit_seal (
  n bigint NOT NULL,
  hash bytea NOT NULL,
  at timestamp with time zone NOT NULL,
  is_anchor boolean NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL,
  CONSTRAINT audit_seal_pkey PRIMARY KEY (n)
);

CREATE TABLE backup_sample (
  target_id integer NOT NULL,
  day date NOT NULL,
  bytes bigint NOT NULL,
  CONSTRAINT backup_sample_pkey PRIMARY KEY (target_id, day),
  CONSTRAINT backup_sample_target_id_fkey FOREIGN KEY (target_id) REFERENCES backup_target(id) ON DELETE CASCADE
);

CREATE TABLE backup_target (
  id integer NOT NULL DEFAULT nextval('backup_target_id_seq'::regclass),
  name text COLLATE "C" NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  address text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  cron text NOT NULL DEFAULT ''::text,
  time_zone text NOT NULL DEFAULT 'UTC'::text,
  continuous boolean NOT NULL DEFAULT false,
  options jsonb NOT NULL DEFAULT '{}'::jsonb,
  tip jsonb,
  lease_holder text,
  lease_until timestamp with time zone,
  last_error text NOT NULL DEFAULT ''::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  endpoint_id integer,
  CONSTRAINT backup_target_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES registry_endpoint(id),
  CONSTRAINT backup_target_name_key UNIQUE (name),
  CONSTRAINT backup_target_pkey PRIMARY KEY (id)
);
CREATE INDEX backup_target_of_endpoint ON public.backup_target USING btree (endpoint_id) WHERE (endpoint_id IS NOT NULL);

CREATE TABLE blob_transfer (
  endpoint_id integer NOT NULL,
  repository text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  location_sealed bytea NOT NULL,
  "offset" bigint NOT NULL,
  holder text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT blob_transfer_pkey PRIMARY KEY (endpoint_id, repository, digest)
);

CREATE TABLE blob_verified (
  digest text COLLATE "C" NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT blob_verified_pkey PRIMARY KEY (digest)
);

CREATE TABLE check_finding (
  id bigint NOT NULL DEFAULT nextval('check_finding_id_seq'::regclass),
  execution_id integer,
  class text NOT NULL,
  name text COLLATE "C" NOT NULL,
  size bigint,
  detail text NOT NULL,
  harms text[] NOT NULL DEFAULT '{}'::text[],
  found_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT check_finding_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES execution(id) ON DELETE CASCADE,
  CONSTRAINT check_finding_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX check_finding_once ON public.check_finding USING btree (COALESCE(execution_id, 0), class, name);

CREATE TABLE execution (
  id integer NOT NULL DEFAULT nextval('execution_id_seq'::regclass),
  vendor text NOT NULL,
  vendor_id integer NOT NULL,
  trigger text NOT NULL,
  status text NOT NULL,
  status_text text NOT NULL DEFAULT ''::text,
  plan jsonb,
  actor text NOT NULL,
  stop_requested boolean NOT NULL DEFAULT false,
  start_time timestamp with time zone NOT NULL DEFAULT now(),
  end_time timestamp with time zone,
  priority smallint NOT NULL DEFAULT 0,
  CONSTRAINT execution_pkey PRIMARY KEY (id),
  CONSTRAINT execution_status_check CHECK ((status = ANY (ARRAY['Running'::text, 'Success'::text, 'Error'::text, 'Stopped'::text])))
);
CREATE INDEX execution_of_vendor ON public.execution USING btree (vendor, vendor_id, id);
CREATE INDEX execution_running ON public.execution USING btree (id) WHERE (status = 'Running'::text);

CREATE TABLE history_hold (
  holder text NOT NULL,
  seq bigint NOT NULL,
  reason text NOT NULL,
  expires_at timestamp with time zone,
  CONSTRAINT history_hold_pkey PRIMARY KEY (holder)
);

CREATE TABLE immutable_rule (
  id integer NOT NULL DEFAULT nextval('immutable_rule_id_seq'::regclass),
  project_id integer NOT NULL,
  disabled boolean NOT NULL DEFAULT false,
  tag_decoration text NOT NULL,
  tag_pattern text NOT NULL,
  repository_decoration text NOT NULL,
  repository_pattern text NOT NULL,
  tag_regex text NOT NULL,
  repository_regex text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT immutable_rule_pkey PRIMARY KEY (id),
  CONSTRAINT immutable_rule_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CONSTRAINT immutable_rule_project_id_tag_decoration_tag_pattern_reposi_key UNIQUE (project_id, tag_decoration, tag_pattern, repository_decoration, repository_pattern),
  CONSTRAINT immutable_rule_repository_decoration_check CHECK ((repository_decoration = ANY (ARRAY['repoMatches'::text, 'repoExcludes'::text]))),
  CONSTRAINT immutable_rule_tag_decoration_check CHECK ((tag_decoration = ANY (ARRAY['matches'::text, 'excludes'::text])))
);

CREATE TABLE job_limit (
  name text NOT NULL,
  most integer NOT NULL,
  CONSTRAINT job_limit_most_check CHECK ((most > 0)),
  CONSTRAINT job_limit_pkey PRIMARY KEY (name)
);

CREATE TABLE job_line (
  id integer NOT NULL DEFAULT nextval('job_line_id_seq'::regclass),
  vendor text NOT NULL,
  vendor_id integer NOT NULL,
  priority smallint NOT NULL,
  groups text[] NOT NULL,
  served_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
  CONSTRAINT job_line_pkey PRIMARY KEY (id),
  CONSTRAINT job_line_vendor_vendor_id_priority_groups_key UNIQUE (vendor, vendor_id, priority, groups)
);

CREATE TABLE job_pause (
  job_type text NOT NULL,
  paused_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT job_pause_pkey PRIMARY KEY (job_type)
);

CREATE TABLE journal (
  seq bigint NOT NULL,
  timeline integer NOT NULL,
  at timestamp with time zone NOT NULL,
  origin text NOT NULL,
  origin_seq bigint NOT NULL,
  path text[] NOT NULL,
  actor text NOT NULL,
  cause text NOT NULL,
  kind text NOT NULL,
  key text COLLATE "C" NOT NULL,
  after jsonb,
  clock text,
  CONSTRAINT journal_pkey PRIMARY KEY (seq)
);
CREATE INDEX journal_of_cause ON public.journal USING btree (cause);
CREATE INDEX journal_of_key ON public.journal USING btree (kind, key, seq);
CREATE INDEX journal_of_manifest ON public.journal USING btree (((after ->> 'digest'::text)), seq) WHERE ((kind = 'manifest'::text) AND (after IS NOT NULL));
CREATE INDEX journal_of_time ON public.journal USING btree (at);

CREATE TABLE journal_cursor (
  reader text NOT NULL,
  seq bigint NOT NULL,
  CONSTRAINT journal_cursor_pkey PRIMARY KEY (reader)
);

CREATE TABLE journal_head (
  id boolean NOT NULL DEFAULT true,
  timeline integer NOT NULL,
  seq bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT journal_head_id_check CHECK (id),
  CONSTRAINT journal_head_pkey PRIMARY KEY (id)
);

CREATE TABLE label (
  id integer NOT NULL DEFAULT nextval('label_id_seq'::regclass),
  name text COLLATE "C" NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  color text NOT NULL DEFAULT ''::text,
  project_id integer,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT label_pkey PRIMARY KEY (id),
  CONSTRAINT label_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX label_name ON public.label USING btree (COALESCE(project_id, 0), name);

CREATE TABLE login_attempt (
  key bytea NOT NULL,
  count integer NOT NULL,
  last_at timestamp with time zone NOT NULL,
  blocked_until timestamp with time zone NOT NULL,
  CONSTRAINT login_attempt_pkey PRIMARY KEY (key)
);
CREATE INDEX login_attempt_age ON public.login_attempt USING btree (last_at);

CREATE TABLE manifest (
  id bigint NOT NULL DEFAULT nextval('manifest_id_seq'::regclass),
  repository_id integer NOT NULL,
  digest text COLLATE "C" NOT NULL,
  media_type text NOT NULL,
  size integer NOT NULL,
  artifact_type text,
  subject text COLLATE "C",
  annotations jsonb,
  bytes bytea NOT NULL,
  pushed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT manifest_pkey PRIMARY KEY (id),
  CONSTRAINT manifest_repository_id_digest_key UNIQUE (repository_id, digest),
  CONSTRAINT manifest_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE CASCADE
);
CREATE INDEX manifest_of_digest ON public.manifest USING btree (digest);
CREATE INDEX manifest_of_subject ON public.manifest USING btree (repository_id, subject, digest) WHERE (subject IS NOT NULL);

CREATE TABLE manifest_reference (
  manifest_id bigint NOT NULL,
  digest text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  "position" integer NOT NULL,
  CONSTRAINT manifest_reference_kind_check CHECK ((kind = ANY (ARRAY['blob'::text, 'manifest'::text]))),
  CONSTRAINT manifest_reference_manifest_id_fkey FOREIGN KEY (manifest_id) REFERENCES manifest(id) ON DELETE CASCADE,
  CONSTRAINT manifest_reference_pkey PRIMARY KEY (manifest_id, "position")
);
CREATE INDEX manifest_reference_of_digest ON public.manifest_reference USING btree (digest);

CREATE TABLE member (
  id integer NOT NULL DEFAULT nextval('member_id_seq'::regclass),
  project_id integer NOT NULL,
  account_id integer,
  role smallint NOT NULL,
  grants text[] NOT NULL DEFAULT '{}'::text[],
  denies text[] NOT NULL DEFAULT '{}'::text[],
  group_id integer,
  CONSTRAINT member_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE,
  CONSTRAINT member_group_id_fkey FOREIGN KEY (group_id) REFERENCES user_group(id) ON DELETE CASCADE,
  CONSTRAINT member_is_one CHECK ((num_nonnulls(account_id, group_id) = 1)),
  CONSTRAINT member_pkey PRIMARY KEY (id),
  CONSTRAINT member_project_id_account_id_key UNIQUE (project_id, account_id),
  CONSTRAINT member_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CONSTRAINT member_project_id_group_id_key UNIQUE (project_id, group_id),
  CONSTRAINT member_role_check CHECK (((role >= 1) AND (role <= 5)))
);

CREATE TABLE name_archive (
  single boolean NOT NULL DEFAULT true,
  tip jsonb,
  lease_holder text,
  lease_until timestamp with time zone,
  last_error text NOT NULL DEFAULT ''::text,
  CONSTRAINT name_archive_pkey PRIMARY KEY (single),
  CONSTRAINT name_archive_single_check CHECK (single)
);

CREATE TABLE name_clock (
  key text COLLATE "C" NOT NULL,
  clock text NOT NULL,
  CONSTRAINT name_clock_pkey PRIMARY KEY (key)
);

CREATE TABLE oidc_standing (
  account_id integer NOT NULL,
  refresh_token_sealed bytea,
  is_refused boolean NOT NULL,
  ask_at timestamp with time zone NOT NULL,
  unknown_since timestamp with time zone,
  CONSTRAINT oidc_standing_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE,
  CONSTRAINT oidc_standing_pkey PRIMARY KEY (account_id)
);

CREATE TABLE past_manifest (
  digest text COLLATE "C" NOT NULL,
  media_type text NOT NULL,
  size integer NOT NULL,
  artifact_type text,
  subject text COLLATE "C",
  annotations jsonb,
  bytes bytea NOT NULL,
  since timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  held_by text DEFAULT 'history'::text,
  held_until timestamp with time zone,
  CONSTRAINT past_manifest_pkey PRIMARY KEY (digest)
);
CREATE INDEX past_manifest_of_subject ON public.past_manifest USING btree (subject, digest) WHERE (subject IS NOT NULL);

CREATE TABLE past_reference (
  manifest text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  "position" integer NOT NULL,
  CONSTRAINT past_reference_kind_check CHECK ((kind = ANY (ARRAY['blob'::text, 'manifest'::text]))),
  CONSTRAINT past_reference_manifest_fkey FOREIGN KEY (manifest) REFERENCES past_manifest(digest) ON DELETE CASCADE,
  CONSTRAINT past_reference_pkey PRIMARY KEY (manifest, "position")
);
CREATE INDEX past_reference_of_digest ON public.past_reference USING btree (digest);

CREATE TABLE past_robot (
  id integer NOT NULL,
  key text NOT NULL,
  secret_hash bytea,
  gone_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT past_robot_pkey PRIMARY KEY (id)
);
CREATE INDEX past_robot_of_key ON public.past_robot USING btree (key, gone_at);

CREATE TABLE past_webhook (
  id integer NOT NULL,
  key text NOT NULL,
  address text NOT NULL,
  auth_header_sealed bytea,
  secret_sealed bytea,
  creator text NOT NULL,
  gone_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT past_webhook_pkey PRIMARY KEY (id)
);
CREATE INDEX past_webhook_of_key ON public.past_webhook USING btree (key, gone_at);

CREATE TABLE policy_pause (
  policy_id integer NOT NULL,
  seq bigint NOT NULL,
  CONSTRAINT policy_pause_pkey PRIMARY KEY (policy_id),
  CONSTRAINT policy_pause_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES replication_policy(id) ON DELETE CASCADE
);

CREATE TABLE project (
  id integer NOT NULL DEFAULT nextval('project_id_seq'::regclass),
  name text COLLATE "C" NOT NULL,
  owner text NOT NULL DEFAULT 'admin'::text,
  metadata jsonb NOT NULL DEFAULT '{"public": "false"}'::jsonb,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  registry_id integer,
  CONSTRAINT project_name_key UNIQUE (name),
  CONSTRAINT project_pkey PRIMARY KEY (id),
  CONSTRAINT project_registry_id_fkey FOREIGN KEY (registry_id) REFERENCES registry_endpoint(id)
);

CREATE TABLE project_deletion (
  project_id integer NOT NULL,
  cause text NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT project_deletion_pkey PRIMARY KEY (project_id),
  CONSTRAINT project_deletion_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE
);

CREATE TABLE project_return (
  name text COLLATE "C" NOT NULL,
  deleted bigint NOT NULL,
  CONSTRAINT project_return_pkey PRIMARY KEY (name, deleted)
);

CREATE TABLE pulled (
  repository text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  at timestamp with time zone NOT NULL,
  count bigint NOT NULL DEFAULT 1,
  CONSTRAINT pulled_pkey PRIMARY KEY (repository, digest)
);

CREATE TABLE quota (
  project_id integer NOT NULL,
  storage bigint NOT NULL,
  used bigint NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT quota_pkey PRIMARY KEY (project_id),
  CONSTRAINT quota_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CONSTRAINT quota_storage_check CHECK ((storage > 0))
);

CREATE TABLE registry_endpoint (
  id integer NOT NULL DEFAULT nextval('registry_endpoint_id_seq'::regclass),
  name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  type text NOT NULL,
  url text NOT NULL,
  credential_type text NOT NULL DEFAULT 'basic'::text,
  access_key text NOT NULL DEFAULT ''::text,
  access_secret_sealed bytea,
  insecure boolean NOT NULL DEFAULT false,
  ca_certificate text NOT NULL DEFAULT ''::text,
  status text NOT NULL DEFAULT 'unhealthy'::text,
  status_text text NOT NULL DEFAULT ''::text,
  peer_id text,
  checked_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  options jsonb NOT NULL DEFAULT '{}'::jsonb,
  proxy_password_sealed bytea,
  CONSTRAINT registry_endpoint_name_key UNIQUE (name),
  CONSTRAINT registry_endpoint_pkey PRIMARY KEY (id),
  CONSTRAINT registry_endpoint_status_check CHECK ((status = ANY (ARRAY['healthy'::text, 'unhealthy'::text])))
);

CREATE TABLE repair_item (
  plan_id integer NOT NULL,
  n integer NOT NULL,
  class text NOT NULL,
  name text COLLATE "C" NOT NULL,
  size bigint,
  act text NOT NULL,
  copies jsonb NOT NULL DEFAULT '[]'::jsonb,
  why text NOT NULL DEFAULT ''::text,
  outcome text,
  result text NOT NULL DEFAULT ''::text,
  CONSTRAINT repair_item_pkey PRIMARY KEY (plan_id, n),
  CONSTRAINT repair_item_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES repair_plan(id) ON DELETE CASCADE
);

CREATE TABLE repair_plan (
  id integer NOT NULL DEFAULT nextval('repair_plan_id_seq'::regclass),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  actor text NOT NULL,
  check_id integer NOT NULL,
  execution_id integer,
  CONSTRAINT repair_plan_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES execution(id) ON DELETE SET NULL,
  CONSTRAINT repair_plan_pkey PRIMARY KEY (id)
);

CREATE TABLE replica (
  policy_id integer NOT NULL,
  repository text COLLATE "C" NOT NULL,
  reference text COLLATE "C" NOT NULL,
  target text NOT NULL,
  wanted text,
  arrived text,
  sent text,
  wanted_since timestamp with time zone NOT NULL,
  arrived_at timestamp with time zone,
  origin jsonb NOT NULL DEFAULT '{}'::jsonb,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt timestamp with time zone,
  last_error text,
  failure jsonb,
  CONSTRAINT replica_pkey PRIMARY KEY (policy_id, repository, reference),
  CONSTRAINT replica_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES replication_policy(id) ON DELETE CASCADE
);
CREATE INDEX replica_behind ON public.replica USING btree (policy_id, next_attempt) WHERE (wanted IS DISTINCT FROM arrived);

CREATE TABLE replication_conflict (
  id integer NOT NULL DEFAULT nextval('replication_conflict_id_seq'::regclass),
  at timestamp with time zone NOT NULL,
  repository text COLLATE "C" NOT NULL,
  tag text COLLATE "C" NOT NULL,
  winner text,
  loser text,
  winner_origin text,
  loser_origin text,
  policy_id integer,
  CONSTRAINT replication_conflict_pkey PRIMARY KEY (id),
  CONSTRAINT replication_conflict_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES replication_policy(id) ON DELETE CASCADE,
  CONSTRAINT replication_conflict_repository_tag_winner_loser_policy_id_key UNIQUE NULLS NOT DISTINCT (repository, tag, winner, loser, policy_id)
);

CREATE TABLE replication_policy (
  id integer NOT NULL DEFAULT nextval('replication_policy_id_seq'::regclass),
  name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  enabled boolean NOT NULL DEFAULT true,
  dest_endpoint_id integer,
  src_endpoint_id integer,
  dest_namespace text NOT NULL DEFAULT ''::text,
  dest_namespace_replace_count smallint NOT NULL DEFAULT '-1'::integer,
  filters jsonb NOT NULL DEFAULT '[]'::jsonb,
  trigger_type text NOT NULL DEFAULT 'manual'::text,
  cron text NOT NULL DEFAULT ''::text,
  deletion boolean NOT NULL DEFAULT false,
  override boolean NOT NULL DEFAULT true,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  options jsonb NOT NULL DEFAULT '{}'::jsonb,
  project_id integer,
  CONSTRAINT replication_policy_check CHECK (((dest_endpoint_id IS NULL) <> (src_endpoint_id IS NULL))),
  CONSTRAINT replication_policy_dest_endpoint_id_fkey FOREIGN KEY (dest_endpoint_id) REFERENCES registry_endpoint(id),
  CONSTRAINT replication_policy_name_key UNIQUE (name),
  CONSTRAINT replication_policy_pkey PRIMARY KEY (id),
  CONSTRAINT replication_policy_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CONSTRAINT replication_policy_src_endpoint_id_fkey FOREIGN KEY (src_endpoint_id) REFERENCES registry_endpoint(id),
  CONSTRAINT replication_policy_trigger_type_check CHECK ((trigger_type = ANY (ARRAY['manual'::text, 'scheduled'::text, 'event_based'::text])))
);
CREATE INDEX replication_policy_of_project ON public.replication_policy USING btree (project_id) WHERE (project_id IS NOT NULL);

CREATE TABLE repository (
  id integer NOT NULL DEFAULT nextval('repository_id_seq'::regclass),
  project_id integer NOT NULL,
  name text COLLATE "C" NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT repository_name_key UNIQUE (name),
  CONSTRAINT repository_pkey PRIMARY KEY (id),
  CONSTRAINT repository_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id)
);
CREATE INDEX repository_of_project ON public.repository USING btree (project_id, name);

CREATE TABLE repository_blob (
  repository text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  size bigint NOT NULL,
  project_id integer NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  condemned_at timestamp with time zone,
  CONSTRAINT repository_blob_pkey PRIMARY KEY (repository, digest),
  CONSTRAINT repository_blob_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE
);
CREATE INDEX repository_blob_condemned ON public.repository_blob USING btree (repository, digest) WHERE (condemned_at IS NOT NULL);
CREATE INDEX repository_blob_of_digest ON public.repository_blob USING btree (digest);
CREATE INDEX repository_blob_of_project ON public.repository_blob USING btree (project_id);

CREATE TABLE restore_blob (
  plan_id integer NOT NULL,
  digest text COLLATE "C" NOT NULL,
  size bigint NOT NULL,
  CONSTRAINT restore_blob_pkey PRIMARY KEY (plan_id, digest)
);

CREATE TABLE restore_item (
  plan_id integer NOT NULL,
  kind text NOT NULL,
  key text COLLATE "C" NOT NULL,
  phase smallint NOT NULL,
  rank bigint NOT NULL,
  verdict text NOT NULL,
  wanted jsonb,
  present jsonb,
  changed_since boolean NOT NULL DEFAULT false,
  source text COLLATE "C",
  why text,
  CONSTRAINT restore_item_pkey PRIMARY KEY (plan_id, phase, rank)
);

CREATE TABLE restore_plan (
  id integer NOT NULL DEFAULT nextval('restore_plan_id_seq'::regclass),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  actor text NOT NULL,
  request jsonb NOT NULL,
  moment bigint,
  head bigint NOT NULL,
  counts jsonb,
  bytes bigint NOT NULL DEFAULT 0,
  objections text[] NOT NULL DEFAULT '{}'::text[],
  execution_id integer,
  done_phase smallint NOT NULL DEFAULT '-1'::integer,
  done_rank bigint NOT NULL DEFAULT 0,
  done integer NOT NULL DEFAULT 0,
  left_alone integer NOT NULL DEFAULT 0,
  CONSTRAINT restore_plan_pkey PRIMARY KEY (id)
);

CREATE TABLE retention_plan (
  execution_id integer NOT NULL,
  repository text COLLATE "C" NOT NULL,
  total integer NOT NULL,
  retained integer NOT NULL,
  items jsonb NOT NULL,
  CONSTRAINT retention_plan_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES execution(id) ON DELETE CASCADE,
  CONSTRAINT retention_plan_pkey PRIMARY KEY (execution_id, repository)
);

CREATE TABLE retention_policy (
  id integer NOT NULL DEFAULT nextval('retention_policy_id_seq'::regclass),
  project_id integer NOT NULL,
  rules jsonb NOT NULL,
  cron text,
  time_zone text NOT NULL DEFAULT 'UTC'::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT retention_policy_pkey PRIMARY KEY (id),
  CONSTRAINT retention_policy_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CONSTRAINT retention_policy_project_id_key UNIQUE (project_id)
);

CREATE TABLE robot (
  id integer NOT NULL DEFAULT nextval('robot_id_seq'::regclass),
  name text COLLATE "C" NOT NULL,
  login_name text COLLATE "C" NOT NULL,
  project_id integer,
  description text NOT NULL DEFAULT ''::text,
  disabled boolean NOT NULL DEFAULT false,
  duration integer,
  expires_at timestamp with time zone,
  permissions jsonb NOT NULL,
  secret_hash bytea,
  old_secret_hash bytea,
  old_secret_until timestamp with time zone,
  creator text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT robot_check CHECK (((duration IS NULL) = (expires_at IS NULL))),
  CONSTRAINT robot_duration_check CHECK ((duration > 0)),
  CONSTRAINT robot_login_name_key UNIQUE (login_name),
  CONSTRAINT robot_pkey PRIMARY KEY (id),
  CONSTRAINT robot_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX robot_name ON public.robot USING btree (COALESCE(project_id, 0), name);

CREATE TABLE run_plan (
  execution_id integer NOT NULL,
  counts jsonb NOT NULL DEFAULT '{}'::jsonb,
  complete boolean NOT NULL DEFAULT false,
  held integer NOT NULL DEFAULT 0,
  moving boolean NOT NULL DEFAULT false,
  compared_to text COLLATE "C",
  CONSTRAINT run_plan_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES execution(id) ON DELETE CASCADE,
  CONSTRAINT run_plan_pkey PRIMARY KEY (execution_id)
);

CREATE TABLE run_plan_item (
  execution_id integer NOT NULL,
  n bigint NOT NULL DEFAULT nextval('run_plan_item_n_seq'::regclass),
  verdict text NOT NULL,
  repository text COLLATE "C" NOT NULL,
  reference text COLLATE "C" NOT NULL,
  target text NOT NULL,
  at_source text,
  at_target text,
  CONSTRAINT run_plan_item_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES run_plan(execution_id) ON DELETE CASCADE,
  CONSTRAINT run_plan_item_pkey PRIMARY KEY (execution_id, n)
);

CREATE TABLE schedule (
  id integer NOT NULL DEFAULT nextval('schedule_id_seq'::regclass),
  vendor text NOT NULL,
  vendor_id integer NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL DEFAULT 'UTC'::text,
  next_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT schedule_pkey PRIMARY KEY (id),
  CONSTRAINT schedule_vendor_vendor_id_key UNIQUE (vendor, vendor_id)
);
CREATE INDEX schedule_due ON public.schedule USING btree (next_at);

CREATE TABLE schema_version (
  version integer NOT NULL,
  name text NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT schema_version_pkey PRIMARY KEY (version)
);

CREATE TABLE session (
  id bigint NOT NULL DEFAULT nextval('session_id_seq'::regclass),
  hash bytea NOT NULL,
  account_id integer NOT NULL,
  created_at timestamp with time zone NOT NULL,
  seen_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  user_agent text NOT NULL,
  address text NOT NULL,
  CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE,
  CONSTRAINT session_hash_key UNIQUE (hash),
  CONSTRAINT session_pkey PRIMARY KEY (id)
);
CREATE INDEX session_expiry ON public.session USING btree (expires_at);
CREATE INDEX session_of_account ON public.session USING btree (account_id);

CREATE TABLE setting (
  key text NOT NULL,
  value jsonb NOT NULL,
  CONSTRAINT setting_pkey PRIMARY KEY (key)
);

CREATE TABLE staged_name (
  execution_id integer NOT NULL,
  repository text COLLATE "C" NOT NULL,
  reference text COLLATE "C" NOT NULL,
  target text NOT NULL,
  digest text,
  origin jsonb NOT NULL,
  arrived boolean NOT NULL DEFAULT false,
  CONSTRAINT staged_name_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES execution(id) ON DELETE CASCADE,
  CONSTRAINT staged_name_pkey PRIMARY KEY (execution_id, repository, reference)
);
CREATE INDEX staged_name_waiting ON public.staged_name USING btree (execution_id, target, digest) WHERE (NOT arrived);

CREATE TABLE storage_sample (
  project text COLLATE "C" NOT NULL,
  day date NOT NULL,
  bytes bigint NOT NULL,
  CONSTRAINT storage_sample_pkey PRIMARY KEY (project, day)
);

CREATE TABLE system_setting (
  name text NOT NULL,
  value jsonb,
  value_sealed bytea,
  CONSTRAINT system_setting_pkey PRIMARY KEY (name)
);

CREATE TABLE tag (
  id bigint NOT NULL DEFAULT nextval('tag_id_seq'::regclass),
  repository_id integer NOT NULL,
  name text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  pushed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT tag_pkey PRIMARY KEY (id),
  CONSTRAINT tag_repository_id_digest_fkey FOREIGN KEY (repository_id, digest) REFERENCES manifest(repository_id, digest),
  CONSTRAINT tag_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE CASCADE,
  CONSTRAINT tag_repository_id_name_key UNIQUE (repository_id, name)
);
CREATE INDEX tag_of_digest ON public.tag USING btree (repository_id, digest);

CREATE TABLE task (
  id bigint NOT NULL DEFAULT nextval('task_id_seq'::regclass),
  execution_id integer NOT NULL,
  kind text NOT NULL,
  lane text NOT NULL,
  payload jsonb NOT NULL,
  status text NOT NULL,
  status_text text NOT NULL DEFAULT ''::text,
  attempts integer NOT NULL DEFAULT 0,
  progress jsonb NOT NULL DEFAULT '{}'::jsonb,
  worker text,
  not_before timestamp with time zone,
  stop_requested boolean NOT NULL DEFAULT false,
  lost smallint NOT NULL DEFAULT 0,
  start_time timestamp with time zone NOT NULL DEFAULT now(),
  end_time timestamp with time zone,
  line_id integer NOT NULL,
  ready boolean NOT NULL DEFAULT false,
  log_bytes integer NOT NULL DEFAULT 0,
  CONSTRAINT task_check CHECK (((status <> 'Scheduled'::text) OR (not_before IS NOT NULL))),
  CONSTRAINT task_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES execution(id) ON DELETE CASCADE,
  CONSTRAINT task_pkey PRIMARY KEY (id),
  CONSTRAINT task_status_check CHECK ((status = ANY (ARRAY['Pending'::text, 'Scheduled'::text, 'Running'::text, 'Success'::text, 'Error'::text, 'Stopped'::text])))
);
CREATE UNIQUE INDEX task_lane ON public.task USING btree (lane) WHERE (status = 'Running'::text);
CREATE INDEX task_of_execution ON public.task USING btree (execution_id, id);
CREATE INDEX task_open ON public.task USING btree (lane, id) WHERE (status = ANY (ARRAY['Pending'::text, 'Scheduled'::text, 'Running'::text]));
CREATE INDEX task_open_of_execution ON public.task USING btree (execution_id) WHERE (status = ANY (ARRAY['Pending'::text, 'Scheduled'::text, 'Running'::text]));
CREATE INDEX task_ready ON public.task USING btree (line_id, id) WHERE ((status = 'Pending'::text) AND ready);
CREATE INDEX task_running ON public.task USING btree (line_id) WHERE (status = 'Running'::text);
CREATE INDEX task_scheduled ON public.task USING btree (not_before) WHERE (status = 'Scheduled'::text);

CREATE TABLE task_log (
  id bigint NOT NULL DEFAULT nextval('task_log_id_seq'::regclass),
  task_id bigint NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  level text NOT NULL,
  text text NOT NULL,
  CONSTRAINT task_log_pkey PRIMARY KEY (id),
  CONSTRAINT task_log_task_id_fkey FOREIGN KEY (task_id) REFERENCES task(id) ON DELETE CASCADE
);
CREATE INDEX task_log_of_task ON public.task_log USING btree (task_id, id);

CREATE TABLE user_group (
  id integer NOT NULL DEFAULT nextval('user_group_id_seq'::regclass),
  name text NOT NULL,
  type smallint NOT NULL,
  ldap_group_dn text NOT NULL DEFAULT ''::text,
  key text COLLATE "C" NOT NULL,
  member_name text COLLATE "C" NOT NULL DEFAULT (
CASE type
    WHEN 1 THEN 'ldap-group:'::text
    ELSE 'oidc-group:'::text
END || name),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT user_group_member_name_key UNIQUE (member_name),
  CONSTRAINT user_group_pkey PRIMARY KEY (id),
  CONSTRAINT user_group_type_check CHECK ((type = ANY (ARRAY[1, 3]))),
  CONSTRAINT user_group_type_key_key UNIQUE (type, key)
);

CREATE TABLE webhook_delivery (
  id bigint NOT NULL DEFAULT nextval('webhook_delivery_id_seq'::regclass),
  policy_id integer NOT NULL,
  event_id text NOT NULL,
  event_type text NOT NULL,
  content_type text NOT NULL,
  body text NOT NULL,
  execution_id integer,
  status text NOT NULL DEFAULT 'Pending'::text,
  attempts integer NOT NULL DEFAULT 0,
  status_code integer,
  duration_ms integer,
  answer text NOT NULL DEFAULT ''::text,
  error text NOT NULL DEFAULT ''::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  attempted_at timestamp with time zone,
  CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_delivery_policy_id_event_id_key UNIQUE (policy_id, event_id),
  CONSTRAINT webhook_delivery_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES webhook_policy(id) ON DELETE CASCADE,
  CONSTRAINT webhook_delivery_status_check CHECK ((status = ANY (ARRAY['Pending'::text, 'Success'::text, 'Error'::text])))
);
CREATE INDEX webhook_delivery_age ON public.webhook_delivery USING btree (created_at);
CREATE INDEX webhook_delivery_newest ON public.webhook_delivery USING btree (policy_id, id);

CREATE TABLE webhook_lag (
  webhook_id integer NOT NULL,
  replication_id integer NOT NULL,
  since timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT webhook_lag_pkey PRIMARY KEY (webhook_id, replication_id),
  CONSTRAINT webhook_lag_replication_id_fkey FOREIGN KEY (replication_id) REFERENCES replication_policy(id) ON DELETE CASCADE,
  CONSTRAINT webhook_lag_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhook_policy(id) ON DELETE CASCADE
);

CREATE TABLE webhook_policy (
  id integer NOT NULL DEFAULT nextval('webhook_policy_id_seq'::regclass),
  project_id integer,
  name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  enabled boolean NOT NULL DEFAULT true,
  event_types text[] NOT NULL,
  address text NOT NULL,
  payload_format text NOT NULL,
  auth_header_sealed bytea,
  secret_sealed bytea,
  skip_cert_verify boolean NOT NULL DEFAULT false,
  options jsonb NOT NULL DEFAULT '{}'::jsonb,
  creator text NOT NULL DEFAULT ''::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT webhook_policy_payload_format_check CHECK ((payload_format = ANY (ARRAY['Default'::text, 'CloudEvents'::text]))),
  CONSTRAINT webhook_policy_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_policy_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX webhook_policy_name ON public.webhook_policy USING btree (COALESCE(project_id, 0), name);

CREATE TABLE worker_pool (
  id text NOT NULL,
  host text NOT NULL,
  pid integer NOT NULL,
  concurrency integer NOT NULL,
  draining boolean NOT NULL DEFAULT false,
  start_at timestamp with time zone NOT NULL DEFAULT now(),
  heartbeat_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT worker_pool_pkey PRIMARY KEY (id)
);
