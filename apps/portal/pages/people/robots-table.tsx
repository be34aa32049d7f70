import { PlusOutlined } from "@ant-design/icons";
import type { Robot } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { Toggle } from "../../parts/toggle.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { RobotForm } from "./robot-form.tsx";
import { SecretOnce, type ShownSecret } from "./secret-once.tsx";

/** A project, as far as its robots need it. */
export interface RobotsPlace {
  readonly project_id: number;
  readonly name: string;
}

/** The robots of the system, or of `project`. */
export function RobotsTable({
  project,
  mayChange = true,
}: {
  readonly project?: RobotsPlace;
  readonly mayChange?: boolean;
}) {
  const t = useTexts("people");
  const queries = useQueryClient();
  const [editing, setEditing] = useState<Robot | "new" | null>(null);
  const [secret, setSecret] = useState<ShownSecret | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: ["robots"] });
  const columns = useColumns({ mayChange, refresh, edit: setEditing, show: setSecret });
  const level = project ? `Level=project,ProjectID=${project.project_id}` : "Level=system";
  const make = mayChange && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
      {t("robots.make")}
    </Button>
  );
  return (
    <>
      <ApiTable<Robot>
        label={t("robots.title")}
        queryKey={["robots", project?.project_id ?? 0]}
        load={(asked) => api.robots.list({ query: asked })}
        filter={level}
        columns={columns}
        rowKey={({ id }) => id}
        searchField="name"
        searchHint={t("robots.find")}
        tools={make}
        empty={
          <NothingYet title={t("robots.none")} action={make}>
            {t("robots.why")}
          </NothingYet>
        }
      />
      {editing !== null && (
        <RobotForm
          robot={editing === "new" ? null : editing}
          {...(project && { project })}
          made={setSecret}
          close={() => {
            setEditing(null);
            void refresh();
          }}
        />
      )}
      <SecretOnce shown={secret} use={t("robots.use")} onClose={() => setSecret(null)} />
    </>
  );
}

function useColumns({
  mayChange,
  refresh,
  edit,
  show,
}: {
  readonly mayChange: boolean;
  readonly refresh: () => Promise<void>;
  readonly edit: (robot: Robot) => void;
  readonly show: (secret: ShownSecret) => void;
}): Columns<Robot> {
  const t = useTexts("people");
  const { ask } = useDoing();

  const toggle = ({ id: robot_id, description, permissions }: Robot, on: boolean) => {
    const body = { description, permissions, disable: !on };
    return api.robots.update({ params: { robot_id }, body }).then(refresh);
  };
  const rotate = (robot: Robot) =>
    ask(
      {
        title: t("robots.rotateAsk", { name: robot.name }),
        about: t("robots.rotateAbout"),
        action: t("robots.rotate"),
        danger: true,
      },
      async () => {
        const { body } = await api.robots.refresh({ params: { robot_id: robot.id }, body: {} });
        show({ name: robot.name, secret: body.secret ?? "" });
      },
    );
  const remove = (robot: Robot) =>
    ask(
      {
        title: t("users.deleteAsk", { name: robot.name }),
        about: t("robots.deleteAbout"),
        action: t("users.delete"),
        danger: true,
      },
      () => api.robots.delete({ params: { robot_id: robot.id } }).then(refresh),
      t("users.deleted", { name: robot.name }),
    );
  const acts = { edit, rotate, remove } as const;

  return [
    {
      title: t("field.name"),
      render: (_, robot) => (
        <>
          <span className="code">{robot.name}</span>
          {robot.description && <div>{robot.description}</div>}
        </>
      ),
    },
    { title: t("robots.where"), render: (_, robot) => <Where robot={robot} /> },
    {
      title: t("tokens.until"),
      render: (_, { expires_at: at }) =>
        at < 0 ? t("tokens.never") : <When time={new Date(at * 1_000).toISOString()} />,
    },
    {
      title: t("robots.on"),
      render: (_, robot) => (
        <Toggle
          small
          on={!robot.disable}
          disabled={!mayChange || !robot.editable}
          label={t("robots.onOf", { name: robot.name })}
          change={(on) => toggle(robot, on)}
          done={() => t("users.saved")}
        />
      ),
    },
    {
      key: "actions",
      align: "right",
      render: (_, robot) =>
        mayChange &&
        robot.editable && (
          <Dropdown
            autoFocus
            trigger={["click"]}
            menu={{
              items: [
                { key: "edit", label: t("robots.edit") },
                { key: "rotate", label: t("robots.rotate") },
                { key: "remove", label: t("users.delete"), danger: true },
              ],
              onClick: ({ key }) => acts[key as keyof typeof acts](robot),
            }}
          >
            <Button size="small" aria-label={t("moreOf", { name: robot.name })}>
              {t("more")}
            </Button>
          </Dropdown>
        ),
    },
  ];
}

/** Where a robot may do how much. */
function Where({ robot }: { readonly robot: Robot }) {
  const t = useTexts("people");
  return (
    <>
      {robot.permissions.map(({ kind, namespace, access }) => (
        <Tag key={`${kind}:${namespace}`}>
          {namespace === "*"
            ? t("robots.everywhere", { count: access.length })
            : t("robots.rightsIn", { count: access.length, name: namespace })}
        </Tag>
      ))}
    </>
  );
}
