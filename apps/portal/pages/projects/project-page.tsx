import { ClockCircleOutlined, DeleteOutlined } from "@ant-design/icons";
import type { Project } from "@entrepot/api";
import { useParams } from "@tanstack/react-router";
import { Flex, Tag } from "antd";
import type { ReactNode } from "react";
import { projectPath } from "../../addresses.ts";
import { Failure } from "../../parts/failure.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { LinkTabs } from "../../parts/link-tabs.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { useMay } from "../../use-may.ts";
import { useProject } from "../../use-project.ts";
import { ProjectStorage } from "./project-storage.tsx";
import { PROJECT_TABS } from "./tabs.ts";

/** What a tab is given: the project, and what the caller may do in it. */
export interface InProject {
  readonly project: Project;
  readonly may: (resource: string, action: string) => boolean;
}

/** The frame of a project's tab `tab` (its key in tabs.ts), and in it what `children` returns. */
export function ProjectPage({
  tab,
  children,
}: {
  readonly tab: string;
  readonly children: (given: InProject) => ReactNode;
}) {
  const t = useTexts("projects");
  const { project: name = "" } = useParams({ strict: false }) as { project?: string };
  const { data: project, error, refetch } = useProject(name);
  const may = useMay(project?.project_id);
  if (error) {
    return (
      <>
        <PageHead title={name} trail={[{ title: t("title"), to: "/projects" }]} />
        <Failure error={error} again={() => void refetch()} />
      </>
    );
  }
  if (!project) return <Waiting />;
  const shown = PROJECT_TABS.filter(
    ({ key, right }) => key === tab || !right || may(...(right.split(":") as [string, string])),
  );
  return (
    <>
      <PageHead
        title={project.name}
        trail={[{ title: t("title"), to: "/projects" }]}
        about={<About project={project} />}
        actions={<Elsewhere name={project.name} bin={may("recovery", "restore")} />}
      />
      <LinkTabs
        label={t("tabs", { name: project.name })}
        active={tab}
        tabs={shown.map(({ key }) => ({
          key,
          label: t(`tab.${key || "repositories"}`),
          to: projectPath(project.name, key),
        }))}
      />
      {children({ project, may })}
    </>
  );
}

function About({ project }: { readonly project: Project }) {
  const t = useTexts("projects");
  return (
    <Flex gap={8} wrap align="center" style={{ marginTop: 4 }}>
      <Access project={project} />
      {project.registry_id > 0 && <Tag color="warning">{t("proxy")}</Tag>}
      <ProjectStorage name={project.name} />
      {project.metadata["description"] && <span>{project.metadata["description"]}</span>}
    </Flex>
  );
}

/** Whether anybody may pull from a project, in a word. */
export function Access({ project }: { readonly project: Pick<Project, "metadata"> }) {
  const t = useTexts("projects");
  return project.metadata.public === "true" ? (
    <Tag color="processing">{t("public")}</Tag>
  ) : (
    <Tag>{t("private")}</Tag>
  );
}

function Elsewhere({ name, bin }: { readonly name: string; readonly bin: boolean }) {
  const t = useTexts("projects");
  return (
    <>
      <LinkButton to="/timeline" search={{ scope: name }} icon={<ClockCircleOutlined />}>
        {t("timeline")}
      </LinkButton>
      {bin && (
        <LinkButton to="/recovery/bin" search={{ project: name }} icon={<DeleteOutlined />}>
          {t("bin")}
        </LinkButton>
      )}
    </>
  );
}
