export { bytesOf, collect, verified } from "./bytes.ts";
export { has } from "./has.ts";
export { memoryRegistry } from "./memory.ts";
export { listOf, PAGE_SIZE, pageOf, pages } from "./page.ts";
export type {
  BlobUploads,
  ByteRange,
  Page,
  PageQuery,
  Registry,
  Repository,
  Upload,
} from "./ports.ts";
