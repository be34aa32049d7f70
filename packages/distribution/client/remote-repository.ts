import { isManifestType } from "@entrepot/oci";
import type { Repository } from "@entrepot/registry";
import { remoteBlobs } from "./remote-blobs.ts";
import { remoteLists } from "./remote-lists.ts";
import { remoteManifests } from "./remote-manifests.ts";
import { remotePush } from "./remote-push.ts";
import { remoteUploads } from "./remote-uploads.ts";
import type { Remote } from "./remote.ts";

/** The repository `name` of a remote registry. Sends nothing before it is asked something. */
export function remoteRepository(remote: Remote, name: string): Repository {
  const { resolve, tag, delete: remove, ...manifests } = remoteManifests(remote, name);
  const { stat, deleteBlob, fetchBlob } = remoteBlobs(remote, name);
  const { mount, pushBlob } = remotePush(remote, name);
  return {
    name,
    resolve,
    stat,
    mount,
    tag,
    deleteBlob,
    delete: remove,
    ...remoteLists(remote, name),
    ...remoteUploads(remote, name),
    fetch: (content, range) =>
      isManifestType(content.mediaType)
        ? manifests.fetchManifest(content)
        : fetchBlob(content, range),
    push: (content, bytes, tags) =>
      isManifestType(content.mediaType)
        ? manifests.pushManifest(content, bytes, tags)
        : pushBlob(content, bytes),
  };
}
