import { decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Grant } from "./identity.ts";
import { basic, PASSWORD, testAccess, type TestAccess, tokenRequest } from "./test-access.ts";

const URL_OF_SERVICE = "http://registry.test/service/token";

let room: TestAccess;
beforeAll(async () => {
  room = await testAccess();
});
afterAll(() => room.close());
beforeEach(() => {
  // Failed logins of the test before are forgotten.
  room.time.now += 3_600_000;
});

interface Answer {
  status: number;
  headers: Headers;
  body: {
    token: string;
    access_token: string;
    expires_in: number;
    issued_at: string;
    scope: string;
    error?: string;
    error_description?: string;
    errors?: { code: string; message: string }[];
  };
}

async function send(request: Request, address = "10.0.0.1"): Promise<Answer> {
  const response = await room.access.tokenService(request, address);
  const body = (await response.json()) as Answer["body"];
  return { status: response.status, headers: response.headers, body };
}

function get(query: string, authorization?: string): Request {
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  return new Request(`${URL_OF_SERVICE}?${query}`, { headers });
}

function post(form: Record<string, string> | string, type?: string): Request {
  const body = typeof form === "string" ? form : new URLSearchParams(form).toString();
  const headers = { "content-type": type ?? "application/x-www-form-urlencoded" };
  return new Request(URL_OF_SERVICE, { method: "POST", body, headers });
}

/** What the token of `answer` allows, as `name:actions`. */
function granted(answer: Answer): string[] {
  const access = decodeJwt(answer.body.token)["access"] as Grant[];
  return access.map(({ name, actions }) => `${name}:${actions.join(",")}`);
}

describe("requests as clients send them", () => {
  test("docker login", async () => {
    const query = "account=guest&client_id=docker&offline_token=true&service=harbor-registry";
    const answer = await send(get(query, basic("guest", PASSWORD)));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.body).toEqual({
      token: expect.any(String),
      access_token: answer.body.token,
      expires_in: 1_800,
      issued_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
      scope: "",
    });
    expect(decodeJwt(answer.body.token)).toMatchObject({ sub: "guest", access: [] });
  });

  test("docker push with a mount", async () => {
    const query =
      "account=developer&service=harbor-registry" +
      "&scope=repository%3Aclosed%2Fapp%3Apull%2Cpush&scope=repository%3Aopen%2Fapp%3Apull";
    const answer = await send(get(query, basic("developer", PASSWORD)));
    expect(granted(answer)).toEqual(["closed/app:pull,push", "open/app:pull"]);
    expect(answer.body.scope).toBe("repository:closed/app:pull,push repository:open/app:pull");
  });

  test("containerd's form", async () => {
    const answer = await send(
      post({
        grant_type: "password",
        service: "harbor-registry",
        client_id: "containerd-client",
        access_type: "offline",
        scope: "repository:closed/app:pull repository:open/app:pull,push",
        username: "guest",
        password: PASSWORD,
      }),
    );
    expect(answer.status).toBe(200);
    expect(granted(answer)).toEqual(["closed/app:pull", "open/app:pull"]);
  });

  test("Harbor's adapter, meaning to delete", async () => {
    const query = "service=harbor-registry&scope=repository:closed/app:*";
    expect(granted(await send(get(query, basic("maintainer", PASSWORD))))).toEqual([
      "closed/app:pull,push,delete",
    ]);
    expect(granted(await send(get(query, basic("developer", PASSWORD))))).toEqual([
      "closed/app:pull,push",
    ]);
  });

  test("anonymous pull", async () => {
    const query = "service=harbor-registry&scope=repository:open/app:pull";
    const answer = await send(get(query));
    expect(decodeJwt(answer.body.token)).toMatchObject({ sub: "", account: null });
    expect(granted(answer)).toEqual(["open/app:pull"]);
  });
});

const EVERYTHING = "pull,push,delete";

test.each<[string, string | null, string, string]>([
  ["sysadmin", "root", "closed/app", "pull,push,delete"],
  ["project admin", "padmin", "closed/app", "pull,push,delete"],
  ["maintainer", "maintainer", "closed/app", "pull,push,delete"],
  ["developer", "developer", "closed/app", "pull,push"],
  ["guest", "guest", "closed/app", "pull"],
  ["limited guest", "limited", "closed/app", "pull"],
  ["stranger", "stranger", "closed/app", ""],
  ["anonymous", null, "closed/app", ""],
  ["stranger, public", "stranger", "open/app", "pull"],
  ["anonymous, public", null, "open/app", "pull"],
  ["sysadmin, no such project", "root", "nowhere/app", ""],
  ["no project", "root", "closed", ""],
  ["a name with a port", "root", "host:5000/closed/app", ""],
])("%s is granted what it may", async (_name, who, name, wanted) => {
  const answer = await send(tokenRequest(who, [`repository:${name}:${EVERYTHING}`]));
  expect(answer.status).toBe(200);
  expect(granted(answer)).toEqual([`${name}:${wanted}`]);
  const [grant] = decodeJwt(answer.body.token)["access"] as Grant[];
  const refused = EVERYTHING.split(",").filter((action) => !wanted.split(",").includes(action));
  expect(grant?.refused).toEqual(refused);
});

test("other scopes grant the catalog to list, and nothing else", async () => {
  const scopes = [
    "registry:catalog:*",
    "registry:other:*",
    "moon:x:land",
    "repository:open/app:fly",
  ];
  expect(granted(await send(tokenRequest("root", scopes)))).toEqual([
    "catalog:*",
    "other:",
    "x:",
    "open/app:",
  ]);
});

const FORM = { grant_type: "password", username: "guest", password: PASSWORD };

test.each<[string, () => Request, number, string | RegExp]>([
  ["GET, malformed scope", () => get("scope=x"), 400, /"x" is not a scope/],
  ["GET, another service", () => get("service=notary"), 400, /"notary" is not served here/],
  ["GET, wrong password", () => get("", basic("guest", "wrong")), 401, /password is wrong/],
  ["GET, unknown user", () => get("", basic("nobody", PASSWORD)), 401, /password is wrong/],
  ["GET, NUL in the name", () => get("", basic("gu\0est", PASSWORD)), 401, /password is wrong/],
  ["GET, broken Basic", () => get("", "Basic !!!"), 401, /no colon/],
  ["GET, Digest", () => get("", "Digest x"), 401, /neither Basic nor Bearer/],
  ["POST, malformed scope", () => post({ ...FORM, scope: "x" }), 400, "invalid_request"],
  ["POST, wrong password", () => post({ ...FORM, password: "x" }), 401, "invalid_grant"],
  ["POST, no username", () => post({ grant_type: "password" }), 400, "invalid_request"],
  [
    "POST, refresh token",
    () => post({ grant_type: "refresh_token", refresh_token: "x" }),
    400,
    "unsupported_grant_type",
  ],
  ["POST, no form", () => post("{}", "application/json"), 400, "invalid_request"],
  ["POST, empty", () => post(""), 400, "unsupported_grant_type"],
  ["POST, huge", () => post({ ...FORM, scope: "x".repeat(70_000) }), 413, "invalid_request"],
  ["PUT", () => new Request(URL_OF_SERVICE, { method: "PUT" }), 405, /GET or POST/],
])("%s", async (_name, request, status, wanted) => {
  const answer = await send(request());
  expect(answer.status).toBe(status);
  const { errors, error, error_description } = answer.body;
  if (typeof wanted === "string") {
    expect(error).toBe(wanted);
    expect(error_description).toMatch(/\w/);
  } else {
    expect(errors?.[0]?.message).toMatch(wanted);
  }
  expect(answer.headers.has("www-authenticate")).toBe(status === 401);
});

test("a registry token is not exchanged for a wider one", async () => {
  const { body } = await send(tokenRequest("root", ["repository:open/app:pull"]));
  const answer = await send(get("scope=repository:closed/app:pull", `Bearer ${body.token}`));
  expect(answer.status).toBe(401);
  expect(answer.body.errors?.[0]?.message).toMatch(/cannot be exchanged/);
});

test("guessing is slowed down, for one name from one address", async () => {
  for (let i = 0; i < 5; i++) expect((await guess("10.9.9.9")).status).toBe(401);
  const refused = await guess("10.9.9.9", "right or wrong");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect((await guess("10.9.9.8", PASSWORD)).status).toBe(200);
  room.time.now += 1_000;
  expect((await guess("10.9.9.9", PASSWORD)).status).toBe(200);
});

function guess(address: string, password = "wrong"): Promise<Answer> {
  return send(get("", basic("guest", password)), address);
}
