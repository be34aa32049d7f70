export type { Pulls } from "./pulls.ts";
export { listArtifacts, type NamedArtifact } from "./artifacts.ts";
export { type Content, type ContentOptions, openContent } from "./content.ts";
export { forgetTombstones } from "./forget-tombstones.ts";
export type { Label, Labels, LabelSettings } from "./labels.ts";
export type { ProjectMetadata, ProjectPart, Projects } from "./projects.ts";
export type { Image, Left, NameToRestore, RestoreNames, Sizes } from "./restore-names.ts";
