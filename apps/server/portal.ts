import { readFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { extname, join } from "node:path";

/** Answers what the portal is made of; null for what is not the portal's. */
export type Portal = (request: Request, path: string) => Promise<Response | null>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Paths that belong to programs: a browser gone astray there is not shown a page. */
const PROGRAMS = /^\/(?:v2|api|service|c|metrics|assets)(?:\/|$)/;

/** Where `npm start` builds it, each file with `.br` and `.gz` beside it. */
const BUILT = join(import.meta.dirname, "../portal/dist");

/**
 * The portal that was built into `folder`. Files under `assets/` carry their content's hash in
 * their name and are kept by browsers for ever; every other path that is asked for as a page gets
 * the one page there is, which finds the rest by itself. Files are kept in memory once asked for,
 * some megabytes in all. Without a build every answer is null.
 */
export function openPortal(folder: string = BUILT): Portal {
  const names = new Set(namesIn(folder));
  const kept = new Map<string, Promise<Buffer<ArrayBuffer>>>();

  function bytesOf(name: string): Promise<Buffer<ArrayBuffer>> {
    const known = kept.get(name);
    if (known) return known;
    const read = readFile(join(folder, name)) as Promise<Buffer<ArrayBuffer>>;
    kept.set(name, read);
    read.catch(() => kept.delete(name));
    return read;
  }

  async function answer(request: Request, name: string, cacheControl: string): Promise<Response> {
    const accepted = request.headers.get("accept-encoding") ?? "";
    const headers = new Headers({
      "content-type": TYPES[extname(name)]!,
      "cache-control": cacheControl,
      vary: "accept-encoding",
    });
    const codings = { br: `${name}.br`, gzip: `${name}.gz` };
    const coding = /\bbr\b/.test(accepted) ? "br" : /\bgzip\b/.test(accepted) ? "gzip" : null;
    const compressed = coding !== null && names.has(codings[coding]);
    if (compressed) headers.set("content-encoding", coding);
    const bytes = await bytesOf(compressed ? codings[coding] : name);
    headers.set("content-length", String(bytes.length));
    return new Response(request.method === "HEAD" ? null : bytes, { headers });
  }

  return async (request, path) => {
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const name = path.slice(1);
    if (TYPES[extname(name)] !== undefined && names.has(name) && name !== "index.html") {
      const isHashed = path.startsWith("/assets/");
      return answer(request, name, isHashed ? "public, max-age=31536000, immutable" : "no-cache");
    }
    const wantsPage = (request.headers.get("accept") ?? "").includes("text/html");
    if (!names.has("index.html") || !wantsPage || PROGRAMS.test(path)) return null;
    return answer(request, "index.html", "no-cache");
  };
}

/** Names under `folder`, with slashes; none where there is no such folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
}
