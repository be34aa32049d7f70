import { tokenBucket } from "@entrepot/replication";
import { expect, test } from "vitest";
import { world } from "./test-world.ts";

test("no byte of a blob goes out that the limit has not given", async () => {
  const given = await world(31);
  await given.act(30);
  let [nowMs, sent] = [0, 0];
  const bytesPerSecond = 100;
  // A clock of its own: who waits, moves it on.
  const throttle = tokenBucket(() => bytesPerSecond, {
    clock: () => nowMs,
    pause: async (ms: number) => void (nowMs += ms),
  });
  const { added } = await given.backup({
    throttle,
    progress: ({ bytesSent = 0 }) => {
      sent = bytesSent;
      // What may go at once beforehand is a second's worth, and one piece may be under way.
      expect(sent).toBeLessThanOrEqual((bytesPerSecond * nowMs) / 1_000 + 2 * bytesPerSecond);
    },
  });
  expect(added!.bytesSent).toBe(sent);
  expect(sent).toBeGreaterThan(5 * bytesPerSecond);
  expect(nowMs).toBeGreaterThan(((sent - 2 * bytesPerSecond) / bytesPerSecond) * 1_000 - 1);
  await given.close();
});
