import { RegistryError } from "@entrepot/oci";
import type { ZodError } from "zod";

/** What a validator found in one part of a request. */
export type Validated = { readonly target: string } & (
  | { readonly success: true }
  | { readonly success: false; readonly error: ZodError }
);

/** The part of Hono's context that is looked at. */
interface WithHeaders {
  readonly req: { header(name: string): string | undefined };
}

/**
 * For `OpenAPIHono`'s `defaultHook`: throws for a request that is not as its route says, naming each
 * field. A query's or path's value out of bounds is UNPROCESSABLE (422), a body BAD_REQUEST (400).
 */
export function validationHook(result: Validated, context: WithHeaders): void {
  if (result.success) return;
  const type = context.req.header("content-type") ?? "";
  if (result.target === "json" && !/^application\/(?:[a-z.]+\+)?json\b/i.test(type)) {
    const sent = type === "" ? "none" : JSON.stringify(type.slice(0, 100));
    throw new RegistryError(
      "BAD_REQUEST",
      `the body's Content-Type is ${sent}, not application/json`,
    );
  }
  const issues = result.error.issues.slice(0, 10).map(({ path, message }) => {
    const field = path.map(String).join(".");
    return field === "" ? message : `${field}: ${message}`;
  });
  const code = result.target === "json" ? "BAD_REQUEST" : "UNPROCESSABLE";
  const part = result.target === "json" ? "body" : result.target;
  throw new RegistryError(code, `the request's ${part} is not as expected: ${issues.join("; ")}`);
}
