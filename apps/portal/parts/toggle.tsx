import { Switch } from "antd";
import { useAtOnce } from "./at-once.ts";

/** A switch that moves at once, and back where the server refuses; it says why. */
export function Toggle({
  on,
  label,
  disabled = false,
  small = false,
  change,
  done,
}: {
  readonly on: boolean;
  /** What it switches, for those who do not see it. */
  readonly label: string;
  readonly disabled?: boolean;
  readonly small?: boolean;
  /** Ends when `on` is new. */
  readonly change: (on: boolean) => Promise<unknown>;
  /** What is said then. */
  readonly done: (on: boolean) => string;
}) {
  const [shown, show] = useAtOnce(on);
  return (
    <Switch
      {...(small && { size: "small" })}
      checked={shown}
      disabled={disabled}
      aria-label={label}
      onChange={(next) => void show(next, () => change(next), done(next))}
    />
  );
}
