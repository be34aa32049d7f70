export { openFileStore } from "./filesystem.ts";
export type { FileStore, FileStoreOptions } from "./filesystem.ts";
export { memoryStore } from "./memory.ts";
export { openStorage } from "./open-storage.ts";
export type { BlobStore, Draft } from "./ports.ts";
