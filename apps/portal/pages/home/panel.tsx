import { Link } from "@tanstack/react-router";
import { Card } from "antd";
import type { ReactNode } from "react";

/** A part of the start page, with the way to all of it. */
export function Panel({
  title,
  to,
  all,
  children,
  wide = false,
}: {
  readonly title: string;
  readonly to?: string;
  /** The words of the way there. */
  readonly all?: string;
  readonly children: ReactNode;
  readonly wide?: boolean;
}) {
  return (
    <Card
      size="small"
      title={<h2 style={{ fontSize: 15, margin: 0 }}>{title}</h2>}
      extra={to && <Link to={to}>{all}</Link>}
      style={{ flex: wide ? "1 1 100%" : "1 1 360px", minWidth: 0 }}
    >
      {children}
    </Card>
  );
}

/** A line of a panel: what on the left, how it stands on the right. */
export function Line({
  children,
  end,
}: {
  readonly children: ReactNode;
  readonly end?: ReactNode;
}) {
  return (
    <div
      style={{
        display: "flex",
        gap: 12,
        justifyContent: "space-between",
        padding: "5px 0",
        flexWrap: "wrap",
      }}
    >
      <span style={{ minWidth: 0, overflowWrap: "anywhere" }}>{children}</span>
      <span>{end}</span>
    </div>
  );
}
