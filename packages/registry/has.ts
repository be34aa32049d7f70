import { isManifestType, type Descriptor } from "@entrepot/oci";
import type { Repository } from "./ports.ts";

/** Whether `repository` holds `content`, be it a manifest or a blob. One request. */
export async function has(
  repository: Pick<Repository, "resolve" | "stat">,
  content: Descriptor,
): Promise<boolean> {
  const found = isManifestType(content.mediaType)
    ? await repository.resolve(content.digest)
    : await repository.stat(content.digest);
  return found !== null;
}
