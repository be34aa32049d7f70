import { Card, Typography } from "antd";
import type { ReactNode } from "react";

/** A part of a long form, with a heading. */
export function Section({
  title,
  about,
  children,
}: {
  readonly title: string;
  readonly about?: string;
  readonly children: ReactNode;
}) {
  return (
    <Card size="small" styles={{ body: { paddingBottom: 8 } }}>
      <Typography.Title level={2} style={{ fontSize: 17, margin: about ? "4px 0" : "4px 0 12px" }}>
        {title}
      </Typography.Title>
      {about && <Typography.Paragraph type="secondary">{about}</Typography.Paragraph>}
      {children}
    </Card>
  );
}
