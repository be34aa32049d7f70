import { digestOf, mediaTypes } from "@entrepot/oci";
import type { TestServer } from "@entrepot/server/testing";
import { expect } from "vitest";
import { shellSession } from "./shell-session.ts";

type Server = Pick<TestServer, "url" | "credential">;

/**
 * Somebody at a shell who knows both servers by `$HERE` and `$THERE`, signed in to `server` if
 * there is one. `more` are further variables, addresses, which are written down by their name.
 */
export async function shellOf(
  { here, there }: { readonly here: Server; readonly there: Server },
  server?: Server,
  more: Readonly<Record<string, string>> = {},
) {
  const hosts = Object.entries(more).map(([name, url]) => {
    const { host } = new URL(url);
    return host === "" ? [url, `file:/${name.toLowerCase()}`] : [host, `${name}.example`];
  });
  const session = await shellSession({
    env: {
      ...more,
      HERE: server?.url ?? here.url,
      THERE: there.url,
      PASSWORD: (server ?? here).credential.password,
      THERE_PASSWORD: there.credential.password,
    },
    stable: {
      [new URL(here.url).host]: "127.0.0.1:50501",
      [new URL(there.url).host]: "127.0.0.1:50502",
      ...Object.fromEntries(hosts),
    },
  });
  if (server) {
    const ran = await session.quietly(
      'echo "$PASSWORD" | entrepot login "$HERE" -u admin --password-stdin',
    );
    expect(ran).toMatchObject({ code: 0, err: "" });
  }
  return { ...session, [Symbol.asyncDispose]: session.close };
}

/** Pushes one small image under each of `tags`. */
export async function pushImage(
  { url, credential }: Server,
  name: string,
  tags: readonly string[],
): Promise<void> {
  const { username, password } = credential;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const send = async (method: string, path: string, body: string, type: string) => {
    const headers = { authorization, "content-type": type };
    const answer = await fetch(new URL(path, url), { method, headers, body });
    expect(answer.status, `${method} ${path}`).toBe(201);
  };
  const config = '{"architecture":"amd64","os":"linux"}';
  const layer = "a layer, as short as layers get";
  for (const blob of [config, layer]) {
    const path = `/v2/${name}/blobs/uploads/?digest=${digestOf(Buffer.from(blob))}`;
    await send("POST", path, blob, "application/octet-stream");
  }
  const described = (mediaType: string, content: string) => ({
    mediaType,
    digest: digestOf(Buffer.from(content)),
    size: content.length,
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: described(mediaTypes.ociConfig, config),
    layers: [described(mediaTypes.ociLayer, layer)],
  });
  for (const tag of tags) {
    await send("PUT", `/v2/${name}/manifests/${tag}`, manifest, mediaTypes.ociManifest);
  }
}
