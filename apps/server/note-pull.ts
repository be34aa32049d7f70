import type { Events } from "@entrepot/events";
import { asDigest } from "@entrepot/oci";
import { isCopier } from "./request-actor.ts";

/** What a request for a manifest was, and how it was answered. */
interface Answered {
  readonly request: Request;
  readonly path: string;
  readonly response: Response;
  readonly operators: WeakMap<Request, string>;
}

const MANIFEST = /^\/v2\/(.+)\/manifests\/([^/]+)$/;

/** Notes it for webhooks if it was a pull. Replication's own pulls are none, as in Harbor. */
export function notePull(pulls: Events["pulls"], answered: Answered): void {
  const { request, response, path, operators } = answered;
  if (request.method !== "GET" || response.status !== 200) return;
  const [, repository, reference] = MANIFEST.exec(path) ?? [];
  const digest = response.headers.get("docker-content-digest");
  if (repository === undefined || reference === undefined || digest === null) return;
  if (isCopier(request)) return;
  const tag = asDigest(decodeURIComponent(reference)) === null ? reference : digest;
  pulls.note({ repository, tag, digest, operator: operators.get(request) ?? "" });
}
