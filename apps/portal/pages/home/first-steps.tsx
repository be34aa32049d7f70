import { useQuery } from "@tanstack/react-query";
import { Flex } from "antd";
import { api } from "../../api.ts";
import { Command } from "../../parts/copy.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { firstCommands } from "./first-commands.ts";
import { Panel } from "./panel.tsx";

/** While there is nothing to be seen: how the first image gets here, to be typed as it stands. */
export default function FirstSteps() {
  const t = useTexts("home");
  const { name } = usePerson();
  const { data: project } = useQuery({
    queryKey: ["projects", "first"],
    queryFn: async () => (await api.projects.list({ query: { page_size: 1 } })).body[0]?.name,
  });
  const { docker, skopeo } = firstCommands(location, project ?? "library", name);
  return (
    <Panel title={t("first.title")} wide>
      <p style={{ marginTop: 0 }}>{t("first.about")}</p>
      <Flex gap={24} wrap>
        <div style={{ flex: "1 1 380px", minWidth: 0 }}>
          <h3 style={{ fontSize: 14 }}>Docker</h3>
          {docker.map((text) => (
            <Command key={text} text={text} />
          ))}
        </div>
        <div style={{ flex: "1 1 380px", minWidth: 0 }}>
          <h3 style={{ fontSize: 14 }}>skopeo</h3>
          {skopeo.map((text) => (
            <Command key={text} text={text} />
          ))}
        </div>
      </Flex>
    </Panel>
  );
}
