import { defineConfig } from "vitest/config";

export default defineConfig({
  // Not in node_modules: `npm ci` empties that while a test may run.
  cacheDir: ".cache/vite",
  test: {
    include: ["{packages,apps,tests,tools,bench}/**/*.test.ts"],
    globalSetup: ["tools/vitest-postgres.ts", "tools/vitest-s3.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
