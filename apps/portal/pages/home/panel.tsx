import { Link } from "@tanstack/react-router";
import { theme } from "antd";
import type { ReactNode } from "react";

/** A part of the start page, with the way to all of it. No antd Card: that brings Tabs along. */
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
  const { token } = theme.useToken();
  return (
    <section
      style={{
        flex: wide ? "1 1 100%" : "1 1 360px",
        minWidth: 0,
        background: token.colorBgContainer,
        border: `1px solid ${token.colorBorderSecondary}`,
        borderRadius: token.borderRadiusLG,
      }}
    >
      <div
        style={{
          display: "flex",
          justifyContent: "space-between",
          gap: 12,
          padding: "8px 12px",
          borderBottom: `1px solid ${token.colorBorderSecondary}`,
        }}
      >
        <h2 style={{ fontSize: 15, lineHeight: 1.5, margin: 0 }}>{title}</h2>
        {to && <Link to={to}>{all}</Link>}
      </div>
      <div style={{ padding: 12 }}>{children}</div>
    </section>
  );
}

/** Words beside the point. */
export function Quiet({ children }: { readonly children: ReactNode }) {
  const { token } = theme.useToken();
  return <span style={{ color: token.colorTextSecondary }}>{children}</span>;
}

/** How much of something is done, 0 to 1. */
export function Share({ value, label }: { readonly value: number; readonly label: string }) {
  const { token } = theme.useToken();
  const percent = Math.min(100, Math.max(0, Math.floor(value * 100)));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      style={{ height: 6, borderRadius: 3, background: token.colorFillSecondary }}
    >
      <div
        style={{
          width: `${percent}%`,
          height: "100%",
          borderRadius: 3,
          background: token.colorPrimary,
        }}
      />
    </div>
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
