import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type Content, contentMaker, contentOf } from "./content.ts";

const bytesOf = (content: Content) => Buffer.concat([...content.pieces()]);
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

test.each([32, 33, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 32, 3_000_000])(
  "content of %d bytes has that many, its digest, and is new each time",
  (sizeBytes) => {
    const make = contentMaker(sizeBytes);
    const contents = [make(), make()];
    for (const content of contents) {
      expect(content.sizeBytes).toBe(sizeBytes);
      expect(bytesOf(content).length).toBe(sizeBytes);
      expect(digestOf(bytesOf(content))).toBe(content.digest);
      expect(bytesOf(content).equals(bytesOf(content))).toBe(true);
    }
    expect(contents[0]!.digest).not.toBe(contents[1]!.digest);
  },
);

test("content of given bytes is those", () => {
  const bytes = Buffer.from("{}");
  expect(bytesOf(contentOf(bytes))).toEqual(bytes);
  expect(contentOf(bytes).digest).toBe(digestOf(bytes));
});
