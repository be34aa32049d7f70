import { expect, test } from "vitest";
import { compareLayers, compareSettings } from "./compare-images.ts";
import { imageContent } from "./image-content.ts";

const image = (sizes: Record<string, number>, config: object = {}) =>
  imageContent(
    JSON.stringify({ layers: Object.entries(sizes).map(([digest, size]) => ({ digest, size })) }),
    JSON.stringify({ os: "linux", architecture: "amd64", config }),
  );

test("layers are on both sides or on one, and their bytes add up", () => {
  const [left, right] = [image({ a: 1, b: 20, c: 3 }), image({ a: 1, c: 3, d: 400 })];
  const found = compareLayers(left, right);
  expect(found.layers.map(({ digest, side }) => `${digest} ${side}`)).toEqual([
    "a both",
    "b left",
    "c both",
    "d right",
  ]);
  expect(found).toMatchObject({ sharedBytes: 4, leftBytes: 20, rightBytes: 400 });
});

test("variables and labels differ one by one", () => {
  const left = image({}, { Env: ["PATH=/bin", "A=1=2"], Labels: { v: "1" }, Cmd: ["sh"] });
  const right = image({}, { Env: ["PATH=/bin", "B"], Labels: { v: "2" }, Cmd: ["sh"], User: "u" });
  expect(compareSettings(left, right)).toEqual([
    { name: "Env A", left: "1=2", right: null },
    { name: "Env B", left: null, right: "" },
    { name: "Labels v", left: "1", right: "2" },
    { name: "User", left: null, right: "u" },
  ]);
});

test("an image compared with itself differs in nothing", () => {
  const same = image({ a: 1 }, { Env: ["A=1"], ExposedPorts: { "80/tcp": {} } });
  expect(compareSettings(same, same)).toEqual([]);
  expect(compareLayers(same, same)).toMatchObject({ leftBytes: 0, rightBytes: 0 });
});
