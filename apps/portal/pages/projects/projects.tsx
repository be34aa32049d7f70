import { MoreOutlined, PlusOutlined } from "@ant-design/icons";
import type { Project } from "@entrepot/api";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Dropdown, Segmented, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { projectPath } from "../../addresses.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Count, When } from "../../parts/units.tsx";
import { usePerson } from "../../session.ts";
import { type Text, useTexts } from "../../texts.ts";
import { NewProject } from "./new-project.tsx";
import { Access } from "./project-page.tsx";
import { ProjectStorage } from "./project-storage.tsx";
import { useDeletingProject } from "./use-deleting-project.tsx";

/** The projects that the caller may see. */
export default function Projects() {
  const t = useTexts("projects");
  const [adding, setAdding] = useState(false);
  const { access } = useSearch({ strict: false }) as { access?: string };
  const filter = access === "true" || access === "false" ? `public=${access}` : undefined;
  const columns = useColumns(t);
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
      {t("new")}
    </Button>
  );
  return (
    <>
      <PageHead title={t("title")} about={t("about")} actions={create} />
      <ApiTable<Project>
        label={t("title")}
        queryKey={["projects", "list", filter]}
        load={(asked) => api.projects.list({ query: asked })}
        columns={columns}
        rowKey={({ project_id: id }) => id}
        searchField="name"
        searchHint={t("find")}
        {...(filter && { filter })}
        tools={<AccessFilter value={access ?? ""} />}
        empty={
          filter ? undefined : (
            <NothingYet title={t("none")} action={create}>
              {t("none.about")}
            </NothingYet>
          )
        }
      />
      {adding && <NewProject close={() => setAdding(false)} />}
    </>
  );
}

function AccessFilter({ value }: { readonly value: string }) {
  const t = useTexts("projects");
  const navigate = useNavigate();
  const search: Record<string, string> = useSearch({ strict: false });
  const options = [
    { value: "", label: t("filter.all") },
    { value: "true", label: t("public") },
    { value: "false", label: t("private") },
  ];
  return (
    <Segmented
      aria-label={t("filter")}
      value={value}
      options={options}
      onChange={(access) => {
        const to = { ...search, access: access || undefined, page: undefined };
        void navigate({ to: ".", search: to as never, replace: true });
      }}
    />
  );
}

function useColumns(t: Text): Columns<Project> {
  const { sysadmin } = usePerson();
  return [
    {
      key: "name",
      title: t("name"),
      sorter: true,
      render: (_, { name }) => (
        <Link to={projectPath(name)}>
          <strong>{name}</strong>
        </Link>
      ),
    },
    {
      title: t("access"),
      render: (_, project) => (
        <>
          <Access project={project} />
          {project.registry_id > 0 && <Tag color="warning">{t("proxy")}</Tag>}
        </>
      ),
    },
    {
      title: t("role"),
      render: (_, { current_user_role_id: role }) =>
        role > 0 ? t(`role.${role}`) : sysadmin ? t("role.sysadmin") : "–",
    },
    {
      title: t("repositories"),
      align: "right",
      render: (_, { repo_count: count }) => <Count value={count} />,
    },
    { title: t("storage"), render: (_, { name }) => <ProjectStorage name={name} /> },
    {
      key: "creation_time",
      title: t("created"),
      sorter: true,
      render: (_, project) => <When time={project.creation_time} />,
    },
    { key: "do", align: "right", render: (_, project) => <Actions project={project} /> },
  ];
}

function Actions({ project }: { readonly project: Project }) {
  const t = useTexts("projects");
  const remove = useDeletingProject();
  const { sysadmin } = usePerson();
  if (!sysadmin && project.current_user_role_id !== 1) return null;
  return (
    <Dropdown
      autoFocus
      trigger={["click"]}
      menu={{
        items: [{ key: "delete", danger: true, label: t("delete") }],
        onClick: () => void remove(project),
      }}
    >
      <Button
        type="text"
        icon={<MoreOutlined />}
        aria-label={t("actions", { name: project.name })}
      />
    </Dropdown>
  );
}
