import type { CurrentSession, Session } from "@entrepot/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testServer, type TestServer } from "./testing.ts";
import { trustedProxies } from "./trusted-proxies.ts";

/** A request that `peer` sent with X-Forwarded-For, -Proto and -Host. */
interface Case {
  readonly trusts: string;
  readonly peer: string;
  readonly told?: Readonly<Record<string, string>>;
  readonly url?: string;
  readonly address: string;
  readonly origin: string | null;
}

const URL_OF_CASE = "http://registry.example/v2/";
const PLAIN = "http://registry.example";
const HTTPS = "https://registry.example";
const CASES: Readonly<Record<string, Case>> = {
  "nobody is trusted": {
    trusts: "",
    peer: "127.0.0.1",
    told: { for: "192.0.2.7", proto: "https", host: "evil.example" },
    address: "127.0.0.1",
    origin: null,
  },
  "a peer that is not trusted makes it up": {
    trusts: "10.0.0.5",
    peer: "10.0.0.6",
    told: { for: "192.0.2.7", proto: "https", host: "evil.example" },
    address: "10.0.0.6",
    origin: null,
  },
  "one proxy": {
    trusts: "10.0.0.5",
    peer: "10.0.0.5",
    told: { for: "192.0.2.7", proto: "https" },
    address: "192.0.2.7",
    origin: HTTPS,
  },
  "what the client itself claims stands left": {
    trusts: "10.0.0.5",
    peer: "10.0.0.5",
    told: {
      for: "127.0.0.1, 10.0.0.5, 192.0.2.7",
      proto: "http,https",
      host: "evil, real.example",
    },
    address: "192.0.2.7",
    origin: "https://real.example",
  },
  "a chain of proxies, of networks": {
    trusts: "10.0.0.0/8,fd00:1::/32",
    peer: "10.9.9.9",
    told: { for: "1.2.3.4, 192.0.2.7, fd00:1::5, 10.1.1.1", proto: "http,https,http,http" },
    address: "192.0.2.7",
    origin: HTTPS,
  },
  "a chain that says the protocol once": {
    trusts: "10.0.0.0/8",
    peer: "10.9.9.9",
    told: { for: "192.0.2.7,10.1.1.1", proto: "https" },
    address: "192.0.2.7",
    origin: HTTPS,
  },
  "a client within the networks that are trusted": {
    trusts: "10.0.0.0/8",
    peer: "10.9.9.9",
    told: { for: "10.3.3.3" },
    address: "10.3.3.3",
    origin: PLAIN,
  },
  "no header": { trusts: "::1", peer: "::1", address: "::1", origin: PLAIN },
  "IPv6, with port, brackets and another way of writing": {
    trusts: "2001:db8::/64",
    peer: "2001:db8::5",
    told: {
      for: "[2001:DB8:1::7]:51234, 2001:db8:0:0::9",
      proto: "HTTPS",
      host: "[2001:db8::1]:8443",
    },
    address: "2001:db8:1::7",
    origin: "https://[2001:db8::1]:8443",
  },
  "IPv4 seen by a socket of IPv6": {
    trusts: "10.0.0.5",
    peer: "::ffff:10.0.0.5",
    told: { for: "::ffff:192.0.2.7" },
    address: "192.0.2.7",
    origin: PLAIN,
  },
  "a zone": { trusts: "fe80::/10", peer: "fe80::1%eth0", address: "fe80::1", origin: PLAIN },
  "a port of IPv4": {
    trusts: "10.0.0.5",
    peer: "10.0.0.5",
    told: { for: "192.0.2.7:443", host: "registry.example:8443" },
    address: "192.0.2.7",
    origin: "http://registry.example:8443",
  },
  "garbage instead of an address: as far as can be seen": {
    trusts: "10.0.0.0/8",
    peer: "10.0.0.5",
    told: { for: "192.0.2.7, unknown, 10.0.0.6" },
    address: "10.0.0.6",
    origin: PLAIN,
  },
  "garbage everywhere": {
    trusts: "10.0.0.5",
    peer: "10.0.0.5",
    told: { for: ",,<script>,", proto: "javascript", host: 'a"b/c?d@evil.example' },
    address: "10.0.0.5",
    origin: PLAIN,
  },
  "a host with a user and one that is too long": {
    trusts: "10.0.0.5",
    peer: "10.0.0.5",
    told: { host: `${"a".repeat(261)}`, proto: "https" },
    address: "10.0.0.5",
    origin: HTTPS,
  },
  "a port that is none": {
    trusts: "10.0.0.5",
    peer: "10.0.0.5",
    told: { host: "registry.example:99999" },
    address: "10.0.0.5",
    origin: null,
  },
  "a request whose own port is another": {
    trusts: "10.0.0.5",
    peer: "10.0.0.5",
    told: { proto: "https" },
    url: "http://registry.example:5050/v2/",
    address: "10.0.0.5",
    origin: "https://registry.example:5050",
  },
  "no peer at all": {
    trusts: "0.0.0.0/0",
    peer: "",
    told: { for: "1.2.3.4" },
    address: "",
    origin: null,
  },
};

test.each(Object.entries(CASES))("%s", (_name, { trusts, peer, told = {}, url, ...wanted }) => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(told)) headers.set(`x-forwarded-${name}`, value);
  expect(trustedProxies(trusts)(peer, { headers, url: url ?? URL_OF_CASE })).toEqual(wanted);
});

test.each(["any", "proxy.example", "10.0.0.0/33", "10.0.0.0/", " ", ",", "fe80::1%eth0"])(
  "%j is no list of proxies",
  (networks) => expect(() => trustedProxies(networks)).toThrow(/is no network/),
);

describe("a server behind a proxy", () => {
  const FORWARDED = {
    "x-forwarded-for": "203.0.113.9, 192.0.2.7",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "registry.example",
  };
  let behind: TestServer;
  let open: TestServer;
  beforeAll(async () => {
    const trusting = { workers: 0, trustedProxies: "127.0.0.0/8" };
    [behind, open] = await Promise.all([testServer(trusting), testServer({ workers: 0 })]);
  });
  afterAll(() => Promise.all([behind.close(), open.close()]));

  const signIn = ({ url, credential }: TestServer, headers: Record<string, string>) =>
    fetch(`${url}/api/v2.0/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(credential),
    });

  test("is addressed as the proxy says, and its cookies are secure", async () => {
    const challenge = await fetch(`${behind.url}/v2/`, { headers: FORWARDED });
    expect(challenge.headers.get("www-authenticate")).toContain(
      'realm="https://registry.example/service/token"',
    );
    const info = await fetch(`${behind.url}/api/v2.0/systeminfo`, { headers: FORWARDED });
    expect(await info.json()).toMatchObject({
      registry_url: "registry.example",
      external_url: "https://registry.example",
    });
    const answer = await signIn(behind, { ...FORWARDED, origin: "https://registry.example" });
    expect(answer.headers.get("set-cookie")).toMatch(/^__Host-entrepot_session=.*; Secure$/);
    expect(answer.headers.get("strict-transport-security")).toBe("max-age=31536000");
    // From a page of another site, whatever the proxy is called.
    const foreign = await signIn(behind, { ...FORWARDED, origin: "https://evil.example" });
    expect(foreign.status).toBe(403);
  });

  test("knows sessions and audit records by the client's address", async () => {
    const answer = await signIn(behind, FORWARDED);
    const { session_id } = (await answer.json()) as CurrentSession;
    const cookie = answer.headers.get("set-cookie")!.split(";")[0]!;
    const listed = await fetch(`${behind.url}/api/v2.0/sessions`, {
      headers: { ...FORWARDED, cookie },
    });
    const own = ((await listed.json()) as Session[]).find(({ id }) => id === session_id);
    expect(own?.address).toBe("192.0.2.7");
    await behind.audit.idle();
    const { address } = await behind.catalog.db
      .selectFrom("audit_log")
      .select("address")
      .where("kind", "=", "login")
      .orderBy("n", "desc")
      .executeTakeFirstOrThrow();
    expect(address).toBe("192.0.2.7");
  });

  test("slows down who guesses, and nobody else behind the same proxy", async () => {
    const from = async (address: string) => {
      const authorization = `Basic ${Buffer.from("mia:wrong").toString("base64")}`;
      const headers = { ...FORWARDED, "x-forwarded-for": address, authorization };
      return (await fetch(`${behind.url}/v2/`, { headers })).status;
    };
    const guesses = [];
    for (let n = 0; n < 6; n++) guesses.push(await from(`198.51.100.${n}, 192.0.2.66`));
    expect(guesses).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await from("192.0.2.67")).toBe(401);
  });

  test("without being told whom to trust believes nobody", async () => {
    const challenge = await fetch(`${open.url}/v2/`, { headers: FORWARDED });
    expect(challenge.headers.get("www-authenticate")).toContain(`realm="${open.url}/service`);
    const answer = await signIn(open, FORWARDED);
    expect(answer.headers.get("set-cookie")).toMatch(/^entrepot_session=(?!.*Secure)/);
    const cookie = answer.headers.get("set-cookie")!.split(";")[0]!;
    const listed = await fetch(`${open.url}/api/v2.0/sessions`, { headers: { cookie } });
    expect(await listed.json()).toMatchObject([{ address: "127.0.0.1" }]);
  });
});
