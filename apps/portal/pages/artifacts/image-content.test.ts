import { expect, test } from "vitest";
import { commandText, imageContent } from "./image-content.ts";

const layer = (digest: string, size: number) => ({ digest, size, mediaType: "layer" });

test("steps of the build stand beside the layers that they made", () => {
  const manifest = JSON.stringify({ layers: [layer("sha256:a", 10), layer("sha256:b", 20)] });
  const config = JSON.stringify({
    os: "linux",
    architecture: "arm64",
    variant: "v8",
    config: { Env: ["A=1"] },
    history: [
      { created_by: "/bin/sh -c #(nop) ADD file:1 in / ", created: "2026-01-01T00:00:00Z" },
      { created_by: '/bin/sh -c #(nop)  CMD ["sh"]', empty_layer: true },
      { created_by: "RUN /bin/sh -c apk add curl # buildkit" },
    ],
  });
  const { layers, steps, platform, run } = imageContent(manifest, config);
  expect(platform).toBe("linux/arm64/v8");
  expect(run).toEqual({ Env: ["A=1"] });
  expect(layers.map(({ digest, command }) => [digest, command])).toEqual([
    ["sha256:a", "ADD file:1 in /"],
    ["sha256:b", "RUN apk add curl"],
  ]);
  expect(steps.map(({ command }) => command)).toEqual([
    "ADD file:1 in /",
    'CMD ["sh"]',
    "RUN apk add curl",
  ]);
});

test("a history of another length tells nothing of layers", () => {
  const manifest = JSON.stringify({ layers: [layer("sha256:a", 10)] });
  const { steps } = imageContent(manifest, JSON.stringify({ history: [] }));
  expect(steps).toMatchObject([{ digest: "sha256:a", command: null }]);
});

test("an index has children with platforms, where it names them", () => {
  const manifest = JSON.stringify({
    manifests: [
      { digest: "sha256:a", size: 1, platform: { os: "linux", architecture: "amd64" } },
      { digest: "sha256:b", size: 1 },
    ],
    subject: { digest: "sha256:c" },
  });
  const { children, subject } = imageContent(manifest, null);
  expect(children.map(({ platform }) => platform)).toEqual(["linux/amd64", null]);
  expect(subject).toBe("sha256:c");
});

test.each(["", "[]", "null", '{"layers":5,"manifests":[3]}', '{"annotations":{"a":1}}'])(
  "%j is read as well as it can be",
  (bad) => {
    const { layers, annotations } = imageContent(bad, bad);
    expect(layers).toEqual([]);
    expect(annotations).toEqual({});
  },
);

test.each([
  ["|1 V=2 /bin/sh -c make", "RUN make"],
  ["COPY . /app # buildkit", "COPY . /app"],
  ["a test", "a test"],
])("%s was %s", (createdBy, command) => expect(commandText(createdBy)).toBe(command));
