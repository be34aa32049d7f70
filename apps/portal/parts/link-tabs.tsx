import { Link } from "@tanstack/react-router";

/** A page beside others. */
export interface LinkTab {
  readonly key: string;
  readonly label: string;
  readonly to: string;
  readonly search?: Readonly<Record<string, string | undefined>>;
}

/**
 * Pages of one thing side by side, as links that look like tabs: each has an address of its own,
 * can be opened beside, and on a narrow screen the row scrolls.
 */
export function LinkTabs({
  label,
  tabs,
  active,
}: {
  readonly label: string;
  readonly tabs: readonly LinkTab[];
  readonly active: string;
}) {
  return (
    <nav aria-label={label} className="link-tabs">
      {tabs.map(({ key, label: text, to, search }) => (
        <Link
          key={key}
          to={to}
          {...(search && { search: search as never })}
          activeOptions={{ exact: true }}
          className={key === active ? "chosen" : ""}
          {...(key === active && { "aria-current": "page" })}
        >
          {text}
        </Link>
      ))}
    </nav>
  );
}
