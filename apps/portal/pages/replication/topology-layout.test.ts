import type { Policy, PolicyLag, RegistryEndpoint } from "@entrepot/api";
import { expect, test } from "vitest";
import { BOX, pictureOf } from "./topology-layout.ts";

const endpoint = (id: number, status: "healthy" | "unhealthy" = "healthy") =>
  ({ id, name: `endpoint ${id}`, status }) as RegistryEndpoint;
const policy = (id: number, from: number, to: number) =>
  ({
    id,
    name: `policy ${id}`,
    enabled: true,
    src_registry: { id: from },
    dest_registry: { id: to },
  }) as Policy;
const lag = (policy_id: number, lag_items: number, lag_failing = 0) =>
  ({ policy_id, enabled: true, lag_items, lag_failing, lag_deletions: 0 }) as PolicyLag;

const endpoints = [endpoint(1), endpoint(2, "unhealthy"), endpoint(3), endpoint(4)];
const policies = [policy(10, 0, 1), policy(11, 0, 1), policy(12, 2, 0), policy(13, 0, 3)];
const picture = pictureOf(endpoints, policies, [lag(10, 0), lag(11, 5), lag(12, 1, 1)]);

test("this registry is in the middle, sources at its left, all others at its right", () => {
  const x = (id: number) => picture.places.find((place) => place.id === id)!.x;
  expect(x(2)).toBeLessThan(x(0));
  for (const id of [1, 3, 4]) expect(x(id)).toBeGreaterThan(x(0));
});

test("everything is within the picture, and no boxes or texts lie on each other", () => {
  for (const { x, y } of picture.places) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + BOX.width).toBeLessThanOrEqual(picture.width);
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y + BOX.height).toBeLessThanOrEqual(picture.height);
  }
  const right = picture.places
    .filter(({ id }) => [1, 3, 4].includes(id))
    .toSorted((a, b) => a.y - b.y);
  for (const [n, place] of right.slice(1).entries()) {
    expect(place.y).toBeGreaterThanOrEqual(right[n]!.y + BOX.height);
  }
  const texts = picture.arrows.filter(({ x }) => x > picture.width / 2).map(({ y }) => y);
  const gaps = texts.toSorted((a, b) => a - b).map((y, n, all) => (n === 0 ? 99 : y - all[n - 1]!));
  expect(Math.min(...gaps)).toBeGreaterThan(30);
});

test("arrows say which way they go and how they stand", () => {
  const shown = picture.arrows.map(({ id, from, to, standing }) => [id, from, to, standing]);
  expect(shown.toSorted()).toEqual([
    [10, 0, 1, "level"],
    [11, 0, 1, "behind"],
    [12, 2, 0, "failing"],
    [13, 0, 3, "level"],
  ]);
});

test("an empty registry has a picture, too", () => {
  expect(pictureOf([], [], []).places).toHaveLength(1);
});
