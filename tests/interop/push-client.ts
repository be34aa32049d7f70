import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { isManifestType } from "@entrepot/oci";
import type { Sample } from "@entrepot/registry/samples";
import { basic, type EndpointPlace } from "./entrepot-api.ts";

/** The registry answered, and not as a push expects: unlike a broken connection, never retried. */
export class Refused extends Error {}

/** Pushes `sample` to repository `name`, children first, itself under `reference`. One try. */
export async function pushOnce(
  registry: EndpointPlace,
  name: string,
  sample: Sample,
  reference: string = sample.content.digest,
): Promise<void> {
  await pushChildren(registry, name, sample);
  await send(registry, "PUT", `/v2/${name}/manifests/${reference}`, 201, sample);
}

/** Pushes all that must be there before `sample` itself. One try. */
export async function pushChildren(
  registry: EndpointPlace,
  name: string,
  sample: Sample,
): Promise<void> {
  for (const child of sample.children) {
    if (isManifestType(child.content.mediaType)) {
      await pushOnce(registry, name, child);
    } else {
      const started = await send(registry, "POST", `/v2/${name}/blobs/uploads/`, 202);
      const location = new URL(started.headers.get("location")!, registry.url);
      location.searchParams.set("digest", child.content.digest);
      await send(registry, "PUT", location.pathname + location.search, 201, child);
    }
  }
}

/** Deletes a tag. One try; that it is gone already is as good. */
export async function deleteTag(registry: EndpointPlace, name: string, tag: string): Promise<void> {
  await send(registry, "DELETE", `/v2/${name}/manifests/${tag}`, [202, 404]);
}

/**
 * Does `work` as a client would whose server may be killed at any moment: again from the start
 * whenever the connection breaks, until it has been acknowledged: however long the server is away,
 * until `givenUp` is aborted. Throws Refused at once.
 */
export async function untilAcknowledged(
  work: () => Promise<void>,
  givenUp: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refused || givenUp.aborted) throw error;
      await pause(20);
    }
  }
}

/** Puts a manifest and calls `onStatus` as soon as the status line is here, within that event. */
export function putManifest(
  registry: Required<EndpointPlace>,
  name: string,
  sample: Sample,
  tag: string,
  onStatus: () => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const put = request(`${registry.url}/v2/${name}/manifests/${tag}`, {
      method: "PUT",
      agent: false,
      headers: {
        authorization: basic(registry.credential),
        "content-type": sample.content.mediaType,
        "content-length": sample.bytes.length,
      },
    });
    put.on("response", (response) => {
      onStatus();
      response.on("error", () => {});
      response.resume();
      resolve(response.statusCode!);
    });
    put.on("error", reject);
    put.end(sample.bytes);
  });
}

/** Sends one request and reads its answer. Throws Refused for a status that was not expected. */
export async function send(
  { url, credential }: EndpointPlace,
  method: string,
  path: string,
  expected: number | readonly number[],
  sample?: Pick<Sample, "content" | "bytes">,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(credential && { authorization: basic(credential) }),
      ...(sample && { "content-type": sample.content.mediaType }),
      ...headers,
    },
    ...(sample && { body: sample.bytes as Uint8Array<ArrayBuffer> }),
  });
  if ([expected].flat().includes(response.status)) {
    if (method !== "GET") await response.arrayBuffer();
    return response;
  }
  const text = await response.text();
  throw new Refused(`${method} ${path} was answered ${response.status}: ${text}`);
}
