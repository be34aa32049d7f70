import { expect, test } from "vitest";
import { presenceAt } from "./presence.ts";

test.each(["keydown", "pointermove", "wheel"])("%s is somebody, for a minute", (sign) => {
  const page = new EventTarget();
  const time = { now: 0 };
  const presence = presenceAt(page, () => time.now);
  expect(presence.isThere()).toBe(true);
  time.now = 60_000;
  expect(presence.isThere()).toBe(false);
  page.dispatchEvent(new Event(sign));
  expect(presence.isThere()).toBe(true);
  time.now = 120_000;
  expect(presence.isThere()).toBe(false);
});
