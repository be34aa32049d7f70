import { Flex, theme } from "antd";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useTexts } from "../texts.ts";

/**
 * The top of a page: where it is, what it is, what can be done. Sets the window's title too. Plain
 * elements, since the first page loads it: antd's bring much along that it does not need.
 */
export function PageHead({
  title,
  trail = [],
  about,
  actions,
}: {
  readonly title: string;
  /** The pages above this one. */
  readonly trail?: readonly { readonly title: string; readonly to: string }[];
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
}) {
  const t = useTexts("parts");
  const { token } = theme.useToken();
  useEffect(() => {
    document.title = `${title} · Entrepot`;
  }, [title]);
  return (
    <header style={{ marginBottom: 20 }}>
      {trail.length > 0 && (
        <nav aria-label={t("trail")}>
          <ol className="trail">
            {trail.map((step) => (
              <li key={step.to}>
                <Link to={step.to}>{step.title}</Link>
              </li>
            ))}
            <li aria-current="page">{title}</li>
          </ol>
        </nav>
      )}
      <Flex justify="space-between" align="start" gap={16} wrap>
        <div style={{ minWidth: 0 }}>
          <h1 style={{ fontSize: 24, lineHeight: 1.35, margin: 0, wordBreak: "break-word" }}>
            {title}
          </h1>
          {about && <span style={{ color: token.colorTextSecondary }}>{about}</span>}
        </div>
        {actions && (
          <Flex gap={8} wrap>
            {actions}
          </Flex>
        )}
      </Flex>
    </header>
  );
}
