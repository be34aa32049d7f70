import { DownloadOutlined } from "@ant-design/icons";
import { Button, Popover, Segmented } from "antd";
import { useState } from "react";
import { Command } from "../../parts/copy.tsx";
import { useTexts } from "../../texts.ts";
import { pullCommands, type ToolCommands } from "./commands.ts";

/** Commands by tool, to be copied. */
export function ToolTabs({ tools }: { readonly tools: readonly ToolCommands[] }) {
  const t = useTexts("artifacts");
  const [chosen, choose] = useState(tools[0]!.tool);
  const { commands } = tools.find(({ tool }) => tool === chosen) ?? tools[0]!;
  return (
    <>
      <Segmented
        aria-label={t("tool")}
        style={{ maxWidth: "100%", overflowX: "auto", marginBottom: 8 }}
        value={chosen}
        options={tools.map(({ tool }) => tool)}
        onChange={choose}
      />
      {commands.map((text) => (
        <Command key={text} text={text} />
      ))}
    </>
  );
}

/** Where this page came from, as tools are told. */
export const here = { host: location.host, plain: location.protocol === "http:" };

/** A button that shows how an artifact is pulled from this server. */
export function PullMenu({
  repository,
  reference,
  type,
  primary = false,
}: {
  readonly repository: string;
  readonly reference: string;
  readonly type: string;
  readonly primary?: boolean;
}) {
  const t = useTexts("artifacts");
  const tools = pullCommands({ ...here, repository }, reference, type);
  return (
    <Popover
      trigger={["click"]}
      placement="bottomRight"
      content={
        <div style={{ width: 560, maxWidth: "calc(100vw - 48px)" }}>
          <ToolTabs tools={tools} />
        </div>
      }
    >
      {primary ? (
        <Button type="primary" icon={<DownloadOutlined />}>
          {t("pull")}
        </Button>
      ) : (
        <Button
          type="text"
          icon={<DownloadOutlined />}
          aria-label={t("pull.of", { name: reference })}
        />
      )}
    </Popover>
  );
}
