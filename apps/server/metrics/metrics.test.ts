import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { EVERYTHING } from "@entrepot/replication/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { testServer, type TestServer } from "../testing.ts";
import { routeClassOf } from "./route-class.ts";

const ACTOR = { name: "test", cause: "test" };
const deploy = join(import.meta.dirname, "../../../deploy");
const RULES = join(deploy, "prometheus/entrepot-alerts.yml");
const DASHBOARD = join(deploy, "grafana/entrepot.json");

let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer()]);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
});

const basic = ({ username, password }: TestServer["credential"]) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

async function scrape(server: TestServer): Promise<string> {
  const headers = { authorization: basic(server.credential) };
  const response = await fetch(`${server.url}/metrics`, { headers });
  expect(response.status).toBe(200);
  return response.text();
}

/** A server that has replicated something, so that every metric has a value. */
async function atWork(): Promise<void> {
  const { endpoints, policies } = here.replication;
  const { username, password } = there.credential;
  const destEndpointId = await endpoints.create(
    {
      name: "other",
      description: "",
      type: "harbor",
      url: there.url,
      credentialType: "basic",
      accessKey: username,
      accessSecret: password,
      insecure: false,
      caCertificate: "",
      options: {},
    },
    ACTOR,
  );
  await policies.create(
    {
      ...EVERYTHING,
      name: "mirror",
      destEndpointId,
      deletion: false,
    },
    ACTOR,
  );
  await here.retention.quotas.set(ACTOR, 1, 2 ** 30);
  await pushSample(here.content.as(ACTOR).repository("library/app"), sampleImage(), ["v1"]);
  await expect
    .poll(() => there.content.as(ACTOR).repository("library/app").resolve("v1"), {
      timeout: 30_000,
    })
    .not.toBeNull();
}

test("a server tells a system administrator what it does, and nobody else", async () => {
  await atWork();
  const text = await scrape(here);
  expect(text).toMatch(/entrepot_replication_lag_seconds\{policy="1",.*endpoint="other"\} /);
  expect(text).toMatch(/entrepot_task_attempts_total\{kind="replicate",result="success"\} [1-9]/);
  expect(text).toMatch(/entrepot_replication_bytes_sent_total\{policy="1"\} [1-9]/);
  expect(text).toMatch(/entrepot_endpoint_healthy\{endpoint="other",type="harbor"\} 1/);
  expect(text).toMatch(/entrepot_journal_unread_entries\{reader="replication"\} 0/);
  expect(text).not.toMatch(/entrepot_scrape_failed\{[^}]*\} 1/);

  expect((await fetch(`${here.url}/metrics`)).status).toBe(401);
  const wrong = { authorization: "Basic YWRtaW46d3Jvbmc=" };
  expect((await fetch(`${here.url}/metrics`, { headers: wrong })).status).toBe(401);
  const account = { username: "ann", password: "correct horse" };
  await here.access.createAccount(ACTOR, account);
  const headers = { authorization: basic(account) };
  expect((await fetch(`${here.url}/metrics`, { headers })).status).toBe(403);
});

test("requests are counted by class, and pulls and pushes of manifests", async () => {
  const image = sampleImage();
  await pushSample(there.content.as(ACTOR).repository("library/pulled"), image, ["v1"]);
  const headers = { authorization: basic(there.credential) };
  const url = `${there.url}/v2/library/pulled/manifests/v1`;
  const before = await scrape(there);
  await (await fetch(url, { headers })).text();
  await fetch(url, { headers, method: "HEAD" });
  // Counted once it is sent, which the client hears first.
  const counted = async () => {
    const now = await scrape(there);
    return [pulls(now) - pulls(before), heads(now) - heads(before)];
  };
  await expect.poll(counted).toEqual([1, 1]);
});

const HEADS = /duration_seconds_count\{route="manifest",method="HEAD",status="2xx"\} (\d+)/;
const heads = (text: string) => Number(HEADS.exec(text)?.[1] ?? 0);
const pulls = (text: string) => Number(/^entrepot_pulls_total (\d+)/m.exec(text)?.[1] ?? 0);

test.each([
  ["/v2/", "base"],
  ["/v2/_catalog", "catalog"],
  ["/v2/a/manifests/b/manifests/latest", "manifest"],
  ["/v2/a/b/blobs/sha256:0", "blob"],
  ["/v2/a/b/blobs/uploads/", "upload"],
  ["/v2/a/b/blobs/uploads/0-1", "upload"],
  ["/v2/a/b/tags/list", "tags"],
  ["/v2/a/b/referrers/sha256:0", "referrers"],
  ["/v2/whatever", "other"],
  ["/api/v2.0/projects", "api"],
  ["/service/token", "token"],
  ["/x/y", "other"],
])("%s is of class %s", (path, expected) => {
  expect(routeClassOf(path)).toBe(expected);
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

function ruleExpressions(): [string, string][] {
  const { groups } = parse(readFileSync(RULES, "utf8")) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [alert, expr] as const)) as [
    string,
    string,
  ][];
}

function panelExpressions(): [string, string][] {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, "utf8")) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }): [string, string] => [title, expr]),
  );
}

/** The metrics that `expression` names. Throws if it is not PromQL. */
function metricsIn(expression: string): string[] {
  const names: string[] = [];
  const text = expression.replaceAll("$__rate_interval", "5m");
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${text}`);
      if (node.name === "Identifier" && node.node.parent?.name === "VectorSelector") {
        names.push(text.slice(node.from, node.to));
      }
    },
  });
  return names;
}

test.each([...ruleExpressions(), ...panelExpressions()])(
  "%s names only metrics that a server exports",
  async (_, expression) => {
    const exported = await scrape(here);
    const names = metricsIn(expression);
    expect(names).not.toEqual([]);
    // `up` is Prometheus's own.
    const missing = names.filter((name) => name !== "up" && !exported.includes(`\n${name}`));
    const declared = missing.filter((name) => !exported.includes(`# TYPE ${name} `));
    expect(declared).toEqual([]);
  },
);

test("promtool takes the rules, where it is installed", (context) => {
  const { error, status, stdout, stderr } = spawnSync("promtool", ["check", "rules", RULES]);
  if (error) return context.skip("promtool (Debian's prometheus) is not installed");
  expect(`${stdout}${stderr}`).toMatch(/SUCCESS/);
  expect(status).toBe(0);
});
