import { isTag, mediaTypes, parseManifest, referrerOf, RegistryError } from "@entrepot/oci";
import type { Descriptor, Digest } from "@entrepot/oci";
import type { Page, PageQuery, Registry, Repository } from "@entrepot/registry";
import { CATALOG_PATH, referrersPath, tagsPath } from "../wire/index.ts";
import { fallbackTag, manifestView } from "./fallback-tag.ts";
import type { FetchResponse } from "./fetch.ts";
import { LONGEST_PAGE_BYTES, pageFrom, pagePath, textsIn } from "./list-page.ts";
import { manifestRequests } from "./manifest-requests.ts";
import { readBody } from "./response-body.ts";
import { responseError } from "./response-error.ts";
import { remoteName, scopesOf } from "./remote.ts";
import type { Remote } from "./remote.ts";

const CATALOG_PAGE = 1000;
const SMALL_CATALOG_PAGE = 100;
const CATALOG_SCOPES = [{ type: "registry", name: "catalog", actions: ["*"] }];
/** How long a registry counts as one without a referrers API before it is asked again. */
const NO_REFERRERS_MS = 5 * 60_000;

/** Lists of the remote repository `name`. */
export function remoteLists(remote: Remote, name: string): Pick<Repository, "tags" | "referrers"> {
  const scopes = scopesOf(name).pull;
  const requests = manifestRequests(remote, name);
  const fallback = fallbackTag(remote, name, requests);

  /** The registry's own answer, or null if it has no referrers API. Source: end-12. */
  async function askReferrers(digest: Digest, url: string) {
    if (remote.learned.noReferrersUntil > remote.clock()) return null;
    const about = `referrers of ${digest} in ${name}`;
    const expect = [200, 404, 405];
    const response = await remote.exchange({ method: "GET", url, about, scopes, expect });
    if (response.status === 200) return await readReferrers(response);
    const error = await responseError(response, about, remote.clock(), "UNSUPPORTED");
    const isAboutName = error.code === "NAME_UNKNOWN" || error.code === "MANIFEST_UNKNOWN";
    if (!isAboutName) remote.learned.noReferrersUntil = remote.clock() + NO_REFERRERS_MS;
    return null;
  }

  /** By the fallback tag, and those accessories that name `subject` themselves. */
  async function listOtherwise(subject: Digest): Promise<readonly Descriptor[]> {
    const listed = await fallback.list(subject);
    const known = new Set(listed.map(({ digest }) => digest));
    const found: Descriptor[] = [];
    for (const digest of await remote.accessories(name, subject)) {
      if (known.has(digest)) continue;
      const manifest = await requests.get(digest);
      const read = manifest && manifestView(manifest);
      if (read?.subject?.digest !== subject) continue;
      found.push(referrerOf(read, digest, manifest!.bytes.length));
    }
    return [...listed, ...found];
  }

  return {
    async tags(query = {}) {
      const about = `tags of ${name}`;
      const response = await remote.exchange({
        method: "GET",
        url: pagePath(tagsPath(name), query),
        about,
        scopes,
        expect: [200],
        missing: "NAME_UNKNOWN",
      });
      const tags = await textsIn(response, "tags", about);
      return pageFrom(tags.filter(isTag), asIs, query, response.headers.get("link"));
    },

    async referrers(digest, query = {}) {
      const { artifactType } = query;
      const filter: Record<string, string> = artifactType ? { artifactType } : {};
      const answer = await askReferrers(
        digest,
        pagePath(referrersPath(name, digest), query, filter),
      );
      const { referrers, link } = answer ?? { referrers: await listOtherwise(digest), link: null };
      // Some filter and some do not; doing so twice changes nothing.
      const wanted = artifactType
        ? referrers.filter((referrer) => referrer.artifactType === artifactType)
        : referrers;
      return pageFrom(wanted, (referrer) => referrer.digest, query, link);
    },
  };
}

async function readReferrers(response: FetchResponse) {
  const bytes = await readBody(response, LONGEST_PAGE_BYTES);
  const { manifests } = parseManifest(bytes, mediaTypes.ociIndex);
  return { referrers: manifests as readonly Descriptor[], link: response.headers.get("link") };
}

/**
 * Names of the registry's repositories that our account may see. Asks for 1000 at a time, for 100
 * where that is too many, and else for as many as the registry likes. Source: `GET /v2/_catalog`.
 */
export function remoteCatalog(remote: Remote): Registry["repositories"] {
  async function ask(query: PageQuery): Promise<Page<string>> {
    const response = await remote.exchange({
      method: "GET",
      url: pagePath(CATALOG_PATH, query),
      about: "list of repositories",
      scopes: CATALOG_SCOPES,
      expect: [200],
      missing: "UNSUPPORTED",
    });
    const names = await textsIn(response, "repositories", "list of repositories");
    return pageFrom(names.filter(isName), asIs, query, response.headers.get("link"));
  }

  return async (query = {}) => {
    const { n = CATALOG_PAGE, ...rest } = query;
    const smaller = n > SMALL_CATALOG_PAGE ? [SMALL_CATALOG_PAGE] : [];
    for (const size of [n, ...smaller]) {
      try {
        return await ask({ ...rest, n: size });
      } catch (error) {
        if (!isAboutNumber(error)) throw error;
      }
    }
    return await ask(rest);
  };
}

function isAboutNumber(error: unknown): boolean {
  if (!(error instanceof RegistryError)) return false;
  return error.code === "PAGINATION_NUMBER_INVALID" || error.code === "BAD_REQUEST";
}

function isName(name: string): boolean {
  try {
    return remoteName(name) === name;
  } catch {
    return false;
  }
}

function asIs(text: string): string {
  return text;
}
