import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Flex } from "antd";
import { api } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { When } from "../../parts/units.tsx";
import { Lines } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { Line, Panel, Quiet } from "./panel.tsx";

const MOST = 8;

/** The projects that one may see, and where something was pushed last. */
export function Yours() {
  return (
    <Flex gap={16} wrap align="stretch">
      <Projects />
      <Recent />
    </Flex>
  );
}

function Projects() {
  const t = useTexts("home");
  const { data, error } = useQuery({
    queryKey: ["projects", "home"],
    queryFn: async () => (await api.projects.list({ query: { page_size: MOST } })).body,
  });
  return (
    <Panel title={t("projects")} to="/projects" all={t("all")}>
      {error && <Failure error={error} />}
      {!data && !error && <Lines />}
      {data?.length === 0 && <Quiet>{t("projects.none")}</Quiet>}
      {data?.map(({ name, repo_count, metadata }) => (
        <Line key={name} end={<Quiet>{t("projects.repositories", { count: repo_count })}</Quiet>}>
          <Link to={`/projects/${name}` as string}>{name}</Link>{" "}
          {metadata.public === "true" && <Quiet>{t("projects.public")}</Quiet>}
        </Line>
      ))}
    </Panel>
  );
}

function Recent() {
  const t = useTexts("home");
  const { data, error } = useQuery({
    queryKey: ["repositories", "home"],
    queryFn: async () => {
      const query = { page_size: MOST, sort: "-update_time" };
      return (await api.repositories.listAll({ query })).body;
    },
  });
  return (
    <Panel title={t("recent")}>
      {error && <Failure error={error} />}
      {!data && !error && <Lines />}
      {data?.length === 0 && <Quiet>{t("recent.none")}</Quiet>}
      {data?.map(({ name, update_time }) => (
        <Line key={name} end={<When time={update_time} />}>
          <Link to={pathOf(name)}>{name}</Link>
        </Line>
      ))}
    </Panel>
  );
}

function pathOf(name: string): string {
  const slash = name.indexOf("/");
  return `/projects/${name.slice(0, slash)}/repositories/${name.slice(slash + 1)}`;
}
