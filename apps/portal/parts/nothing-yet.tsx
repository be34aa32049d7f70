import { Empty, Typography } from "antd";
import type { ReactNode } from "react";
import { Command } from "./copy.tsx";

/** Where there is nothing yet: what belongs here, and the exact next step. */
export function NothingYet({
  title,
  children,
  commands = [],
  action,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  /** To be typed in a terminal, one a line. */
  readonly commands?: readonly string[];
  readonly action?: ReactNode;
}) {
  return (
    <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={null} style={{ padding: "24px 0" }}>
      <Typography.Title level={2} style={{ fontSize: 17 }}>
        {title}
      </Typography.Title>
      {children && <Typography.Paragraph type="secondary">{children}</Typography.Paragraph>}
      {commands.length > 0 && (
        <div style={{ maxWidth: 720, margin: "0 auto", textAlign: "left" }}>
          {commands.map((text) => (
            <Command key={text} text={text} />
          ))}
        </div>
      )}
      {action}
    </Empty>
  );
}
