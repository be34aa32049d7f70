/** A layer, and what made it where the config tells. `size` in bytes. */
export interface Layer {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly command: string | null;
  readonly created: string | null;
}

/** A step of the build that made no layer. */
export interface EmptyStep {
  readonly command: string;
  readonly created: string | null;
}

/** A child of an index. */
export interface Child {
  readonly digest: string;
  readonly size: number;
  /** `linux/arm64/v8`; null where the index does not say. */
  readonly platform: string | null;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What manifest and config of an artifact say, as far as it is there and sound. */
export interface ImageContent {
  readonly layers: readonly Layer[];
  /** Layers and empty steps, in the order of the build; layers only where the config tells none. */
  readonly steps: readonly (Layer | EmptyStep)[];
  readonly children: readonly Child[];
  readonly platform: string | null;
  readonly created: string | null;
  readonly author: string | null;
  /** How it is run: Env, Entrypoint, Cmd, Labels, …; empty if the config is none of an image. */
  readonly run: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject: string | null;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads manifest and config. Never throws: what is malformed is as if it were not there. */
export function imageContent(manifestText: string, configText: string | null): ImageContent {
  const manifest = parsed(manifestText);
  const config = configText === null ? {} : parsed(configText);
  const bare = list(manifest["layers"]).map(layerOf);
  const steps = stepsOf(bare, list(config["history"]));
  return {
    layers: steps.filter((step) => "digest" in step),
    steps,
    children: list(manifest["manifests"]).map(childOf),
    platform: platformText(config),
    created: text(config["created"]),
    author: text(config["author"]),
    run: object(config["config"]),
    annotations: texts(manifest["annotations"]),
    subject: text(object(manifest["subject"])["digest"]),
  };
}

function layerOf(item: Json): Layer {
  return {
    digest: text(item["digest"]) ?? "",
    size: Number(item["size"] ?? 0),
    mediaType: text(item["mediaType"]) ?? "",
    command: null,
    created: null,
  };
}

function childOf(item: Json): Child {
  return {
    digest: text(item["digest"]) ?? "",
    size: Number(item["size"] ?? 0),
    platform: platformText(object(item["platform"])),
    annotations: texts(item["annotations"]),
  };
}

/** History beside layers; where their numbers differ, no step can be told to have made a layer. */
function stepsOf(layers: readonly Layer[], history: readonly Json[]): (Layer | EmptyStep)[] {
  const filled = history.filter((step) => step["empty_layer"] !== true);
  if (filled.length !== layers.length) return [...layers];
  let next = 0;
  return history.map((step) => {
    const about = {
      command: commandText(text(step["created_by"]) ?? text(step["comment"]) ?? ""),
      created: text(step["created"]),
    };
    return step["empty_layer"] === true ? about : { ...layers[next++]!, ...about };
  });
}

/** A step as it stood in the Dockerfile, without what builders wrap it in. */
export function commandText(createdBy: string): string {
  return createdBy
    .replace(/\s*# buildkit$/, "")
    .replace(/^\/bin\/sh -c #\(nop\)\s*/, "")
    .replace(/^(?:\|\d+ .*? )?\/bin\/sh -c /, "RUN ")
    .replace(/^RUN (?:\|\d+ .*? )?\/bin\/sh -c /, "RUN ")
    .trim();
}

/** `linux/arm64/v8` of a config or of an entry of an index; null if it says none. */
export function platformText(of: Json): string | null {
  const parts = [of["os"], of["architecture"], of["variant"]].filter((part) => text(part));
  return parts.length < 2 ? null : parts.join("/");
}

function parsed(json: string): Json {
  try {
    return object(JSON.parse(json));
  } catch {
    return {};
  }
}

const text = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;

const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);

const texts = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(object(value)).filter(([, item]) => typeof item === "string"),
  ) as Record<string, string>;
