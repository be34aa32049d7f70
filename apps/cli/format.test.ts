import { expect, test } from "vitest";
import { formatBytes, formatSeconds, formatTime, shortDigest } from "./format.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1_048_575, "1.0 MiB"],
  [99.9 * 1024, "99.9 KiB"],
  [125_829_120, "120 MiB"],
  [5 * 1024 ** 6, "5120 PiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, "0.0 s"],
  [9.94, "9.9 s"],
  [59.4, "59 s"],
  [60, "1 min"],
  [185, "3 min 5 s"],
  [7800, "2 h 10 min"],
  [4 * 86_400 + 3600, "4 d 1 h"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test("times are local unless UTC is asked for; what is none is shown as it is", () => {
  const local = new Date(2026, 0, 2, 3, 4, 5);
  expect(formatTime(local.toISOString(), false)).toBe("2026-01-02 03:04:05");
  expect(formatTime("2026-01-02T03:04:05.678Z", true)).toBe("2026-01-02 03:04:05Z");
  expect(formatTime(undefined, true)).toBe("");
  expect(formatTime("soon", true)).toBe("soon");
});

test("a digest is cut, a tag is not", () => {
  expect(shortDigest(`sha256:${"0123456789abcdef".repeat(4)}`)).toBe("sha256:0123456789ab");
  expect(shortDigest("latest")).toBe("latest");
});
