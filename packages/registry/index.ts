export type {
  BlobUploads,
  ByteRange,
  Page,
  PageQuery,
  Registry,
  Repository,
  Upload,
} from "./ports.ts";
