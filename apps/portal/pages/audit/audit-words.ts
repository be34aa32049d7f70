import { useTexts } from "../../texts.ts";

/** What the log calls something, in words. */
export interface AuditWords {
  /** `create`. */
  operation(code: string): string;
  /** `label`, or of a request the first part of its path. */
  type(code: string): string;
  /** `create_label`, as purges name it. */
  event(code: string): string;
}

/** Words for the codes of the log. A code that nobody has words for stays as it is. */
export function useAuditWords(): AuditWords {
  const t = useTexts("audit");
  // What has no text comes back as its key. A request may be to any path: no code is taken as is.
  const told = (found: string, code: string) => (found.endsWith(`.${code}`) ? code : found);
  const plain = (code: string) => code.replaceAll(/[^\w-]/g, "");
  const operation = (code: string) => told(t(`op.${plain(code)}`), code);
  const type = (code: string) => told(t(`type.${plain(code)}`), code);
  return {
    operation,
    type,
    event(code) {
      const [of = "", ...rest] = code.split("_");
      return t("event", { operation: operation(of), type: type(rest.join("_")) });
    },
  };
}
