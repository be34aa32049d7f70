import { RegistryError, type ErrorCode } from "@entrepot/oci";
import { expect } from "vitest";
import { bytesOf, collect } from "../bytes.ts";
import type { Registry, Repository } from "../ports.ts";
import type { Sample } from "../samples.ts";

/** What a case of the suite works on: two repositories of one registry that nobody else uses. */
export interface Fixture {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly other: Repository;
}

/** Cases by title. */
export type Cases = Readonly<Record<string, (fixture: Fixture) => Promise<void>>>;

/** Expects `action` to fail with a RegistryError of one of `codes`. */
export async function expectCode(
  action: Promise<unknown>,
  ...codes: readonly ErrorCode[]
): Promise<void> {
  const failure = await action.then(
    () => "it succeeded",
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(RegistryError);
  expect(codes).toContain((failure as RegistryError).code);
}

/** Expects `repository` to give back exactly the bytes of `sample`. */
export async function expectBytes(
  repository: Pick<Repository, "fetch">,
  sample: Sample,
): Promise<void> {
  const found = await collect(await repository.fetch(sample.content), sample.content.size);
  expect(Buffer.compare(found, sample.bytes)).toBe(0);
}

/** Pushes `sample` alone, without its children. */
export function pushOnly(
  repository: Pick<Repository, "push">,
  { content, bytes }: Sample,
  tags?: readonly string[],
): Promise<void> {
  return repository.push(content, bytesOf(bytes), tags);
}
