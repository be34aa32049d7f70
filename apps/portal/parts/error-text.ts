import type { ApiError } from "@entrepot/api/client";
import { useTexts } from "../texts.ts";

/** A failure for people: what sort it is, in their language, and what is known besides. */
export interface ErrorText {
  readonly title: string;
  /** The server's own words, and what it calls the request in its log. */
  readonly about: string;
}

const SORTS: ReadonlySet<string> = new Set([
  "BAD_REQUEST",
  "CONFLICT",
  "FORBIDDEN",
  "NOT_FOUND",
  "PRECONDITION",
  "REQUEST_ENTITY_TOO_LARGE",
  "TOOMANYREQUESTS",
  "UNAUTHORIZED",
  "UNAVAILABLE",
  "UNPROCESSABLE",
  "UNREACHABLE",
]);

/** Tells what failed. */
export function useErrorText(): (error: unknown) => ErrorText {
  const t = useTexts("parts");
  return (error) => {
    const { code = "", message = String(error), requestId } = (error ?? {}) as Partial<ApiError>;
    // What we say ourselves stands for itself.
    if (code === "") return { title: message, about: "" };
    const request = requestId ? t("failure.request", { id: requestId }) : "";
    return {
      title: t(`error.${SORTS.has(code) ? code : "other"}`),
      about: [sentence(message), request].filter(Boolean).join(" "),
    };
  };
}

/** The server's words begin small, as in a log. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
