/** A browser as far as cookies and redirections go. */
export interface Browser {
  /** Gets `url`, with the cookies of its host; redirections are the caller's to follow. */
  get(url: string | URL): Promise<Response>;
  /** Follows redirections from `url` until none comes, or `until` says so of where one leads. */
  follow(
    url: string | URL,
    until?: (to: URL) => boolean,
  ): Promise<{ url: URL; response: Response }>;
  /** What it keeps for an origin. */
  cookies(origin: string): Map<string, string>;
}

const MOST_REDIRECTIONS = 20;

/** A browser without cookies. */
export function openBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (origin: string) => {
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };

  const browser: Browser = {
    cookies: jarOf,
    async get(url) {
      const jar = jarOf(new URL(url).origin);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = cookie === "" ? {} : { cookie };
      const response = await fetch(url, { redirect: "manual", headers });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "" || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      return response;
    },
    async follow(url, until = () => false) {
      let at = new URL(url);
      for (let n = 0; n < MOST_REDIRECTIONS; n++) {
        const response = await browser.get(at);
        const location = response.headers.get("location");
        if (location === null) return { url: at, response };
        await response.body?.cancel();
        at = new URL(location, at);
        if (until(at)) return { url: at, response };
      }
      throw new Error(`${MOST_REDIRECTIONS} redirections, the last to ${at.href}`);
    },
  };
  return browser;
}
