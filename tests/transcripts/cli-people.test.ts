import type { AuditEvent } from "@entrepot/events";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, test } from "vitest";
import { shellOf } from "./at-shell.ts";

const ACTOR = { name: "test", cause: "test" };
// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };

let here: TestServer;
beforeAll(async () => {
  here = await testServer({ workers: 1 });
  await here.content.projects.create(ACTOR, { name: "team", public: false });
});
afterAll(() => here?.close());

test("robots", SLOW, async () => {
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, compare } = session;
  note("A robot of a project; its secret is told once, on standard output.");
  await run("entrepot robot create ci --project team --may repository:pull > ci.secret");
  await run("wc -c < ci.secret");
  await run("entrepot robot create ci --project team --may repository:pull");
  await run("entrepot robot create none --project team");
  await run("entrepot robot create odd --project team --may repository:fly");
  await run("entrepot robot create mirror --in '*' --may repository:pull --days never > m.secret");
  await run("entrepot robot list --output name");
  await run("entrepot robot show ci --project team --output name");
  note("A new secret ends the old one; a robot that is disabled is nobody.");
  await run("entrepot robot rotate ci --project team");
  await run("entrepot robot rotate ci --project team --yes > new.secret");
  await run("cmp -s ci.secret new.secret || echo another one");
  const login = `entrepot login ${here.url} -u 'robot$team+ci' --password-stdin`;
  const as = (file: string) => `HOME=$HOME/robot ${login} < ${file}`;
  await run(as("ci.secret"));
  await run(as("new.secret"));
  await run("entrepot robot disable ci --project team");
  await run(as("new.secret"));
  await run("entrepot robot enable ci --project team");
  await run(as("new.secret"));
  await run("entrepot robot delete ci --project team");
  await run("entrepot robot delete ci --project team --yes");
  await run(as("new.secret"));
  await compare("cli-robots");
});

test("settings", SLOW, async () => {
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, compare } = session;
  note("What counts while the server runs.");
  await run("entrepot config get read_only");
  await run("entrepot config set session_timeout 60");
  await run("entrepot config get session_timeout");
  await run("entrepot config set session_timeout never");
  await run("entrepot config set no_such_setting 1");
  await run("entrepot config get no_such_setting");
  note("Several at once, and none of them if one does not do; a secret is not shown.");
  await run("entrepot config set robot_token_duration=7 oidc_name=Keycloak");
  await run("entrepot config set robot_token_duration=8 oidc_endpoint=ftp://nowhere");
  await run("entrepot config get robot_token_duration");
  await run("echo hidden | entrepot config set oidc_client_secret -");
  await run("entrepot config get oidc_client_secret");
  await run("entrepot config unset robot_token_duration");
  await run("entrepot config get robot_token_duration");
  await compare("cli-config");
});

test("the audit log", SLOW, async () => {
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, compare } = session;
  note("A change is recorded with whom and what; so is who was kept out.");
  await run("entrepot label create blessed --color '#00ff00'");
  await run(`echo wrong | entrepot login ${here.url} -u mallory --password-stdin`);
  await here.audit.idle();
  const columns = "cut -d, -f3-8";
  await run(`entrepot audit export --query 'resource=/blessed,kind=change' | ${columns}`);
  await run(`entrepot audit export --query 'username=mallory' | ${columns}`);
  await run("entrepot audit export --format jsonl --query username=mallory --file found.jsonl");
  await run("wc -l < found.jsonl");
  await run("entrepot audit export --format xml");
  await run("entrepot audit list --query 'nothing=1'");
  note("Whether anybody has changed it.");
  await run("entrepot audit verify --output name");
  await run(`entrepot audit verify --head 1:${"0".repeat(64)} --output name`);
  await run("entrepot audit verify --head 1");
  await compare("cli-audit");
});

test("purges of the audit log", SLOW, async () => {
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, compare } = session;
  for (const resource of ["/old", "/older"]) here.audit.note(longAgo(resource));
  await here.audit.flush();
  note("What is old may go: of some types, or all. It is counted first.");
  await run("entrepot audit purge types --output name | grep label");
  const some = "entrepot audit purge run --older-than 8d --types create_label";
  await run(`${some} --dry-run`);
  await run(some);
  await run(`${some} --yes`);
  await run(`${some} --yes --output name`);
  await run("entrepot audit purge run --older-than 8d");
  await run("entrepot audit purge run --older-than soon --types all");
  await run("entrepot audit purge run --older-than 30d --types all --yes");
  await run("entrepot audit verify --output name");
  note("What was purged, and what its log says.");
  await run("entrepot audit purge list");
  await run("entrepot audit purge log 2");
  await run("entrepot audit purge stop 2");
  await run("entrepot audit purge log 99");
  note("By itself.");
  await run("entrepot audit purge schedule");
  await run("entrepot audit purge schedule daily --older-than 90d --types login,pull_artifact");
  await run("entrepot audit purge schedule sometimes --older-than 90d --types login");
  await run("entrepot audit purge schedule none");
  await compare("cli-audit-purges");
});

/** A label that somebody made nine days ago. */
function longAgo(resource: string): AuditEvent {
  return {
    at: new Date(Date.now() - 9 * 24 * 3_600_000),
    kind: "change",
    operation: "create",
    resourceType: "label",
    resource,
    project: null,
    actor: "ann",
    address: "",
    userAgent: "",
    result: "success",
    cause: "test",
    seq: null,
    detail: {},
  };
}

test("a CLI secret", SLOW, async () => {
  await here.settings.change(ACTOR, { auth_mode: "oidc_auth" });
  const { directories } = here.access;
  const person = {
    source: "oidc",
    externalId: "https://provider.test 7",
    username: "olga",
  } as const;
  const told = { email: "", realname: "", groups: [], isAdmin: false };
  const { accountId } = await directories.vouched({ ...person, ...told });
  await directories.setCliSecret(accountId!, "olgas secret");
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, compare } = session;
  note("Who has a password here has none.");
  await run("entrepot user secret");
  note("Whom a provider vouches for logs in with it where there is no browser.");
  await run(`echo 'olgas secret' | entrepot login ${here.url} -u olga --password-stdin`);
  await run("entrepot user secret");
  await run("entrepot user secret --new");
  await run("entrepot user secret --new --yes > new.secret");
  await run("entrepot whoami");
  await run(`entrepot login ${here.url} -u olga --password-stdin < new.secret`);
  await run("entrepot user secret | cmp - new.secret && echo the same");
  await here.settings.change(ACTOR, { auth_mode: null });
  await compare("cli-secret");
});
