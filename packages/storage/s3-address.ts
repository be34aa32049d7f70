import { RegistryError } from "@entrepot/oci";

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^[A-Za-z0-9!_.*'()-]+(?:\/[A-Za-z0-9!_.*'()-]+)*$/;
const MOST_PART_MIB = 1024;

/** Where in S3, as `s3:bucket/prefix?region=…&endpoint=…&path_style=true&part_mib=8` says. */
export interface S3Address {
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  /** Undefined: as the environment says. */
  readonly region: string | undefined;
  /** Undefined: Amazon's own. */
  readonly endpoint: string | undefined;
  /** True if the bucket is a part of the path, and not of the host's name. */
  readonly pathStyle: boolean;
  /** Bytes of one part of an upload; of 10,000 parts a blob may be made. */
  readonly partBytes: number;
}

/**
 * Reads an address in S3. Throws BAD_REQUEST, without showing it: people put keys into addresses,
 * which is refused as well.
 */
export function parseS3Address(text: string): S3Address {
  const [, place = "", query = ""] = /^s3:(?:\/\/)?([^?]*)(?:\?(.*))?$/is.exec(text) ?? [];
  const [bucket = "", ...parts] = place.replace(/\/+$/, "").split("/");
  if (place.includes("@")) throw refused("holds credentials; give them as ENTREPOT_S3_ACCESS_KEY");
  if (!BUCKET.test(bucket)) throw refused("names no bucket; give s3:bucket/prefix");
  const prefix = parts.join("/");
  const isPlain = PREFIX.test(prefix) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(prefix);
  if (prefix !== "" && !isPlain) throw refused("has a prefix with unusual characters");

  const given = new Map(new URLSearchParams(query));
  const take = (name: string): string | undefined => {
    const value = given.get(name) || undefined;
    given.delete(name);
    return value;
  };
  const endpoint = endpointOf(take("endpoint"));
  const address = {
    bucket,
    prefix: prefix === "" ? "" : `${prefix}/`,
    endpoint,
    // Servers other than Amazon's want a region for signatures alone, and take this one.
    region: take("region") ?? (endpoint === undefined ? undefined : "us-east-1"),
    pathStyle: booleanOf(take("path_style")),
    partBytes: partBytesOf(take("part_mib") ?? "8"),
  };
  const [unknown] = given.keys();
  if (unknown === undefined) return address;
  throw refused(
    "has a parameter that is not known; there are region, endpoint, path_style and part_mib",
  );
}

function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  const isWeb = url && /^https?:$/.test(url.protocol) && !url.username && !url.password;
  if (isWeb) return url.href.replace(/\/+$/, "");
  throw refused("has an endpoint that is no http(s)://host[:port]");
}

function booleanOf(text = "false"): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw refused("has a path_style that is neither true nor false");
}

function partBytesOf(text: string): number {
  const mib = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (mib >= 5 && mib <= MOST_PART_MIB) return mib * 1024 * 1024;
  throw refused(`has a part_mib that is no number from 5 to ${MOST_PART_MIB}`);
}

function refused(why: string): RegistryError {
  return new RegistryError("BAD_REQUEST", `the storage address s3:… ${why}`);
}

/** Where a copy of object `key` comes from, as its header wants it. */
export function copySource({ bucket, prefix }: S3Address, key: string): string {
  return `${bucket}/${(prefix + key).split("/").map(encodeURIComponent).join("/")}`;
}
