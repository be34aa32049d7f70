export { openFileStore } from "./filesystem.ts";
export type { FileStoreOptions } from "./filesystem.ts";
export { memoryStore } from "./memory.ts";
export { openStorage } from "./open-storage.ts";
export type { BlobStore, Draft, OpenStore } from "./ports.ts";
export { openFolderObjects } from "./folder-objects.ts";
export type { ObjectInfo, ObjectStore } from "./objects.ts";
export { openObjects } from "./open-objects.ts";
