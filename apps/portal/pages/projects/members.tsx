import type { Member } from "@entrepot/api";
import { DeleteOutlined, UserAddOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Select, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { useTexts } from "../../texts.ts";
import { RightsModal } from "../people/rights-modal.tsx";
import { NewMember } from "./new-member.tsx";
import { type InProject, ProjectPage } from "./project-page.tsx";
import { useRoles } from "./roles.ts";

/** Who may do what in a project. */
export default function Members() {
  return <ProjectPage tab="members">{(given) => <List {...given} />}</ProjectPage>;
}

function List({ project, may }: InProject) {
  const t = useTexts("projects");
  const [adding, setAdding] = useState(false);
  const [righting, setRighting] = useState<Member | null>(null);
  const queries = useQueryClient();
  const { run } = useDoing();
  const columns = useColumns({ project, may, give: setRighting });
  const params = { project_name_or_id: project.name };
  const headers = { "x-is-resource-name": "true" };
  return (
    <>
      <ApiTable<Member>
        label={t("tab.members")}
        queryKey={["members", project.name]}
        load={({ q, page, page_size }) => {
          const find = q?.replace(/^entityname=~/, "");
          const query = { page, page_size, ...(find && { entityname: find }) };
          return api.members.list({ params, headers, query });
        }}
        columns={columns}
        rowKey={({ id }) => id}
        searchField="entityname"
        searchHint={t("members.find")}
        tools={
          may("member", "create") && (
            <Button type="primary" icon={<UserAddOutlined />} onClick={() => setAdding(true)}>
              {t("members.add")}
            </Button>
          )
        }
      />
      {adding && <NewMember project={project.name} close={() => setAdding(false)} />}
      {righting && (
        <RightsModal
          title={t("members.rightsOf", { name: righting.entity_name })}
          level="project"
          rights={righting}
          close={() => setRighting(null)}
          save={async (rights) => {
            const given = { params: { ...params, mid: righting.id }, headers };
            const body = { role_id: righting.role_id, ...rights };
            const name = righting.entity_name;
            const call = () => api.members.update({ ...given, body });
            const done = await run(call, t("members.changed", { name }));
            if (done) await queries.invalidateQueries({ queryKey: ["members"] });
            return done;
          }}
        />
      )}
    </>
  );
}

function useColumns({
  project,
  may,
  give,
}: InProject & { readonly give: (member: Member) => void }): Columns<Member> {
  const t = useTexts("projects");
  const queries = useQueryClient();
  const roles = useRoles();
  const { ask, run } = useDoing();
  const refresh = () => queries.invalidateQueries({ queryKey: ["members"] });
  const at = (mid: number) => ({
    params: { project_name_or_id: project.name, mid },
    headers: { "x-is-resource-name": "true" },
  });

  const setRole = (member: Member, role: number) =>
    run(
      async () => {
        await api.members.update({ ...at(member.id), body: { role_id: role } });
        await refresh();
      },
      t("members.changed", { name: member.entity_name }),
    );
  const remove = (member: Member) =>
    ask(
      {
        title: t("members.remove.ask", { name: member.entity_name }),
        about: t("members.remove.about"),
        action: t("members.remove"),
        danger: true,
      },
      () => api.members.delete(at(member.id)).then(refresh),
      t("members.removed", { name: member.entity_name }),
    );

  return [
    { title: t("members.name"), render: (_, { entity_name: name }) => <strong>{name}</strong> },
    {
      title: t("members.kind"),
      render: (_, { entity_type: type }) => <Tag>{t(`members.kind.${type as string}`)}</Tag>,
    },
    {
      title: t("role"),
      render: (_, member) =>
        may("member", "update") ? (
          <Select
            aria-label={t("members.roleOf", { name: member.entity_name })}
            style={{ width: 180 }}
            value={member.role_id}
            options={roles}
            onChange={(role: number) => void setRole(member, role)}
          />
        ) : (
          t(`role.${member.role_id}`)
        ),
    },
    {
      title: t("members.rights"),
      render: (_, member) => (
        <>
          {member.grants.length > 0 && <Tag color="green">+{member.grants.length}</Tag>}
          {member.denies.length > 0 && <Tag color="red">−{member.denies.length}</Tag>}
          {may("member", "update") && (
            <Button
              type="link"
              size="small"
              aria-label={t("members.rightsOf", { name: member.entity_name })}
              onClick={() => give(member)}
            >
              {t("members.rights.edit")}
            </Button>
          )}
        </>
      ),
    },
    {
      key: "do",
      align: "right",
      render: (_, member) =>
        may("member", "delete") && (
          <Button
            type="text"
            danger
            icon={<DeleteOutlined />}
            aria-label={t("members.removeOne", { name: member.entity_name })}
            onClick={() => remove(member)}
          />
        ),
    },
  ];
}
