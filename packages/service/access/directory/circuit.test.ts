import { RegistryError } from "@entrepot/oci";
import { BusyError, InvalidDNSyntaxError, UnavailableError } from "ldapts";
import { expect, test } from "vitest";
import { openCircuit } from "./circuit.ts";
import { isAnswer } from "./ldap-connection.ts";

test.each([
  ["what it refuses", new InvalidDNSyntaxError(), false],
  ["having too much to do", new BusyError(), true],
  ["being closed", new UnavailableError(), true],
  ["a connection that breaks", new Error("ECONNRESET"), true],
  ["a searcher who cannot log in, which has no cause", undefined, true],
])("the circuit of a directory, after %s", async (_what, cause, breaks) => {
  const circuit = openCircuit(() => 1_000, isAnswer);
  const failing = circuit("key", () =>
    Promise.reject(new RegistryError("UNAVAILABLE", "no", { cause })),
  );
  await expect(failing).rejects.toThrow("no");
  const next = circuit("key", () => Promise.resolve("asked"));
  if (breaks) await expect(next).rejects.toMatchObject({ code: "UNAVAILABLE" });
  else expect(await next).toBe("asked");
});
