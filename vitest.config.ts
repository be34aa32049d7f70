import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{packages,apps,tests,tools,bench}/**/*.test.ts"],
    globalSetup: ["tools/vitest-postgres.ts", "tools/vitest-s3.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
