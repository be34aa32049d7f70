import { type Descriptor, isIndexType, RegistryError } from "@entrepot/oci";
import { bytesOf } from "./bytes.ts";
import { copyBlob } from "./copy-blob.ts";
import { copyReferrers } from "./copy-referrers.ts";
import {
  beginCopy,
  countBytes,
  expectBytes,
  step,
  type Copy,
  type CopyOptions,
  type CopyResult,
  type CopySource,
  type CopyTarget,
} from "./copy.ts";
import { eachOf } from "./each-of.ts";
import { readGraph, type GraphManifest } from "./read-graph.ts";

/**
 * Makes `target` hold the manifest `root` and everything below it, as `source` has it. Content
 * first, children before parents: whatever cuts a copy off, nothing that can be seen at the target
 * lacks a part, and doing it again completes it.
 *
 * A manifest that the target has is not walked: a registry takes a manifest only with its children
 * there and keeps them as long as it, so one question answers for all of them. Where that trust is
 * misplaced (a damaged store), `deep` walks anyway.
 *
 * An image with k new blobs costs the target k × (stat + push) + 1 resolve + 1 push. Throws what
 * source and target throw, with their codes, and CANCELLED; UNSUPPORTED for what `readGraph`
 * refuses. After a failed blob those under way still arrive.
 */
export async function copyGraph(
  source: CopySource,
  target: CopyTarget,
  root: Descriptor,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const copy = beginCopy(source, target, options);
  await copyManifest(copy, root);
  if (options.referrers) await copyReferrers(copy, root, copyManifest);
  return copy.done;
}

/**
 * Makes `tag` of `target` name `root`, with everything below it: the tag moves last, in the same
 * push as the manifest where that is not there yet. If the tag names it already, that one resolve
 * is all that the target is asked (but with `referrers` these are still looked for); else it costs
 * what `copyGraph` does and one resolve more. Repeating is safe. Throws as `copyGraph` does.
 */
export async function copyTag(
  source: CopySource,
  target: CopyTarget,
  tag: string,
  root: Descriptor,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const copy = beginCopy(source, target, options);
  await copyManifest(copy, root, tag, options.isNew);
  if (options.referrers) await copyReferrers(copy, root, copyManifest);
  return copy.done;
}

async function copyManifest(
  copy: Copy,
  root: Descriptor,
  tag?: string,
  isNew = false,
): Promise<void> {
  const { target, options, concurrency } = copy;
  options.onStage?.("compare");
  // A sparse index that is there may lack what is wanted now.
  const mayLack = ({ mediaType }: Descriptor) =>
    options.platforms !== undefined && isIndexType(mediaType);
  if (tag !== undefined && !options.deep && !mayLack(root)) {
    const now = await step(copy, `looking for tag ${tag}`, () => target.resolve(tag));
    if (now?.digest === root.digest) return;
  }
  const isThere = async (content: Descriptor) =>
    !options.deep &&
    !mayLack(content) &&
    !(content === root && isNew) &&
    (await step(copy, `looking for ${content.digest}`, () => target.resolve(content.digest))) !==
      null;
  options.onStage?.("check manifest");
  const graph = await readGraph(copy, root, isThere);
  const contents = graph.manifests.flat().map((manifest) => manifest.content);
  expectBytes(
    copy,
    [...graph.blobs, ...contents].reduce((sum, { size }) => sum + size, 0),
  );
  options.onBlobs?.(graph.blobs.length);
  options.onStage?.("copy blobs");
  await eachOf(graph.blobs, concurrency, (blob) => copyBlob(copy, blob));
  options.onStage?.("push manifest");
  for (const group of graph.manifests) {
    await eachOf(group, concurrency, (manifest) =>
      pushManifest(copy, manifest, manifest.content === root ? tag : undefined),
    );
  }
  if (tag !== undefined && graph.skipped.includes(root)) {
    await step(copy, `tagging ${tag}`, () => target.tag(tag, root.digest));
  }
}

async function pushManifest(copy: Copy, manifest: GraphManifest, tag?: string): Promise<void> {
  const { content, bytes } = manifest;
  const tags = tag === undefined ? [] : [tag];
  await step(copy, `sending manifest ${content.digest}`, () =>
    copy.target.push(content, bytesOf(bytes), tags).catch((error: unknown) => {
      throw copy.options.platforms ? sparseRefused(error, content) : error;
    }),
  );
  copy.done.manifestsSent++;
  countBytes(copy, bytes.length);
}

/** A registry that wants all children says so by one of these codes. */
function sparseRefused(error: unknown, { digest, mediaType }: Descriptor): unknown {
  if (!(error instanceof RegistryError) || !isIndexType(mediaType)) return error;
  if (error.code !== "MANIFEST_BLOB_UNKNOWN" && error.code !== "MANIFEST_INVALID") return error;
  return new RegistryError(
    "UNSUPPORTED",
    `the registry does not take index ${digest} without all of its children; ` +
      "have it rewritten for the platforms that are copied",
    { cause: error, detail: error.detail },
  );
}
