import { generateKeyPair, decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import { beforeAll, expect, test } from "vitest";
import { ANONYMOUS, type Grant, type Identity } from "./identity.ts";
import type { TokenKey } from "./token-key.ts";
import { openTokens } from "./tokens.ts";

const START = Date.UTC(2026, 0, 1);
const ann: Identity = { kind: "account", name: "ann", accountId: 7, sysadmin: true, grants: null };
const grants: Grant[] = [{ type: "repository", name: "a/b", actions: ["pull"], refused: ["push"] }];

let key: TokenKey;
let now: number;
beforeAll(async () => {
  key = { kid: "k1", ...(await generateKeyPair("ES256")) };
});

function open(
  options: { issuer?: string; key?: TokenKey; lifetimeS?: number | (() => number) } = {},
) {
  now = START;
  return openTokens({ key, issuer: "entrepot:1", clock: () => now, ...options });
}

test("a token says who, where, how long and what", async () => {
  const { token, expiresIn, issuedAt } = await open().issue(ann, grants);
  const seconds = START / 1_000;
  expect({ expiresIn, issuedAt }).toEqual({ expiresIn: 1_800, issuedAt: new Date(START) });
  expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", typ: "JWT", kid: "k1" });
  expect(decodeJwt(token)).toEqual({
    iss: "entrepot:1",
    sub: "ann",
    aud: "harbor-registry",
    iat: seconds,
    nbf: seconds - 60,
    exp: seconds + 1_800,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    account: 7,
    access: grants,
  });
});

test("its holder is who it was issued to, without system-wide rights", async () => {
  const tokens = open();
  const { token } = await tokens.issue(ann, grants);
  expect(await tokens.verify(token)).toEqual({ ...ann, sysadmin: false, grants });
  const anonymous = await tokens.issue(ANONYMOUS, []);
  expect(await tokens.verify(anonymous.token)).toEqual({ ...ANONYMOUS, grants: [] });
});

test("it expires, on nodes that have verified it too", async () => {
  const tokens = open({ lifetimeS: 60 });
  const { token } = await tokens.issue(ann, grants);
  const held = await tokens.verify(token);
  now += 59_999;
  expect(await tokens.verify(token)).toBe(held);
  now += 1;
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  await expect(tokens.verify(token)).rejects.toThrow(/it has expired; fetch a new one/);
});

test("a node whose clock is a minute behind accepts it", async () => {
  const tokens = open();
  const { token } = await tokens.issue(ann, grants);
  now -= 60_000;
  expect((await tokens.verify(token)).name).toBe("ann");
});

test("what was verified is not verified again", async () => {
  const tokens = open();
  const { token } = await tokens.issue(ann, grants);
  const first = await tokens.verify(token);
  for (let i = 0; i < 100; i++) expect(await tokens.verify(token)).toBe(first);
});

test("others' tokens are refused", async () => {
  const mine = open();
  const foreign: TokenKey = { kid: "k1", ...(await generateKeyPair("ES256")) };
  const { token } = await mine.issue(ann, grants);
  const claims = { account: 7, access: grants, iss: "entrepot:1", sub: "ann" };
  const sign = (header: string, aud: string, by: TokenKey["privateKey"] | Uint8Array) =>
    new SignJWT({ ...claims, aud, nbf: START / 1_000, exp: START / 1_000 + 60 })
      .setProtectedHeader({ alg: header })
      .sign(by);
  const [head, body, signature] = token.split(".");
  const changed = signature?.replace(/^./, (first) => (first === "A" ? "B" : "A"));
  const none = Buffer.from('{"alg":"none"}').toString("base64url");

  const refused: Record<string, string> = {
    "another registry": (await open({ issuer: "entrepot:2" }).issue(ann, grants)).token,
    "another key": (await open({ key: foreign }).issue(ann, grants)).token,
    "another audience": await sign("ES256", "other", key.privateKey),
    "another algorithm": await sign("HS256", "harbor-registry", new Uint8Array(32)),
    "no signature": `${none}.${body}.`,
    "changed signature": `${head}.${body}.${changed}`,
    garbage: "x",
    empty: "",
    huge: "x".repeat(100_000),
  };
  for (const [why, forged] of Object.entries(refused)) {
    await expect(mine.verify(forged), why).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  }
});

test("clients expect at least a minute", () => {
  expect(() => open({ lifetimeS: 59 })).toThrow(TypeError);
  expect(() => open({ lifetimeS: Number.NaN })).toThrow(TypeError);
});

test("how long tokens live is asked for each of them", async () => {
  let seconds = 60;
  const tokens = open({ lifetimeS: () => seconds });
  expect((await tokens.issue(ANONYMOUS, [])).expiresIn).toBe(60);
  seconds = 600;
  expect((await tokens.issue(ANONYMOUS, [])).expiresIn).toBe(600);
});
