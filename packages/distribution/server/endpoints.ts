import type { Route, Scope } from "../wire/index.ts";
import { deleteBlob, getBlob } from "./blobs.ts";
import type { Call, RepositoryCall } from "./call.ts";
import { listReferrers, listRepositories, listTags } from "./lists.ts";
import { deleteManifest, getManifest, putManifest } from "./manifests.ts";
import { json } from "./reply.ts";
import {
  appendChunk,
  cancelUpload,
  finishUpload,
  mountSource,
  startUpload,
  uploadStatus,
} from "./uploads.ts";

/** One method of one kind of route: what it needs to be allowed, and what it does. */
export interface Endpoint {
  readonly actions: readonly string[];
  /** `subject` is the path's last part: a reference, a digest, an upload's id. */
  act(call: RepositoryCall, subject: string): Promise<Response>;
}

const pull = ["pull"];
const push = ["pull", "push"];
const remove = ["delete"];

const readManifest: Endpoint = { actions: pull, act: getManifest };
const readBlob: Endpoint = { actions: pull, act: getBlob };
const readTags: Endpoint = { actions: pull, act: listTags };
const readReferrers: Endpoint = { actions: pull, act: listReferrers };

/** What can be done in a repository. Source: distribution-spec § Endpoints. */
export const endpoints: Readonly<
  Record<RepositoryRoute["kind"], Readonly<Record<string, Endpoint>>>
> = {
  manifest: {
    GET: readManifest,
    HEAD: readManifest,
    PUT: { actions: push, act: putManifest },
    DELETE: { actions: remove, act: deleteManifest },
  },
  blob: {
    GET: readBlob,
    HEAD: readBlob,
    DELETE: { actions: remove, act: deleteBlob },
  },
  uploads: { POST: { actions: push, act: startUpload } },
  upload: {
    GET: { actions: push, act: uploadStatus },
    PATCH: { actions: push, act: appendChunk },
    PUT: { actions: push, act: finishUpload },
    DELETE: { actions: push, act: cancelUpload },
  },
  tags: { GET: readTags, HEAD: readTags },
  referrers: { GET: readReferrers, HEAD: readReferrers },
};

/** A route within a repository. */
export type RepositoryRoute = Exclude<Route, { kind: "check" | "catalog" }>;

/** The path's last part, where the route has one that varies. */
export function subjectOf(route: RepositoryRoute): string {
  switch (route.kind) {
    case "manifest":
      return route.reference;
    case "blob":
    case "referrers":
      return route.digest;
    case "upload":
      return route.id;
    case "uploads":
    case "tags":
      return "";
  }
}

/**
 * The scopes to ask a token for: what the act needs, and for a mount reading its source too.
 * Lacking the latter is no error; the mount then just does not happen.
 */
export function wantedScopes(needed: readonly Scope[], query: URLSearchParams): readonly Scope[] {
  const from = mountSource(query);
  if (from === null) return needed;
  return [...needed, { type: "repository", name: from, actions: pull }];
}

/** GET of `/v2/`: that this is such a registry, and that one may enter. Source: end-1. */
export async function check(call: Call): Promise<Response> {
  return json(call.request, {});
}

/** GET of `/v2/_catalog`. */
export const catalog = listRepositories;

/** What the catalog needs. */
export const CATALOG_SCOPES: readonly Scope[] = [
  { type: "registry", name: "catalog", actions: ["*"] },
];
