export { layoutFolder } from "./layout-folder.ts";
export type { LayoutFiles } from "./layout-files.ts";
export { layoutRegistry } from "./layout-registry.ts";
export type { LayoutOptions, LayoutRegistry } from "./layout-registry.ts";
export { readLayoutTar } from "./read-layout-tar.ts";
export { writeLayoutTar } from "./write-layout-tar.ts";
export { type SyncedFolder, syncedFolder } from "./synced-folder.ts";
