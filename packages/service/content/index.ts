export { openContent, type Content, type ContentOptions } from "./content.ts";
