import { printChallenge, printScope, uploadsPath } from "@entrepot/distribution/wire";
import { digestOf, mediaTypes, RegistryError } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import { memoryRegistry } from "@entrepot/registry/memory";
import { afterEach, test } from "vitest";
import { memoryTarget } from "../conformance/memory-target.ts";
import type { Target } from "../conformance/peer.ts";
import { recorder } from "./recorder.ts";

const name = "library/hello";
const config = Buffer.from('{"architecture":"amd64","os":"linux"}');
const layer = Buffer.from("a layer, as short as layers get");
const image = JSON.stringify({
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: { mediaType: mediaTypes.ociConfig, digest: digestOf(config), size: config.length },
  layers: [{ mediaType: mediaTypes.ociLayer, digest: digestOf(layer), size: layer.length }],
});
const imageDigest = digestOf(Buffer.from(image));

let target: Target | undefined;
afterEach(() => target?.close());

test("an image is pushed, and pulled again", async () => {
  target = await memoryTarget();
  const { note, send, compare } = recorder(target.url);
  note("Is this a registry?");
  await send("GET", "/v2/");
  note("The layer: is it there? No, so it is uploaded.");
  await send("HEAD", `/v2/${name}/blobs/${digestOf(layer)}`);
  const started = await send("POST", uploadsPath(name));
  await send("PUT", closing(started, digestOf(layer)), { body: layer });
  note("The config, in one request.");
  await send("POST", `${uploadsPath(name)}?digest=${digestOf(config)}`, { body: config });
  note("The manifest, by tag; then by digest under two more tags.");
  const typed = { headers: { "Content-Type": mediaTypes.ociManifest }, body: image };
  await send("PUT", `/v2/${name}/manifests/latest`, typed);
  await send("PUT", `/v2/${name}/manifests/${imageDigest}?tag=1&tag=1.0`, typed);
  await send("GET", `/v2/${name}/tags/list?n=2`);
  note("Another repository takes the layer without moving a byte.");
  const mount = `?mount=${digestOf(layer)}&from=${encodeURIComponent(name)}`;
  await send("POST", `/v2/library/other/blobs/uploads/${mount}`);
  note("And back.");
  await send("GET", `/v2/${name}/manifests/latest`, {
    headers: { Accept: mediaTypes.ociManifest },
  });
  await send("GET", `/v2/${name}/blobs/${digestOf(layer)}`, { headers: { Range: "bytes=2-6" } });
  const known = { headers: { "If-None-Match": `"${imageDigest}"` } };
  await send("HEAD", `/v2/${name}/manifests/latest`, known);
  await compare("push-and-pull");
});

test("an upload is cut off, asked about, and resumed", async () => {
  target = await memoryTarget();
  const { note, send, compare } = recorder(target.url);
  const chunk = (first: number, last: number) => ({
    headers: { "Content-Range": `${first}-${last}` },
    body: layer.subarray(first, last + 1),
  });
  const started = await send("POST", uploadsPath(name));
  const first = await send("PATCH", location(started), chunk(0, 9));
  note("The answer was lost: the client sends the same chunk again, and is told where it stands.");
  const refused = await send("PATCH", location(first), chunk(0, 9));
  const status = await send("GET", location(refused));
  note("The rest goes with the closing request.");
  const rest = chunk(10, layer.length - 1);
  await send("PUT", closing(status, digestOf(layer)), rest);
  note("Another upload is given up.");
  const other = await send("POST", uploadsPath(name));
  await send("DELETE", location(other));
  await send("GET", location(other));
  await compare("resumed-upload");
});

test("what can go wrong", async () => {
  target = await memoryTarget({
    async open(request, scopes) {
      if (request.headers.has("authorization")) return memoryRegistry();
      const what = scopes.map(printScope).join(" ");
      throw new RegistryError("UNAUTHORIZED", `log in to be allowed ${what}`);
    },
    challenge: (_, scopes) =>
      printChallenge("Bearer", {
        realm: "https://registry.example/service/token",
        service: "registry.example",
        scope: scopes.map(printScope).join(" "),
      }),
  });
  const { note, send, compare } = recorder(target.url);
  const headers = { Authorization: "Bearer of-some-kind" };
  note("Without a token: what to get, and where.");
  await send("GET", `/v2/${name}/manifests/latest`);
  await send("POST", `${uploadsPath(name)}?mount=${digestOf(layer)}&from=library%2Fbase`);
  note("With one: nothing here.");
  await send("GET", `/v2/${name}/manifests/latest`, { headers });
  await send("GET", `/v2/${name}/blobs/${digestOf(layer)}`, { headers });
  await send("GET", `/v2/${name}/tags/list`, { headers });
  note("Malformed.");
  await send("GET", "/v2/Library/Hello/manifests/latest", { headers });
  await send("GET", `/v2/${name}/blobs/sha256:abc`, { headers });
  await send("GET", `/v2/${name}/tags/list?n=many`, { headers });
  await send("PUT", `/v2/${name}/manifests/latest`, { headers, body: "{" });
  note("Wrong.");
  const wrong = `${uploadsPath(name)}?digest=${digestOf(config)}`;
  await send("POST", wrong, { headers, body: layer });
  const typed = { ...headers, "Content-Type": mediaTypes.ociManifest };
  await send("PUT", `/v2/${name}/manifests/latest`, { headers: typed, body: image });
  await send("PATCH", `/v2/${name}/manifests/latest`, { headers });
  await compare("errors");
});

function location(headers: Headers): string {
  return headers.get("location") ?? "";
}

function closing(headers: Headers, digest: Digest): string {
  return `${location(headers)}?digest=${digest}`;
}
