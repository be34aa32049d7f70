import { NothingYet } from "../../parts/nothing-yet.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import type { May } from "./artifact-table.tsx";
import { pushCommands, pushOthers } from "./commands.ts";
import { here, ToolTabs } from "./pull-menu.tsx";

/** A repository without artifacts: how something gets there. */
export function NothingPushed({
  repository,
  may,
}: {
  readonly repository: string;
  readonly may: May;
}) {
  const t = useTexts("artifacts");
  const { name: person } = usePerson();
  if (!may("repository", "push")) {
    return <NothingYet title={t("none")}>{t("none.wait")}</NothingYet>;
  }
  const at = { ...here, repository };
  const images = pushCommands({ ...at, person });
  const podman = images.map((line) => line.replace(/^docker/, "podman"));
  const tools = [
    { tool: "docker", commands: images },
    { tool: "podman", commands: podman },
    ...pushOthers(at),
  ];
  return (
    <NothingYet
      title={t("none")}
      action={
        <div style={{ maxWidth: 720, margin: "0 auto", textAlign: "start" }}>
          <ToolTabs tools={tools} />
        </div>
      }
    >
      {t("none.push")}
    </NothingYet>
  );
}
