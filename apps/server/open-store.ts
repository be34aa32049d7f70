import { movingStore, openStorage, type BlobStore, type OpenStore } from "@entrepot/storage";
import type { OnStop } from "./stopping.ts";
import type { StorageConfig } from "./storage-settings.ts";

/** The store that the server works with, and what is moved into it, if anything is. */
export interface Stores {
  readonly store: BlobStore;
  readonly moving: { readonly from: BlobStore; readonly to: BlobStore } | null;
}

/** Opens the storage that `config` names; with an old one, both as one. */
export async function openStores(config: StorageConfig, onStop: OnStop): Promise<Stores> {
  const { url, old, redirect } = config;
  const options = { keys: config.keys ?? undefined, redirect };
  const open = async (place: string): Promise<OpenStore> => {
    const store = await openStorage(place, options);
    onStop(() => store.close());
    return store;
  };
  const to = await open(url);
  if (old === null) return { store: to, moving: null };
  const from = await open(old);
  return { store: movingStore(from, to), moving: { from, to } };
}
