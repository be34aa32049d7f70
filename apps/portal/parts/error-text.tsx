import type { ApiError } from "@entrepot/api/client";
import type { ReactNode } from "react";
import { useTexts } from "../texts.ts";
import { ServerWords } from "./server-words.tsx";

/** A failure for people: what sort it is, in their language, and what is known besides. */
export interface ErrorText {
  readonly title: ReactNode;
  /** The server's words, and what it calls the request in its log; null if there is no more. */
  readonly about: ReactNode;
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
    // What we say ourselves, or a run said in the end, stands for itself.
    if (code === "") return { title: <ServerWords>{message}</ServerWords>, about: null };
    return {
      title: t(`error.${SORTS.has(code) ? code : "other"}`),
      about: (
        <>
          <ServerWords>{message}</ServerWords>
          {requestId && ` ${t("failure.request", { id: requestId })}`}
        </>
      ),
    };
  };
}
