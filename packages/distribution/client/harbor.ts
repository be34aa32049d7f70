import { asDigest, type Digest, RegistryError } from "@entrepot/oci";
import { withQuery } from "../wire/index.ts";
import type { Fetch } from "./fetch.ts";
import { type HarborApi, harborApi } from "./harbor-api.ts";
import type { Credential } from "./tokens.ts";

/** The few calls of Harbor's management API that replication with a Harbor or Entrepot needs. */
export interface HarborClient {
  /** The API's version (`v2.0`), or null if there is no Harbor. Source: `GET /api/version`. */
  version(): Promise<string | null>;
  /** Throws NOT_FOUND if there is no Harbor. Source: `GET /systeminfo`. */
  systemInfo(): Promise<HarborSystemInfo>;
  /** Those of `names` that exist and we may see. */
  projectsNamed(names: readonly string[]): Promise<readonly HarborProject[]>;
  /** False if it was there before. Throws DENIED where we may not create projects. */
  createProject(name: string, isPublic: boolean): Promise<boolean>;
  projects(): AsyncIterable<HarborProject>;
  /** Whole names, `project/repository`. Throws NOT_FOUND, or DENIED as Harbor answers for both. */
  repositories(project: string): AsyncIterable<string>;
  /** Artifacts of the repository of this whole name. */
  artifacts(repository: string): AsyncIterable<HarborArtifact>;
  /** Digests of what belongs to an artifact or an index's child: signatures, SBOMs and the like. */
  accessories(repository: string, digest: Digest): Promise<readonly Digest[]>;
  /** Deletes the tag alone, which Harbor's `/v2/` cannot. False if there was none. */
  deleteTag(repository: string, tag: string): Promise<boolean>;
  /** Tells an Entrepot that a copy to `repository` is under way, from one of the registry `id`. */
  announceCopy(repository: string, from: { id: string; repository: string }): Promise<void>;
  /** What an Entrepot has still to copy from `repository` to registry `to`: of `tag`, or all. */
  copiesTo(repository: string, to: string, tag?: string): Promise<readonly PendingCopy[]>;
  /** Some repository that has the blob, to mount it from; null if none is known. */
  repositoryWithBlob(digest: Digest): Promise<string | null>;
}

/** What a Harbor says of itself. */
export interface HarborSystemInfo {
  readonly harborVersion: string | undefined;
  /** Only an Entrepot has one: by this id it appears in the paths of journal entries. */
  readonly entrepotRegistryId: string | undefined;
}

/** A project, as far as replication cares. */
export interface HarborProject {
  readonly name: string;
  readonly isPublic: boolean;
  /** It caches another registry, and takes no pushes. */
  readonly isProxyCache: boolean;
}

/** An artifact, as far as replication cares. */
export interface HarborArtifact {
  readonly digest: string;
  /** `IMAGE`, `CHART`, … */
  readonly type: string | undefined;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /** Absent where the answer tells none. */
  readonly pushedAt?: Date;
}

/** A name that an Entrepot has still to copy somewhere, and its repository's name there. */
export interface PendingCopy {
  readonly reference: string;
  readonly digest: Digest;
  readonly target: string;
}

/** Names per question, so that the request line stays short. */
const MOST_NAMES = 20;

/** The Harbor, or Entrepot, at `options.url`. Sends nothing before it is asked something. */
export function harborClient(options: {
  readonly url: string;
  readonly credential?: Credential | undefined;
  readonly fetch: Fetch;
  readonly clock?: () => number;
}): HarborClient {
  const api = harborApi(options);
  return {
    async version() {
      const { version } = objectOf(await api.get("/api/version", "null if missing"));
      return textOf(version) ?? null;
    },
    async systemInfo() {
      const found = objectOf(await api.get("/api/v2.0/systeminfo"));
      return {
        harborVersion: textOf(found["harbor_version"]),
        entrepotRegistryId: textOf(found["entrepot_registry_id"]),
      };
    },
    async projectsNamed(names) {
      const found: HarborProject[] = [];
      for (let at = 0; at < names.length; at += MOST_NAMES) {
        const wanted = names.slice(at, at + MOST_NAMES).map((name) => `'${checked(name)}'`);
        const query = { q: `name={${wanted.join(" ")}}`, with_detail: "false" };
        const path = withQuery("/api/v2.0/projects", query);
        for await (const item of api.list(path)) found.push(projectOf(item));
      }
      return found;
    },
    async createProject(name, isPublic) {
      const body = { project_name: name, metadata: { public: String(isPublic) } };
      return await api.change("POST", "/api/v2.0/projects", 409, body);
    },
    async *projects() {
      const path = "/api/v2.0/projects?with_detail=false";
      for await (const item of api.list(path)) yield projectOf(item);
    },
    async *repositories(project) {
      const path = `/api/v2.0/projects/${encodeURIComponent(project)}/repositories`;
      for await (const item of api.list(path)) {
        const name = textOf(objectOf(item)["name"]);
        if (name !== undefined) yield name;
      }
    },
    async *artifacts(repository) {
      const path = `${repositoryPath(repository)}/artifacts?with_tag=true&with_label=true`;
      for await (const item of api.list(path)) yield artifactOf(item);
    },
    async accessories(repository, digest) {
      const query = { with_tag: "false", with_label: "false", with_accessory: "true" };
      const path = withQuery(`${repositoryPath(repository)}/artifacts/${digest}`, query);
      const { accessories } = objectOf(await api.get(path, "null if missing"));
      if (!Array.isArray(accessories)) return [];
      return accessories.flatMap((one) => asDigest(textOf(objectOf(one)["digest"]) ?? "") ?? []);
    },
    async deleteTag(repository, tag) {
      const name = encodeURIComponent(tag);
      const path = `${repositoryPath(repository)}/artifacts/${name}/tags/${name}`;
      return await api.change("DELETE", path, 404);
    },
    ...copyCalls(api),
    async repositoryWithBlob(digest) {
      const query = { q: `blob_digest=${digest}`, page_size: 1, page: 1 };
      const path = withQuery("/api/v2.0/repositories", query);
      const found = await api.get(path, "null if missing");
      return (Array.isArray(found) && textOf(objectOf(found[0])["name"])) || null;
    },
  };
}

/** The calls about copies that are under way, which Entrepots alone know. */
function copyCalls(api: HarborApi): Pick<HarborClient, "announceCopy" | "copiesTo"> {
  return {
    async announceCopy(repository, { id, repository: source }) {
      const body = { registry_id: id, repository: source };
      await api.change("POST", `${repositoryPath(repository)}/announcements`, 200, body);
    },
    async copiesTo(repository, to, tag) {
      const query = {
        behind: "true",
        registry_id: to,
        ...(tag !== undefined && { references: tag }),
      };
      const path = withQuery(`${repositoryPath(repository)}/replicas`, query);
      const found = await api.get(path, "null if missing");
      return Array.isArray(found) ? found.flatMap(pendingCopyOf) : [];
    },
  };
}

/** A repository's name holds slashes, so Harbor wants it encoded twice. */
function repositoryPath(repository: string): string {
  const slash = repository.indexOf("/");
  const project = encodeURIComponent(repository.slice(0, Math.max(slash, 0)));
  const rest = encodeURIComponent(encodeURIComponent(repository.slice(slash + 1)));
  return `/api/v2.0/projects/${project}/repositories/${rest}`;
}

function checked(name: string): string {
  if (/^[\w.-]+$/.test(name)) return name;
  throw new RegistryError("NAME_INVALID", `${JSON.stringify(name)} is not a project's name`);
}

function projectOf(item: unknown): HarborProject {
  const { name, metadata, registry_id } = objectOf(item);
  return {
    name: textOf(name) ?? "",
    isPublic: objectOf(metadata)["public"] === "true",
    isProxyCache: typeof registry_id === "number" && registry_id > 0,
  };
}

function artifactOf(item: unknown): HarborArtifact {
  const { digest, type, tags, labels, push_time: pushed } = objectOf(item);
  const pushedAt = Date.parse(textOf(pushed) ?? "");
  return {
    digest: textOf(digest) ?? "",
    type: textOf(type),
    tags: namesIn(tags),
    labels: namesIn(labels),
    ...(!Number.isNaN(pushedAt) && { pushedAt: new Date(pushedAt) }),
  };
}

function pendingCopyOf(item: unknown): PendingCopy[] {
  const { reference, wanted, target } = objectOf(item);
  const digest = asDigest(textOf(wanted) ?? "");
  const [name, to] = [textOf(reference), textOf(target)];
  return digest && name !== undefined && to !== undefined
    ? [{ reference: name, digest, target: to }]
    : [];
}

function namesIn(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item) => textOf(objectOf(item)["name"]) ?? []);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
