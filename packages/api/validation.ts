import { RegistryError } from "@entrepot/oci";
import type { ZodError } from "zod";

/** What a validator found in one part of a request. */
export type Validated = { readonly target: string } & (
  | { readonly success: true }
  | { readonly success: false; readonly error: ZodError }
);

/**
 * For `OpenAPIHono`'s `defaultHook`: throws for a request that is not as its route says, naming
 * each field. A query's or path's value out of bounds is UNPROCESSABLE (422), a body BAD_REQUEST
 * (400). Hono itself throws `HTTPException` for a body that is not JSON or not said to be.
 */
export function validationHook(result: Validated): void {
  if (result.success) return;
  const issues = result.error.issues.slice(0, 10).map(({ path, message }) => {
    const field = path.map(String).join(".");
    return field === "" ? message : `${field}: ${message}`;
  });
  const code = result.target === "json" ? "BAD_REQUEST" : "UNPROCESSABLE";
  const part = result.target === "json" ? "body" : result.target;
  throw new RegistryError(code, `the request's ${part} is not as expected: ${issues.join("; ")}`);
}
