import { mediaTypes, parseDigest, RegistryError } from "@entrepot/oci";
import type { Descriptor } from "@entrepot/oci";
import type { Page, PageQuery } from "@entrepot/registry";
import { CATALOG_PATH, header, printNextLink, referrersPath, tagsPath } from "../wire/index.ts";
import type { Call, RepositoryCall } from "./call.ts";
import { json } from "./reply.ts";
import type { HeaderList } from "./reply.ts";

/** GET of a repository's tags. Source: distribution-spec end-8a, end-8b. */
export async function listTags(call: RepositoryCall): Promise<Response> {
  const { name } = call.repository;
  const page = await onePage(call, (query) => call.repository.tags(query));
  const headers = nextPage(tagsPath(name), page);
  return json(call.request, { name, tags: page.items }, headers);
}

/** GET of the repositories that the caller may see. Source: distribution's `/v2/_catalog`. */
export async function listRepositories(call: Call): Promise<Response> {
  const page = await onePage(call, (query) => call.registry.repositories(query));
  return json(call.request, { repositories: page.items }, nextPage(CATALOG_PATH, page));
}

/** GET of what refers to a manifest, as an index. Source: distribution-spec end-12a, end-12b. */
export async function listReferrers(call: RepositoryCall, text: string): Promise<Response> {
  const digest = parseDigest(text);
  const artifactType = call.query.get("artifactType") || undefined;
  const found = await onePage(call, (query) =>
    call.repository.referrers(digest, { ...query, artifactType }),
  );
  const page = fitting(found, call.limits.manifestBytes);
  const filter: Record<string, string> = artifactType === undefined ? {} : { artifactType };
  const headers = nextPage(referrersPath(call.repository.name, digest), page, filter);
  headers["Content-Type"] = mediaTypes.ociIndex;
  if (artifactType !== undefined) headers[header.FILTERS_APPLIED] = "artifactType";
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: page.items };
  return json(call.request, index, headers);
}

interface AskedPage<T> extends Page<T> {
  readonly n: number;
}

/** The page that the query asks for. More than the server gives at once is cut, and linked on. */
async function onePage<T>(
  call: Call,
  list: (query: PageQuery) => Promise<Page<T>>,
): Promise<AskedPage<T>> {
  const most = call.limits.pageSize;
  const n = Math.min(wantedCount(call.query) ?? most, most);
  const last = call.query.get("last") || undefined;
  // Nothing wanted is still an error where the repository is not there.
  const page = await list({ n: Math.max(n, 1), last });
  return n === 0 ? { n, items: [], next: null } : { n, ...page };
}

function wantedCount(query: URLSearchParams): number | null {
  const text = query.get("n");
  if (text === null || text === "") return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RegistryError(
    "PAGINATION_NUMBER_INVALID",
    `n=${JSON.stringify(text.slice(0, 50))} is not a number of items`,
    { detail: { n: text.slice(0, 50) } },
  );
}

function nextPage(
  path: string,
  page: AskedPage<unknown>,
  filter: Record<string, string> = {},
): HeaderList {
  if (page.next === null) return {};
  return { Link: printNextLink(path, { ...filter, n: page.n, last: page.next }) };
}

/** As much of `page` as makes an index that clients still read; at least one. */
function fitting(page: AskedPage<Descriptor>, limitBytes: number): AskedPage<Descriptor> {
  let bytes = 200;
  for (const [at, item] of page.items.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    const before = page.items[at - 1];
    if (bytes <= limitBytes || !before) continue;
    return { n: page.n, items: page.items.slice(0, at), next: before.digest };
  }
  return page;
}
