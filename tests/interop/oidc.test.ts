import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Browser, openBrowser } from "./browser.ts";
import { type OidcPlayer, runOidcPlayer } from "./oidc-player.ts";
import { freePort } from "./free-port.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";

const ACTOR = { name: "test", cause: "test" };

describe("logging in by OpenID Connect", () => {
  let server: TestServer;
  let player: OidcPlayer;
  let browser: Browser;

  beforeAll(async () => {
    server = await testServer({ workers: 0 });
    player = await runOidcPlayer(`${server.url}/c/oidc/callback`);
  });
  afterAll(async () => {
    await player?.close();
    await server?.close();
  });
  beforeEach(async () => {
    browser = openBrowser();
    player.person = {
      sub: "1001",
      preferred_username: "ann",
      name: "Ann Onymous",
      email: "ann@example.org",
      groups: ["devs"],
    };
    await server.settings.change(ACTOR, {
      ...player.settings,
      auth_mode: "oidc_auth",
      oidc_auto_onboard: true,
      oidc_admin_group: null,
      oidc_group_filter: null,
      oidc_user_claim: null,
    });
  });

  const login = (query = "") => `${server.url}/c/oidc/login${query}`;
  const ours = (url: URL) => url.origin === server.url;
  const atCallback = (url: URL) => ours(url) && url.pathname === "/c/oidc/callback";
  const atHome = (url: URL) => ours(url) && !url.pathname.startsWith("/c/");

  /** Where a login ends that fails: at the page to log in, with what its text is to be. */
  async function failing(asking = browser): Promise<string> {
    const { url } = await asking.follow(login(), atHome);
    expect(url.pathname).toBe("/login");
    return url.search;
  }

  /** The same from where the browser stands. */
  async function failsAt(url: URL, asking = browser): Promise<void> {
    const response = await asking.get(url);
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("/login?failure=again");
    expect(await response.text()).toBe("");
  }

  /** Who the browser is to this server. */
  async function whoAmI(asking = browser): Promise<Record<string, unknown> | null> {
    const response = await asking.get(`${server.url}/api/v2.0/users/current`);
    return response.ok ? ((await response.json()) as Record<string, unknown>) : null;
  }

  test("a browser comes back with a session, and where it wanted to", async () => {
    const { url } = await browser.follow(login("?redirect_url=/projects/team%3Ftab=tags"), atHome);
    expect(url.pathname + url.search).toBe("/projects/team?tab=tags");
    expect(await whoAmI()).toMatchObject({
      username: "ann",
      email: "ann@example.org",
      realname: "Ann Onymous",
      source: "oidc",
      sysadmin_flag: false,
      oidc_user_meta: { subiss: `1001${player.issuer}` },
    });
    const again = openBrowser();
    await again.follow(login(), atHome);
    expect((await whoAmI(again))?.["user_id"]).toBe((await whoAmI())?.["user_id"]);
  });

  test("PKCE, state and nonce go along", async () => {
    const response = await browser.get(login());
    const { searchParams } = new URL(response.headers.get("location")!);
    expect(searchParams.get("code_challenge_method")).toBe("S256");
    for (const name of ["code_challenge", "state", "nonce"]) {
      expect(searchParams.get(name)!.length).toBeGreaterThan(40);
    }
    expect(response.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Lax/);
  });

  test.for([
    "https://evil.example/",
    "//evil.example/",
    String.raw`/\evil.example`,
    "/%09/evil.example",
    "javascript:alert(1)",
  ])("nobody is sent on to %s", async (target) => {
    const query = `?redirect_url=${encodeURIComponent(decodeURIComponent(target))}`;
    const { url } = await browser.follow(login(query), atHome);
    expect(url.href).toBe(`${server.url}/`);
  });

  test("who refuses consent is told so, and is nobody", async () => {
    player.person = null;
    expect(await failing()).toBe("?failure=refused");
    expect(await whoAmI()).toBe(null);
    await server.audit.idle();
    const { detail, ...record } = await server.catalog.db
      .selectFrom("audit_log")
      .select(["actor", "kind", "result", "address", "detail"])
      .orderBy("n", "desc")
      .executeTakeFirstOrThrow();
    const wanted = { actor: "anonymous", kind: "login", result: "denied", address: "127.0.0.1" };
    expect(record).toEqual(wanted);
    expect(detail).toContain("the person said no");
  });

  test.for([
    ["another state", (url: URL) => url.searchParams.set("state", "x".repeat(43))],
    ["no state", (url: URL) => url.searchParams.delete("state")],
    ["another code", (url: URL) => url.searchParams.set("code", "x".repeat(43))],
    ["no code", (url: URL) => url.searchParams.delete("code")],
    ["another issuer", (url: URL) => url.searchParams.set("iss", "https://evil.example")],
  ] as const)("%s lets nobody in", async ([, change]) => {
    const { url } = await browser.follow(login(), atCallback);
    change(url);
    await failsAt(url);
    expect(await whoAmI()).toBe(null);
  });

  test("what the provider or anybody else writes is not shown", async () => {
    const { url } = await browser.follow(login(), atCallback);
    url.search = `?error=%3Cscript%3E&error_description=x&state=${url.searchParams.get("state")}`;
    url.searchParams.set("failure", "https://evil.example");
    const location = (await browser.get(url)).headers.get("location");
    expect(location).toMatch(/^\/login\?failure=(?:refused|again)$/);
  });

  test("another browser's way back lets nobody in", async () => {
    const { url } = await browser.follow(login(), atCallback);
    const victim = openBrowser();
    await failsAt(url, victim);
    await victim.follow(login(), atCallback);
    await failsAt(url, victim);
    expect(await whoAmI(victim)).toBe(null);
  });

  test("a nonce that is not this login's lets nobody in", async () => {
    // What one login keeps is given the other's way through the provider, its state included.
    const first = await browser.get(login());
    const kept = browser.cookies(server.url).get("entrepot_oidc")!;
    const asked = new URL(first.headers.get("location")!);
    asked.searchParams.set("nonce", "another");
    const { url } = await browser.follow(asked, atCallback);
    browser.cookies(server.url).set("entrepot_oidc", kept);
    await failsAt(url);
  });

  test("a way back counts once", async () => {
    const { url } = await browser.follow(login(), atCallback);
    const kept = browser.cookies(server.url).get("entrepot_oidc")!;
    expect((await browser.get(url)).headers.get("location")).toBe("/");
    await failsAt(url);
    const thief = openBrowser();
    thief.cookies(server.url).set("entrepot_oidc", kept);
    await failsAt(url, thief);
    expect(await whoAmI(thief)).toBe(null);
  });

  test("a session that somebody planted is not the one that is logged in", async () => {
    await browser.follow(login(), atHome);
    const [name, planted] = [...browser.cookies(server.url)].find(([key]) => /session/.test(key))!;
    await browser.follow(login(), atHome);
    expect(browser.cookies(server.url).get(name)).not.toBe(planted);
    const other = openBrowser();
    other.cookies(server.url).set(name, planted);
    expect(await whoAmI(other)).toBe(null);
  });

  test("the name of a local account is not given away", async () => {
    player.person = { sub: "666", preferred_username: "admin", name: "Not the admin" };
    expect(await failing()).toBe("?failure=name-taken");
    expect(await whoAmI()).toBe(null);
  });

  test("groups: filtered, of members, of administrators", async () => {
    await server.access.groups.createGroup(ACTOR, { name: "devs", type: 3 });
    await server.content.projects.create(ACTOR, { name: "team", public: false });
    await server.access.setMember(ACTOR, "team", "oidc-group:devs", 2);
    const identity = async () => (await server.access.findAccount("ann"))!.id;
    const mayPush = async () =>
      server.access.may(
        {
          kind: "account",
          name: "ann",
          accountId: await identity(),
          sysadmin: false,
          grants: null,
        },
        "team",
        "repository",
        "push",
      );
    await browser.follow(login(), atHome);
    expect(await mayPush()).toBe(true);

    await server.settings.change(ACTOR, { oidc_group_filter: "^ops" });
    await openBrowser().follow(login(), atHome);
    expect(await mayPush()).toBe(false);

    await server.settings.change(ACTOR, { oidc_group_filter: null, oidc_admin_group: "devs" });
    const admin = openBrowser();
    await admin.follow(login(), atHome);
    expect(await whoAmI(admin)).toMatchObject({ admin_role_in_auth: true });
    expect((await admin.get(`${server.url}/api/v2.0/users`)).status).toBe(200);

    player.person = { ...player.person!, groups: [] };
    await openBrowser().follow(login(), atHome);
    expect((await admin.get(`${server.url}/api/v2.0/users`)).status).toBe(403);
  });

  test("without oidc_auto_onboard only who has an account is let in", async () => {
    await browser.follow(login(), atHome);
    await server.settings.change(ACTOR, { oidc_auto_onboard: false });
    await openBrowser().follow(login(), atHome);
    player.person = { sub: "2002", preferred_username: "new" };
    expect(await failing(openBrowser())).toBe("?failure=no-account");
    expect(await server.access.findAccount("new")).toBe(null);
  });

  test("a claim that is missing is told", async () => {
    await server.settings.change(ACTOR, { oidc_user_claim: "upn" });
    expect(await failing()).toBe("?failure=claim");
  });

  test("a provider that does not answer is told, and locals log in", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    await server.settings.change(ACTOR, { oidc_endpoint: endpoint });
    expect(await failing()).toBe("?failure=unavailable");
    const { username, password } = server.credential;
    expect(await server.access.login(username, password, "10.0.0.1")).toMatchObject({
      sysadmin: true,
    });
  });

  test("systeminfo tells the login page", async () => {
    const response = await browser.get(`${server.url}/api/v2.0/systeminfo`);
    expect(await response.json()).toMatchObject({
      auth_mode: "oidc_auth",
      oidc_provider_name: "The provider",
      self_registration: false,
    });
  });

  test("docker's password is the CLI secret, until there is another one", async () => {
    await browser.follow(login(), atHome);
    const { user_id: id } = (await whoAmI()) as { user_id: number };
    await server.access.directories.setCliSecret(id, "");
    const secretOf = async () =>
      ((await whoAmI()) as { oidc_user_meta: { secret: string } }).oidc_user_meta.secret;
    const secret = await secretOf();
    const enter = (password: string) => server.access.login("ann", password, "10.0.0.1");
    expect(await enter(secret)).toMatchObject({ name: "ann", accountId: id });
    await expect(enter("wrong")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await expect(enter("")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    if (hasSkopeo) {
      const flags = ["--tls-verify=false", "-u", "ann", "-p", secret];
      await skopeo(["login", ...flags, new URL(server.url).host]);
    }
    await server.access.directories.setCliSecret(id, "");
    await expect(enter(secret)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(await enter(await secretOf())).toMatchObject({ name: "ann" });
  });
});
