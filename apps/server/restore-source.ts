import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { isRepositoryName } from "@entrepot/oci";
import { registryObjects } from "@entrepot/recovery";
import { openObjects, type ObjectStore } from "@entrepot/storage";
import { UsageError } from "./offline.ts";

/** How to log in at the registry that holds a backup. */
export interface SourceLogin {
  readonly username: string | undefined;
  /** The password comes by standard input; else by ENTREPOT_RESTORE_PASSWORD. */
  readonly passwordStdin: boolean;
  /** A file of certificates (PEM) that are trusted beside the system's. */
  readonly caFile: string | undefined;
}

/** What a source is opened with beside its address. */
export interface SourceOptions {
  readonly login: SourceLogin;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of S3. */
  readonly keys: { readonly accessKey: string; readonly secretKey: string } | undefined;
  readonly stdin?: AsyncIterable<Uint8Array | string>;
}

/** How the address of a backup to be restored may be given. */
const SOURCE_KINDS = "file:/folder, s3:bucket/prefix or registry:https://host/project/repository";

/** Throws UsageError unless `address` is of a kind that is known. */
export function checkSource(address: string): void {
  if (/^(?:file|s3):./.test(address)) return;
  if (!address.startsWith("registry:")) throw new UsageError(`give --from as ${SOURCE_KINDS}`);
  parsed(address);
}

/**
 * The backup at `address`, where no server runs. Throws UsageError for half a login, and what
 * opening the place throws.
 */
export async function openSource(
  address: string,
  { login, env, keys, stdin = process.stdin }: SourceOptions,
): Promise<ObjectStore> {
  if (!address.startsWith("registry:")) return await openObjects(address, { keys });
  const { url, repository } = parsed(address);
  const username = login.username ?? env["ENTREPOT_RESTORE_USERNAME"];
  const password = login.passwordStdin
    ? (await text(stdin as AsyncIterable<Uint8Array>)).trim()
    : env["ENTREPOT_RESTORE_PASSWORD"];
  if (!username !== !password) {
    throw new UsageError(
      "give both: --username, and its password in ENTREPOT_RESTORE_PASSWORD or by --password-stdin",
    );
  }
  const ca = login.caFile && (await readFile(login.caFile, "utf8"));
  const fetch = endpointFetch(ca ? { ca } : {});
  const credential = username && password ? { username, password } : undefined;
  const there = remoteRegistry({ url, credential, fetch }).repository(repository);
  return registryObjects({ repository: async () => there, close: () => fetch.close() });
}

function parsed(address: string): { readonly url: string; readonly repository: string } {
  const given = address.slice("registry:".length);
  const url = URL.parse(given);
  const repository = url?.pathname.slice(1) ?? "";
  const isPlain = url && !url.username && !url.password && !url.search && !url.hash;
  if (isPlain && /^https?:$/.test(url.protocol) && isRepositoryName(repository)) {
    return { url: url.origin, repository };
  }
  // An address may hold credentials, so a refusal does not show it.
  throw new UsageError(
    "give --from as registry:https://host/project/repository, without a user name or a password",
  );
}
