import { useRef, useState } from "react";
import { useTexts } from "../texts.ts";
import { useDoing } from "./ask.tsx";

/**
 * Shows `value`, and whatever it is changed to at once, while `act` still asks the server: `act`
 * ends when `value` is new. Where it is refused, `value` is shown again, and why. Changes are
 * made one after the other, however fast they come.
 */
export function useAtOnce<T>(value: T) {
  const t = useTexts("parts");
  const { run } = useDoing();
  const [wanted, setWanted] = useState<{ readonly value: T } | null>(null);
  const before = useRef<Promise<unknown>>(Promise.resolve());

  const change = async (next: T, act: () => Promise<unknown>, done: string): Promise<void> => {
    const mine = { value: next };
    setWanted(mine);
    before.current = before.current.then(() => run(act, done, t("ask.asBefore")));
    await before.current;
    setWanted((now) => (now === mine ? null : now));
  };
  return [wanted === null ? value : wanted.value, change] as const;
}
