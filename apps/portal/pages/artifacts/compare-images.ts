import type { ImageContent, Layer } from "./image-content.ts";

/** A layer of two images: on both sides, or on one of them. */
export interface ComparedLayer extends Layer {
  readonly side: "both" | "left" | "right";
}

/** What two images share and what not, in bytes, each layer once. */
export interface LayerComparison {
  readonly layers: readonly ComparedLayer[];
  readonly sharedBytes: number;
  readonly leftBytes: number;
  readonly rightBytes: number;
}

/** The layers of two images side by side: `left`'s in their order, then those of `right` alone. */
export function compareLayers(left: ImageContent, right: ImageContent): LayerComparison {
  const [onLeft, onRight] = [byDigest(left.layers), byDigest(right.layers)];
  const layers: ComparedLayer[] = [
    ...[...onLeft.values()].map((layer) => ({
      ...layer,
      side: onRight.has(layer.digest) ? ("both" as const) : ("left" as const),
    })),
    ...[...onRight.values()]
      .filter((layer) => !onLeft.has(layer.digest))
      .map((layer) => ({ ...layer, side: "right" as const })),
  ];
  const bytesOf = (side: ComparedLayer["side"]) =>
    layers.reduce((sum, layer) => sum + (layer.side === side ? layer.size : 0), 0);
  return {
    layers,
    sharedBytes: bytesOf("both"),
    leftBytes: bytesOf("left"),
    rightBytes: bytesOf("right"),
  };
}

const byDigest = (layers: readonly Layer[]): Map<string, Layer> =>
  new Map(layers.map((layer) => [layer.digest, layer]));

/** A setting that two images do not share; null: the image has none. */
export interface SettingDifference {
  readonly name: string;
  readonly left: string | null;
  readonly right: string | null;
}

/** How two images are run differently: variables and labels one by one, the rest by name. */
export function compareSettings(left: ImageContent, right: ImageContent): SettingDifference[] {
  const [ofLeft, ofRight] = [settingsOf(left), settingsOf(right)];
  const names = [...new Set([...ofLeft.keys(), ...ofRight.keys()])].toSorted();
  return names
    .map((name) => ({
      name,
      left: ofLeft.get(name) ?? null,
      right: ofRight.get(name) ?? null,
    }))
    .filter((setting) => setting.left !== setting.right);
}

function settingsOf({ run, platform, author }: ImageContent): Map<string, string> {
  const found = new Map<string, string>();
  if (platform !== null) found.set("platform", platform);
  if (author !== null) found.set("author", author);
  for (const [name, value] of Object.entries(run)) {
    if (value === null || value === "") continue;
    if (name === "Env" && Array.isArray(value)) {
      for (const item of value.map(String)) {
        const equals = item.indexOf("=");
        const variable = equals < 0 ? item : item.slice(0, equals);
        found.set(`Env ${variable}`, equals < 0 ? "" : item.slice(equals + 1));
      }
    } else if (isObject(value)) {
      for (const [key, item] of Object.entries(value)) found.set(`${name} ${key}`, shown(item));
    } else {
      found.set(name, shown(value));
    }
  }
  return found;
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const shown = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);
