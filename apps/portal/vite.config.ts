import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where a development server finds the registry: `npx vite` in this folder. */
const SERVER = "http://127.0.0.1:5050";

/**
 * antd's parts say nothing of side effects, and have none: so whoever needs a context of forms does
 * not bring along all that checks them.
 */
const hasEffects = (id: string) => !/\/node_modules\/@rc-component\//.test(id);

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // No inlined images: the content security policy is easier to read without `data:` scripts.
  build: {
    outDir: "dist",
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_200,
    rolldownOptions: { treeshake: { moduleSideEffects: hasEffects } },
  },
  server: { proxy: { "/api": SERVER, "/v2": SERVER, "/c": SERVER, "/service": SERVER } },
});
