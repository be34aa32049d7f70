export type * from "./database.ts";
export type * from "./ports.ts";
export { openCatalog, type CatalogOptions } from "./open-catalog.ts";
export { migrate } from "./migrate.ts";
