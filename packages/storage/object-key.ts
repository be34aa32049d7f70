import { RegistryError } from "@entrepot/oci";

const PART = /^(?!\.)[ -~]{1,200}$/;

/**
 * `key`, if it is one: at most 900 characters of printable ASCII in parts joined by `/`, none of
 * them empty, longer than 200 or beginning with a dot. Throws BAD_REQUEST: what comes from outside
 * must not become a path.
 */
export function checkObjectKey(key: string): string {
  const parts = key.split("/");
  if (key.length <= 900 && parts.every((part) => PART.test(part))) return key;
  const shown = JSON.stringify(key.slice(0, 100));
  throw new RegistryError("BAD_REQUEST", `${shown} is no key of an object`);
}
