import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Browser, openBrowser } from "./browser.ts";
import { type OidcPlayer, runOidcPlayer } from "./oidc-player.ts";

const ACTOR = { name: "test", cause: "test" };
const ANN = { sub: "1001", preferred_username: "ann", name: "Ann", groups: ["devs"] };
const HOUR_MS = 3_600_000;

describe("an account whose person the provider removes", () => {
  let server: TestServer;
  let player: OidcPlayer;
  let browser: Browser;
  let secret: string;
  let token: string;

  beforeAll(async () => {
    server = await testServer({ workers: 0 });
    player = await runOidcPlayer(`${server.url}/c/oidc/callback`);
    // This provider gives refresh tokens to whom it has asked for consent.
    const consent = { oidc_extra_redirect_parms: '{"prompt":"consent"}' };
    await server.settings.change(ACTOR, {
      ...player.settings,
      ...consent,
      auth_mode: "oidc_auth",
      oidc_admin_group: "admins",
    });
  });
  afterAll(async () => {
    await player?.close();
    await server?.close();
  });
  beforeEach(async () => {
    player.removed.clear();
    player.isDown = false;
    player.person = ANN;
    browser = await signedIn();
    const { directories } = server.access;
    await directories.setCliSecret(await id(), "");
    secret = (await directories.cliSecret(await id()))!;
    const wanted = { name: `token ${Math.random()}`, readOnly: false, days: null };
    ({ secret: token } = await server.access.createAccessToken(ACTOR, await id(), wanted));
    player.refreshes = 0;
  });

  async function signedIn(): Promise<Browser> {
    const opened = openBrowser();
    const back = (url: URL) => url.origin === server.url && !url.pathname.startsWith("/c/");
    const { url } = await opened.follow(`${server.url}/c/oidc/login`, back);
    expect(url.pathname).toBe("/");
    return opened;
  }
  const id = async () => (await server.access.findAccount("ann"))!.id;

  const current = "/api/v2.0/users/current";
  const bySession = async () => (await browser.get(server.url + current)).status;
  const byPassword = async (password: string) => {
    const authorization = `Basic ${Buffer.from(`ann:${password}`).toString("base64")}`;
    return (await fetch(server.url + current, { headers: { authorization } })).status;
  };
  const byAll = async () => [await bySession(), await byPassword(secret), await byPassword(token)];

  /** What is known is old, by so much; the provider may be asked again. */
  const later = async (unknownMs = 0) => {
    const own = server.catalog.db.updateTable("oidc_standing").where("account_id", "=", await id());
    await own.set({ ask_at: new Date(0) }).execute();
    const since = own.set({ unknown_since: new Date(Date.now() - unknownMs) });
    if (unknownMs > 0) await since.execute();
  };

  test("is let in without asking while what is known is new, then asked about once", async () => {
    expect(await byAll()).toEqual([200, 200, 200]);
    expect(player.refreshes).toBe(0);
    await later();
    const many = Array.from({ length: 12 }, (_one, n) => byPassword(n % 2 ? secret : token));
    expect(await Promise.all(many)).toEqual(many.map(() => 200));
    expect(player.refreshes).toBe(1);
    // Each token counts once: the next one was kept.
    await later();
    expect(await byAll()).toEqual([200, 200, 200]);
    expect(player.refreshes).toBe(2);
  });

  test("is out with session, CLI secret and token, until it signs in anew", async () => {
    const other = await signedIn();
    player.removed.add(ANN.sub);
    await later();
    expect(await byAll()).toEqual([401, 401, 401]);
    expect((await other.get(server.url + current)).status).toBe(401);
    const sessions = server.catalog.db.selectFrom("session").select("id");
    expect(await sessions.where("account_id", "=", await id()).execute()).toEqual([]);
    await later();
    expect(await byPassword(token)).toBe(401);

    player.removed.clear();
    expect(await byPassword(token)).toBe(401);
    browser = await signedIn();
    expect(await byAll()).toEqual([200, 200, 200]);
  });

  test.each([
    ["session", bySession],
    ["CLI secret", () => byPassword(secret)],
    ["token", () => byPassword(token)],
  ])("is noticed by the %s alone", async (_what, enter) => {
    player.removed.add(ANN.sub);
    expect(await enter()).toBe(200);
    await later();
    expect(await enter()).toBe(401);
  });

  test("that cannot be asked about stays in for a day, and is asked about again", async () => {
    player.isDown = true;
    await later();
    expect(await byAll()).toEqual([200, 200, 200]);
    await later(23 * HOUR_MS);
    expect(await byAll()).toEqual([200, 200, 200]);
    await later(25 * HOUR_MS);
    expect(await byAll()).toEqual([401, 401, 401]);
    const { username, password } = server.credential;
    expect(await server.access.login(username, password, "10.0.0.1")).toMatchObject({
      sysadmin: true,
    });

    player.isDown = false;
    await later();
    expect(await byAll()).toEqual([200, 200, 200]);
  });

  test("whose groups change there has others here, without a login", async () => {
    const admin = async () => (await browser.get(`${server.url}/api/v2.0/users`)).status;
    player.person = { ...ANN, groups: ["devs", "admins"] };
    browser = await signedIn();
    expect(await admin()).toBe(200);
    player.people.set(ANN.sub, ANN);
    await later();
    await bySession();
    expect(await admin()).toBe(403);
  });

  test("of another provider than is set up now: no provider is told another's token", async () => {
    const second = await runOidcPlayer(`${server.url}/c/oidc/callback`);
    try {
      await server.settings.change(ACTOR, { oidc_endpoint: second.issuer });
      await later();
      expect(await bySession()).toBe(200);
      expect([player.refreshes, second.refreshes]).toEqual([0, 0]);
      await later(25 * HOUR_MS);
      expect(await bySession()).toBe(401);
    } finally {
      await server.settings.change(ACTOR, { oidc_endpoint: player.issuer });
      await second.close();
    }
  });

  test("that is deleted here takes what is known along; nothing of it is readable", async () => {
    const row = await server.catalog.db
      .selectFrom("oidc_standing")
      .selectAll()
      .where("account_id", "=", await id())
      .executeTakeFirstOrThrow();
    expect(row.refresh_token_sealed!.length).toBeGreaterThan(40);
    await server.access.deleteAccount(ACTOR, "ann");
    const rows = await server.catalog.db.selectFrom("oidc_standing").selectAll().execute();
    expect(rows).toEqual([]);
  });
});
