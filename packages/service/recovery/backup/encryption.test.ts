import { armor, generateX25519Identity, identityToRecipient } from "age-encryption";
import { expect, test } from "vitest";
import { decryptedWith, encryptedFor, readKeyFile } from "./encryption.ts";
import { gathered, one } from "./parts.ts";
import { lockedKey } from "./target-suite.ts";

const identity = await generateX25519Identity();
const keyFile = `# mine\n${identity}\n`;

const locked = () => lockedKey(`# mine\n${identity}`, "correct horse");

test("a key file that is locked opens what it opened before, by its passphrase alone", async () => {
  const seal = encryptedFor([await identityToRecipient(identity)]);
  const sealed = await gathered(seal(one(Buffer.from("content"))));
  for (const file of [await locked(), Buffer.from(armor.encode(await locked()))]) {
    const open = decryptedWith(await readKeyFile(file, "correct horse"));
    expect((await gathered(open(one(sealed)))).toString()).toBe("content");
    await expect(readKeyFile(file, "wrong")).rejects.toThrow(/passphrase does not open/);
    await expect(readKeyFile(file)).rejects.toThrow(/ENTREPOT_RESTORE_KEY_PASSPHRASE/);
  }
});

test("one that is not locked needs none", async () => {
  expect(await readKeyFile(Buffer.from(keyFile), "whatever")).toBe(keyFile);
});
