import { parseQuery, REGISTRY_FIELDS, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { type Endpoint, ENDPOINT_TYPES } from "@entrepot/replication";
import { type ApiOptions, type App, needing } from "./app.ts";
import { keeps } from "./keeps.ts";
import { pageOf, paged } from "./paged.ts";
import { ownedProjects } from "./policy-rights.ts";
import { infoOf, localInfo } from "./registry-info.ts";
import { changed, EMPTY, outlined, shown } from "./registry-shape.ts";

const { registries } = routes;

/** Labels that a form offers. */
const MOST_LABELS = 1_000;

type Find = (id: number) => Promise<Endpoint>;

const finding =
  ({ replication }: ApiOptions): Find =>
  async (id) => {
    const endpoint = await replication.endpoints.get(id);
    if (!endpoint) throw new RegistryError("NOT_FOUND", `registry endpoint ${id} does not exist`);
    return endpoint;
  };

/** Adds registry endpoints. Secrets go in and never come out. */
export function addRegistries(app: App, options: ApiOptions): void {
  const { endpoints } = options.replication;
  const found = finding(options);

  app.openapi(needing(options, registries.list), async (context) => {
    const query = context.req.valid("query");
    const identity = context.get("identity");
    const whole = await options.access.maySystem(identity, "registry:list");
    if (!whole) await ownedProjects(options, identity, "replication-policy:list");
    const seen = whole ? shown : (one: Endpoint) => outlined(shown(one));
    const filter = parseQuery(query.q, REGISTRY_FIELDS);
    if (!whole && "url" in filter) {
      throw new RegistryError("FORBIDDEN", "addresses of endpoints are a system administrator's");
    }
    const all = (await endpoints.list()).filter(
      (endpoint) => keeps(filter, endpoint) && endpoint.name.includes(query.name ?? ""),
    );
    const { items, total } = pageOf(all, query);
    return paged(context, query, { items: items.map(seen), total });
  });

  app.openapi(needing(options, registries.create), async (context) => {
    const { credential, ...body } = context.req.valid("json");
    const given = {
      ...body,
      credential_type: credential?.type,
      access_key: credential?.access_key,
      access_secret: credential?.access_secret,
    };
    const settings = { ...changed(EMPTY, given), type: body.type };
    const id = await endpoints.create(settings, context.get("actor"));
    context.header("Location", `/api/v2.0/registries/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, registries.ping), async (context) => {
    const { id, type, ...change } = context.req.valid("json");
    const isStored = Object.values(change).every((value) => value == null);
    if (typeof id === "number" && isStored) {
      const checked = await endpoints.check((await found(id)).id);
      if (checked.status === "healthy") return context.body(null, 200);
      throw new RegistryError("BAD_REQUEST", checked.statusText);
    }
    const base = typeof id === "number" ? await found(id) : EMPTY;
    const settings = { ...changed(base, change), type: type ?? base.type };
    await endpoints.ping(settings, id ?? undefined);
    return context.body(null, 200);
  });

  app.openapi(needing(options, registries.get), async (context) =>
    context.json(shown(await found(context.req.valid("param").id)), 200),
  );

  app.openapi(needing(options, registries.update), async (context) => {
    const before = await found(context.req.valid("param").id);
    const settings = changed(before, context.req.valid("json"));
    await endpoints.update(before.id, settings, context.get("actor"));
    return context.body(null, 200);
  });

  app.openapi(needing(options, registries.delete), async (context) => {
    const { id } = context.req.valid("param");
    if (!(await endpoints.remove(id, context.get("actor")))) await found(id);
    return context.body(null, 200);
  });

  addAdapters(app, options, found);
}

const PROVIDER = {
  endpoint_pattern: { endpoint_type: "EndpointPatternTypeStandard", endpoints: [] },
  credential_pattern: {
    access_key_type: "AccessKeyTypeStandard",
    access_key_data: "",
    access_secret_type: "AccessSecretTypeStandard",
    access_secret_data: "",
  },
};

/** Where there is but one address, a form offers that. */
const DOCKER_HUB = {
  ...PROVIDER,
  endpoint_pattern: {
    endpoint_type: "EndpointPatternTypeFix",
    endpoints: [{ key: "hub.docker.com", value: "https://hub.docker.com" }],
  },
};

function providerOf(type: string) {
  return type === "docker-hub" ? DOCKER_HUB : PROVIDER;
}

function addAdapters(app: App, options: ApiOptions, found: Find): void {
  app.openapi(needing(options, registries.info), async (context) => {
    const { id } = context.req.valid("param");
    await ownedProjects(options, context.get("identity"), "replication-policy:list");
    const info = id === 0 ? localInfo(await labelNames(options)) : infoOf((await found(id)).type);
    return context.json(info, 200);
  });

  app.openapi(needing(options, registries.adapters), (context) =>
    context.json([...ENDPOINT_TYPES], 200),
  );

  app.openapi(needing(options, registries.adapterInfos), (context) =>
    context.json(Object.fromEntries(ENDPOINT_TYPES.map((type) => [type, providerOf(type)])), 200),
  );
}

async function labelNames({ catalog }: ApiOptions): Promise<string[]> {
  const rows = await catalog.db
    .selectFrom("label")
    .select("name")
    .where("project_id", "is", null)
    .orderBy("name")
    .limit(MOST_LABELS)
    .execute();
  return rows.map(({ name }) => name);
}
