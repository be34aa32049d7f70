import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../texts.ts";

/**
 * The server's own words in the reader's language, or as they are where it is not known how they
 * read. The table is large, so it is loaded when there is something to read; nothing is shown until
 * then, and English if it does not come.
 */
export function ServerWords({ children: message }: { readonly children: string }) {
  const isOurs = useLanguage() === "en" || message === "";
  const { data: translate, isPending } = useQuery({
    queryKey: ["words"],
    queryFn: async () => (await import("../server-words/zh.ts")).translate,
    enabled: !isOurs,
    staleTime: Infinity,
  });
  if (isOurs) return sentence(message);
  if (isPending) return null;
  return sentence(translate?.(message) ?? message);
}

/** The server's words begin small, as in a log. An address or a name that they begin with stays. */
function sentence(text: string): string {
  const begun = text.replace(/^[a-z]+(?=[ ,;])/, (word) => word[0]!.toUpperCase() + word.slice(1));
  if (begun === "" || /[.!?。！？]$/.test(begun)) return begun;
  return begun + (/[\u4e00-\u9fff]/.test(begun) ? "。" : ".");
}
