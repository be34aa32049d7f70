import { expect, test } from "vitest";
import { withSection } from "./readme.ts";

const text = [
  "# Bench",
  "<!-- figures of push: begin -->",
  "old",
  "<!-- figures of push: end -->",
  "<!-- figures of pull: begin -->",
  "kept",
  "<!-- figures of pull: end -->",
].join("\n");

test("a section replaces what stood between its markers, and nothing else", () => {
  const changed = withSection(text, "push", "new");
  expect(changed).toBe(text.replace("old", "new"));
  expect(withSection(changed, "push", "new")).toBe(changed);
});

test("a README without the markers is refused, and says which", () => {
  expect(() => withSection(text, "memory", "new")).toThrow(/no markers for memory/);
});
