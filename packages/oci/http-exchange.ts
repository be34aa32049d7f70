/** An HTTP exchange that failed, for people to see: what was asked, and what came back. */
export interface HttpExchange {
  readonly method: string;
  /** Of its query only what holds no secret. */
  readonly url: string;
  /** 0 if there was no answer. */
  readonly status: number;
  /** How the answer begins, secrets removed; at most 1 KiB. */
  readonly body: string;
}

const BODY_BYTES = 1024;
const HARMLESS = new Set(
  "artifactType digest from last mount n page page_size scope service tag".split(" "),
);
const REMOVED = "(removed)";
const SECRET_NAMES =
  "token|secret|passw(?:or)?d|signature|cookie|credential|authorization|api[-_]?key";
const NAMED_SECRET = new RegExp(
  `((?:^|[^a-z])(?:_state|[\\w-]*(?:${SECRET_NAMES})[\\w-]*)["']?\\s*[:=]\\s*["']?)` +
    "[^\\s\"'&<>,;]+",
  "gi",
);

/**
 * An exchange as it may be kept and shown: of `url` no user, no fragment and only harmless parts of
 * its query; `body` cut, and without what looks like a token, password, cookie or signature.
 */
export function httpExchange(
  method: string,
  url: string,
  status: number,
  body: string,
): HttpExchange {
  return { method, url: shownUrl(url), status, body: withoutSecrets(body.slice(0, BODY_BYTES)) };
}

/** The exchange that `error` or the nearest of its causes failed with; null if there was none. */
export function exchangeOf(error: unknown): HttpExchange | null {
  let at = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    const { exchange, cause } = at as Error & { exchange?: HttpExchange };
    if (exchange) return exchange;
    at = cause;
  }
  return null;
}

function shownUrl(text: string): string {
  const url = URL.parse(text);
  if (!url) return "";
  url.username = "";
  url.password = "";
  url.hash = "";
  const harmless = url.searchParams.entries().filter(([name]) => HARMLESS.has(name));
  url.search = new URLSearchParams([...harmless]).toString();
  return url.href;
}

/** `text` with what looks like a secret taken out: better too much than too little. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/\b(Basic|Bearer)\s+[\w.~+/=-]{4,}/gi, `$1 ${REMOVED}`)
    .replaceAll(/\beyJ[\w-]+(?:\.[\w-]+)*/g, REMOVED)
    .replaceAll(NAMED_SECRET, `$1${REMOVED}`)
    .replaceAll(/(:\/\/)[^/\s@"']+@/g, `$1${REMOVED}@`);
}
