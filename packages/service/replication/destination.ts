import { RegistryError } from "@entrepot/oci";

/**
 * Where repository `name` goes: under `namespace`, replacing its first `replaceCount` components
 * (Harbor's rule). An empty namespace keeps the name; -1 replaces all but the last component.
 *
 *     a/b/c/img, n:  -1 → n/img   0 → n/a/b/c/img   1 → n/b/c/img   2 → n/c/img   3 → n/img
 *
 * Throws BAD_REQUEST when the name has fewer namespace components than shall be replaced.
 */
export function destinationOf(name: string, namespace: string, replaceCount: number): string {
  if (namespace === "") return name;
  const parts = name.split("/");
  const last = parts.length - 1;
  const replaced = replaceCount < 0 ? last : replaceCount;
  if (replaced > last) {
    throw new RegistryError(
      "BAD_REQUEST",
      `repository '${name}' has ${last} namespace components, but the policy's ` +
        `dest_namespace_replace_count is ${replaceCount}; lower it`,
    );
  }
  return [namespace, ...parts.slice(replaced)].join("/");
}
