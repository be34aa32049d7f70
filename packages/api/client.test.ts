import { OpenAPIHono } from "@hono/zod-openapi";
import { RegistryError } from "@entrepot/oci";
import { expect, test } from "vitest";
import { ApiError, apiClient } from "./client.ts";
import { linkHeader } from "./paging.ts";
import { routes } from "./routes.ts";
import { validationHook } from "./validation.ts";

const { artifacts, executions, policies, projects, system } = routes;

/** A server that really routes, with `install`'s handlers, and a client of it. */
function served(install: (app: OpenAPIHono) => void, credential?: [string, string]) {
  const app = new OpenAPIHono({ defaultHook: validationHook });
  app.onError((error, c) => {
    const code = error instanceof RegistryError ? error.code : "UNKNOWN";
    const status = code === "UNPROCESSABLE" ? 422 : code === "BAD_REQUEST" ? 400 : 500;
    const body = { errors: [{ code, message: error.message }] };
    return c.json(body, status, { "X-Request-Id": "r-1" });
  });
  install(app);
  return apiClient({
    url: "http://registry.test",
    fetch: (url, init) => Promise.resolve(app.request(String(url), init)),
    ...(credential && { credential: { username: credential[0], password: credential[1] } }),
  });
}

test.each(["nginx", "team/nginx", "a/b/c", "a.b-c__d"])(
  "repository %s and its reference arrive as they are",
  async (name) => {
    const digest = `sha256:${"0".repeat(64)}`;
    const seen: unknown[] = [];
    const api = served((app) =>
      app.openapi(artifacts.delete, (c) => {
        seen.push(c.req.valid("param"));
        return c.body(null, 200);
      }),
    );
    const params = { project_name: "library", repository_name: name, reference: digest };
    await api.artifacts.delete({ params });
    expect(seen).toEqual([params]);
  },
);

test.each(["a%252Fb", "a%2Fb", "a%2fb"])("the path's %s is repository a/b", async (encoded) => {
  const app = new OpenAPIHono({ defaultHook: validationHook });
  app.openapi(routes.repositories.delete, (c) =>
    c.body(JSON.stringify(c.req.valid("param").repository_name), 200),
  );
  const path = `/api/v2.0/projects/p/repositories/${encoded}`;
  const response = await app.request(path, { method: "DELETE" });
  expect(await response.json()).toBe("a/b");
});

test("flags and numbers of a query arrive typed, with defaults", async () => {
  const seen: unknown[] = [];
  const api = served((app) =>
    app.openapi(artifacts.list, (c) => {
      seen.push(c.req.valid("query"));
      return c.json([], 200);
    }),
  );
  await api.artifacts.list({
    params: { project_name: "p", repository_name: "r" },
    query: { with_accessory: true, page: 2, q: "tags={'a' 'b'}" },
  });
  expect(seen).toEqual([
    {
      page: 2,
      page_size: 10,
      q: "tags={'a' 'b'}",
      with_tag: true,
      with_label: false,
      with_accessory: true,
      with_immutable_status: false,
    },
  ]);
});

test("each walks all pages, by links without host or comma", async () => {
  const names = Array.from({ length: 25 }, (_, n) => `p${n}`);
  const links: (string | null)[] = [];
  const api = served((app) =>
    app.openapi(projects.list, (c) => {
      const shown = c.req.valid("query");
      const link = linkHeader(new URL(c.req.url), shown, names.length);
      links.push(link);
      if (link) c.header("Link", link);
      c.header("X-Total-Count", String(names.length));
      const start = (shown.page - 1) * shown.page_size;
      return c.json(names.slice(start, start + shown.page_size) as never, 200);
    }),
  );
  const query = { page_size: 10, q: "name={a b},public=true" };
  const found = await Array.fromAsync(api.each(projects.list, { query }));
  expect(found).toEqual(names);
  expect(links).toHaveLength(3);
  for (const link of links) {
    expect(link).toMatch(/^<\/api\/v2\.0\/projects\?/);
    expect(link?.replace(" , ", "")).not.toContain(",");
  }
  expect((await api.projects.list({ query })).total).toBe(25);
});

test("a refusal is an ApiError with what the server said", async () => {
  const api = served((app) =>
    app.openapi(projects.list, () => {
      throw new RegistryError("BAD_REQUEST", "q cannot filter by x");
    }),
  );
  const error = await api.projects.list().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    code: "BAD_REQUEST",
    message: "q cannot filter by x",
    status: 400,
    requestId: "r-1",
  });
});

test("a page out of bounds is 422, a body of another form 400 that names the field", async () => {
  const api = served((app) => {
    app.openapi(projects.list, (c) => c.json([], 200));
    app.openapi(policies.create, (c) => c.body(null, 201, { Location: "/x/7" }));
  });
  await expect(api.projects.list({ query: { page_size: 101 } })).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining("page_size"),
  });
  const body = { name: "p", enabled: "yes" as unknown as boolean };
  await expect(api.policies.create({ body })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("enabled"),
  });
  expect((await api.policies.create({ body: { name: "p" } })).created).toBe("7");
});

test("a body that does not say it is JSON is refused", async () => {
  const app = new OpenAPIHono({ defaultHook: validationHook });
  app.openapi(projects.create, (c) => c.body(null, 201));
  const body = '{"project_name":"a"}';
  const path = projects.create.path;
  expect((await app.request(path, { method: "POST", body })).status).toBe(415);
  const headers = { "content-type": "application/json; charset=utf-8" };
  expect((await app.request(path, { method: "POST", body, headers })).status).toBe(201);
});

test("text, credentials and unknown routes", async () => {
  const seen: unknown[] = [];
  const api = served(
    (app) => {
      app.openapi(system.ping, (c) => c.text("Pong", 200));
      app.openapi(executions.taskLog, (c) => {
        seen.push(c.req.valid("query").after, c.req.header("authorization"));
        return c.text("line\n", 200, { "X-Log-Last": "9" });
      });
    },
    ["admin", "pässword"],
  );
  expect((await api.system.ping()).body).toBe("Pong");
  const log = await api.executions.taskLog({ params: { id: 1, task_id: 2 }, query: { after: 5 } });
  expect([log.body, log.headers.get("x-log-last")]).toEqual(["line\n", "9"]);
  expect(seen).toEqual([5, `Basic ${Buffer.from("admin:pässword").toString("base64")}`]);
  await expect(api.system.health()).rejects.toMatchObject({ status: 404, code: "NOT_FOUND" });
});

test("nobody there, and a next page elsewhere, are plain errors", async () => {
  const nobody = apiClient({ url: "http://127.0.0.1:1" });
  await expect(nobody.system.ping()).rejects.toMatchObject({ code: "UNREACHABLE" });
  const link = '<http://evil.test/x>; rel="next"';
  const fetch = async () => Response.json([], { headers: { link } });
  const astray = apiClient({ url: "http://registry.test", fetch });
  await expect(Array.fromAsync(astray.each(projects.list, {}))).rejects.toMatchObject({
    code: "INTEGRITY",
  });
});
