import { OpenAPIHono } from "@hono/zod-openapi";
import { routes } from "./routes.ts";

/**
 * The OpenAPI 3.1 document of the management API, a plain object for JSON. The same at every call;
 * checked in as `openapi.json`.
 */
export function openapiDocument() {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent("securitySchemes", "basic", {
    type: "http",
    scheme: "basic",
  });
  for (const [room, group] of Object.entries(routes)) {
    for (const [name, route] of Object.entries(group)) {
      app.openAPIRegistry.registerPath({ ...route, operationId: `${room}.${name}` });
    }
  }
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Entrepot management API",
      version: "2.0",
      description: "Harbor's API v2.0 for what exists here, and a little more.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
  });
}
