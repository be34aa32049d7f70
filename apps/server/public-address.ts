/** What proxies that are trusted say of a request that they have passed on. */
const origins = new WeakMap<object, string>();

/** Notes that clients addressed `request` to `origin`, however it came here. */
export function noteOrigin(request: Request, origin: string): void {
  origins.set(request, origin);
}

/** The public address, without a slash at the end: as configured, or as `request` was addressed. */
export function publicOrigin(publicUrl: string | null, request: Pick<Request, "url">): string {
  return publicUrl ?? origins.get(request) ?? new URL(request.url).origin;
}

/** Whether clients reach this server by HTTPS, as configured or as `request` was addressed. */
export function isHttps(publicUrl: string | null, request: Pick<Request, "url">): boolean {
  return (publicUrl ?? origins.get(request) ?? request.url).startsWith("https:");
}
