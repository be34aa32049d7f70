import { routes } from "@entrepot/api";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Where a development server finds the registry: `npx vite` in this folder. */
const SERVER = "http://127.0.0.1:5050";

/** The routes' methods and paths as a module: the schemas, which are large, stay at the server. */
function routeTable(): Plugin {
  const table = Object.fromEntries(
    Object.entries(routes).map(([room, group]) => [
      room,
      Object.fromEntries(
        Object.entries(group).map(([name, { method, path }]) => [name, { method, path }]),
      ),
    ]),
  );
  return {
    name: "route-table",
    resolveId: (id) => (id === "virtual:routes" ? "\0virtual:routes" : null),
    load: (id) =>
      id === "\0virtual:routes" ? `export default ${JSON.stringify(table)};` : undefined,
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), routeTable()],
  // No inlined images: the content security policy is easier to read without `data:` scripts.
  build: { outDir: "dist", target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 1_200 },
  server: { proxy: { "/api": SERVER, "/v2": SERVER, "/c": SERVER, "/service": SERVER } },
});
