import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Button, Tooltip, theme } from "antd";
import { useEffect, useState } from "react";
import { useTexts } from "../texts.ts";

/** Copies `text`; says so for two seconds. */
export function CopyButton({ text }: { readonly text: string }) {
  const t = useTexts("parts");
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    const timer = copied ? setTimeout(() => setCopied(false), 2_000) : undefined;
    return () => clearTimeout(timer);
  }, [copied]);
  const label = copied ? t("copy.done") : t("copy.do");
  return (
    <Tooltip title={label}>
      <Button
        type="text"
        size="small"
        aria-label={label}
        icon={copied ? <CheckOutlined /> : <CopyOutlined />}
        onClick={() => void copyText(text).then(() => setCopied(true))}
      />
    </Tooltip>
  );
}

/** Puts `text` on the clipboard; over plain HTTP, where pages have none, by a selection. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A command or address, as it is typed, with a button that copies it. */
export function Command({ text }: { readonly text: string }) {
  const { token } = theme.useToken();
  return (
    <div
      style={{
        display: "flex",
        alignItems: "center",
        background: token.colorFillTertiary,
        borderRadius: token.borderRadius,
        padding: "4px 4px 4px 12px",
        margin: "4px 0",
      }}
    >
      <pre
        tabIndex={0}
        className="code"
        style={{ flex: 1, minWidth: 0, overflowX: "auto", margin: 0, padding: "4px 0" }}
      >
        {text}
      </pre>
      <CopyButton text={text} />
    </div>
  );
}

/** A digest, shortened, to be copied whole. */
export function Digest({ value }: { readonly value: string | null | undefined }) {
  if (!value) return <>–</>;
  const [algorithm, hex = ""] = value.split(":", 2);
  return (
    <span style={{ whiteSpace: "nowrap" }}>
      <Tooltip title={value}>
        <span className="code">
          {algorithm}:{hex.slice(0, 12)}
        </span>
      </Tooltip>
      <CopyButton text={value} />
    </span>
  );
}
