import type { RegistryEndpoint } from "@entrepot/api";
import { expect, test } from "vitest";
import * as draft from "./endpoint-draft.ts";

const stored: RegistryEndpoint = {
  id: 7,
  name: "backup",
  description: "",
  type: "harbor",
  url: "https://backup.example",
  credential: { type: "basic", access_key: "robot", access_secret: "*****" },
  insecure: false,
  ca_certificate: "",
  proxy: "http://proxy.example:3128",
  proxy_username: "gate",
  proxy_password: "*****",
  concurrency: 4,
  bytes_per_second: 0,
  status: "healthy",
};
const same = draft.draftOf(stored);

test("a secret that is not typed anew stays, and is never the stars that stand for it", () => {
  expect(draft.changeOf(same)).not.toHaveProperty("access_secret");
  expect(draft.changeOf({ ...same, accessSecret: "new" })).toMatchObject({ access_secret: "new" });
  expect(JSON.stringify(draft.pingOf(same, 7))).not.toContain("*****");
});

test("without a user name the stored secret is taken away", () => {
  expect(draft.changeOf({ ...same, accessKey: " " })).toMatchObject({
    access_key: "",
    access_secret: "",
  });
});

test.each([
  ["at its own address", same, false],
  ["at its own address with a slash", { ...same, url: "https://backup.example/" }, false],
  ["at another address", { ...same, url: "https://other.example" }, true],
  ["with a new one", { ...same, url: "https://other.example", accessSecret: "x" }, false],
  ["for nobody", { ...same, url: "https://other.example", accessKey: "" }, false],
  ["through another proxy", { ...same, proxy: "http://other.example:3128" }, true],
  ["without a proxy", { ...same, proxy: "" }, false],
])("the secret is needed again %s: see the table", (_, changed, needed) => {
  expect(draft.needsSecret(changed, stored)).toBe(needed);
});

test.each([
  ["at its own proxy", same, false],
  ["at another proxy", { ...same, proxy: "http://other.example:3128" }, true],
  ["with a new one", { ...same, proxy: "http://other.example:3128", proxyPassword: "x" }, false],
  ["for nobody", { ...same, proxy: "http://other.example:3128", proxyUsername: "" }, false],
])("the proxy's password is needed again %s: see the table", (_, changed, needed) => {
  expect(draft.needsProxyPassword(changed, stored)).toBe(needed);
});

test("the proxy's password stays unless it is typed anew, and goes with its user or proxy", () => {
  expect(draft.changeOf(same)).not.toHaveProperty("proxy_password");
  expect(draft.changeOf({ ...same, proxyPassword: "new" }).proxy_password).toBe("new");
  const none = { proxy_username: "", proxy_password: "" };
  expect(draft.changeOf({ ...same, proxyUsername: " " })).toMatchObject(none);
  expect(draft.changeOf({ ...same, proxy: " " })).toMatchObject({ ...none, proxy: "" });
});

test.each([
  ["a registry endpoint named 'backup' exists", "name"],
  ['url "ftp://x" is not an http:// or https:// address', "url"],
  ["a proxy's address is http://host:port, without a path", "proxy"],
  ["a proxy's address holds no user name; give proxy_username and proxy_password", "proxy"],
  ["a proxy_username needs a proxy", "proxyUsername"],
  ["give proxy_password again when the proxy changes: a stored …", "proxyPassword"],
  ["give access_secret again when the proxy changes: a stored …", "accessSecret"],
  ["an endpoint's concurrency must be a whole number from 0 (no limit) to 1000", "concurrency"],
  ["give access_secret again when the URL changes: a stored …", "accessSecret"],
  ["https://backup.example does not answer: getaddrinfo ENOTFOUND", null],
])("%s is shown at %s", (message, field) => {
  expect(draft.endpointFieldOf(message)).toBe(field);
});
