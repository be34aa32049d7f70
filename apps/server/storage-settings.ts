import { resolve } from "node:path";
import type { Setting } from "./config.ts";

/** Where blobs lie. */
export interface StorageConfig {
  /** `file:…` or `s3:…`. */
  readonly url: string;
  /** Where blobs are moved from, as long as they are. */
  readonly old: string | null;
  /** Of S3; null: as the AWS SDK finds them. */
  readonly keys: { readonly accessKey: string; readonly secretKey: string } | null;
  /** Whether clients are sent to S3 for blobs. */
  readonly redirect: boolean;
  /** Whether names are written there as well. */
  readonly names: boolean;
}

const wrongPlace = (text: string): string | null =>
  /^[a-z0-9]+:./.test(text) && !/^s3:[^?]*@/.test(text) ? null : "give file:/folder or s3:bucket";
const wrongBoolean = (text: string): string | null =>
  text === "true" || text === "false" ? null : "give true or false";
const any = (): null => null;

/** The settings of storage, in the order in which help lists them. */
export const STORAGE_SETTINGS: readonly Setting[] = [
  {
    env: "ENTREPOT_STORAGE",
    flag: "--storage",
    value: "url",
    standard: "",
    help: "where blobs lie, file:/folder or s3:bucket/prefix?…; if absent, in the data folder",
    wrong: wrongPlace,
  },
  {
    env: "ENTREPOT_STORAGE_OLD",
    flag: "--storage-old",
    value: "url",
    standard: "",
    help: "where blobs lay before: what is not in the storage yet is read from there",
    wrong: wrongPlace,
  },
  {
    env: "ENTREPOT_STORAGE_NAMES",
    flag: "--storage-names",
    value: "true|false",
    standard: "true",
    help: "write names and settings into the storage too, so that it can rebuild the database",
    wrong: wrongBoolean,
  },
  {
    env: "ENTREPOT_S3_ACCESS_KEY",
    flag: "--s3-access-key",
    value: "key",
    standard: "",
    help: "the access key for s3:; if absent, found as the AWS SDK does",
    wrong: any,
  },
  {
    env: "ENTREPOT_S3_SECRET_KEY",
    flag: "--s3-secret-key",
    value: "key",
    standard: "",
    help: "the secret key that belongs to it",
    wrong: any,
  },
  {
    env: "ENTREPOT_S3_REDIRECT",
    flag: "--s3-redirect",
    value: "true|false",
    standard: "false",
    help: "send clients to S3 for blobs, by addresses signed for five minutes",
    wrong: wrongBoolean,
  },
];

/** The storage's part of the configuration. `get` gives a setting's value, or null. */
export function storageConfig(
  get: (name: string) => string | null,
  dataDir: string,
): StorageConfig {
  const [accessKey, secretKey] = [get("ENTREPOT_S3_ACCESS_KEY"), get("ENTREPOT_S3_SECRET_KEY")];
  if ((accessKey === null) !== (secretKey === null)) {
    throw new Error("ENTREPOT_S3_ACCESS_KEY and ENTREPOT_S3_SECRET_KEY go together");
  }
  const url = get("ENTREPOT_STORAGE") ?? `file:${resolve(dataDir, "storage")}`;
  const old = get("ENTREPOT_STORAGE_OLD");
  if (old === url) throw new Error("ENTREPOT_STORAGE_OLD is the same place as ENTREPOT_STORAGE");
  const keys = accessKey && secretKey ? { accessKey, secretKey } : null;
  const [redirect, names] = [get("ENTREPOT_S3_REDIRECT"), get("ENTREPOT_STORAGE_NAMES")].map(
    (text) => text === "true",
  ) as [boolean, boolean];
  return { url, old, keys, redirect, names };
}
