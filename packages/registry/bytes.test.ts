import { digestOf } from "@entrepot/oci";
import { expect, test } from "vitest";
import { bytesOf, collect, verified } from "./bytes.ts";

const content = { digest: digestOf(Buffer.from("four")), size: 4 };
const sha512 = { digest: digestOf(Buffer.from("four"), "sha512"), size: 4 };

const CASES: readonly (readonly [string, readonly string[], string | null])[] = [
  ["right bytes", ["four"], null],
  ["right bytes in pieces", ["f", "", "our"], null],
  ["other bytes", ["five"], "DIGEST_INVALID"],
  ["fewer bytes", ["fou"], "SIZE_INVALID"],
  ["no bytes", [], "SIZE_INVALID"],
  ["more bytes", ["four", "ty"], "SIZE_INVALID"],
];

for (const [what, chunks, code] of CASES) {
  test(`verified: ${what}`, async () => {
    for (const expected of [content, sha512]) {
      const passed = collect(verified(bytesOf(...chunks), expected), 100);
      if (code) await expect(passed).rejects.toMatchObject({ code });
      else expect(Buffer.from(await passed).toString()).toBe("four");
    }
  });
}

test("verified stops reading once there is too much", async () => {
  let asked = 0;
  const endless = (async function* () {
    for (;;) {
      asked++;
      yield new Uint8Array(3);
    }
  })();
  await expect(collect(verified(endless, content), 100)).rejects.toMatchObject({
    code: "SIZE_INVALID",
  });
  expect(asked).toBe(2);
});

test("collect takes what fits and no more", async () => {
  expect(await collect(bytesOf("12", "34"), 4)).toHaveLength(4);
  await expect(collect(bytesOf("12", "345"), 4)).rejects.toMatchObject({ code: "SIZE_INVALID" });
});
