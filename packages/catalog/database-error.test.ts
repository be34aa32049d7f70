import { RegistryError } from "@entrepot/oci";
import { expect, test } from "vitest";
import { databaseError } from "./database-error.ts";

const withCode = (code: string, message = "why") => Object.assign(new Error(message), { code });

test.each([
  [withCode("ECONNREFUSED"), true],
  [withCode("ENOENT"), true],
  [withCode("57P01"), true],
  [withCode("57P03"), true],
  [withCode("08006"), true],
  [withCode("53300"), true],
  [withCode("3D000"), true],
  [withCode("28P01"), true],
  [new Error("Connection terminated unexpectedly"), true],
  [new Error("Client has encountered a connection error and is not queryable"), true],
  [new Error("timeout exceeded when trying to connect"), true],
  [new AggregateError([], ""), false],
  [withCode("ECONNREFUSED", ""), true],
  [withCode("23505"), false],
  [withCode("40001"), false],
  [withCode("42P01"), false],
  [new Error("anything else"), false],
])("%s means that the database is away: %s", (error, away) => {
  const translated = databaseError(error);
  if (!away) return expect(translated).toBe(error);
  expect(translated).toBeInstanceOf(RegistryError);
  expect(translated).toMatchObject({ code: "UNAVAILABLE", cause: error });
});
