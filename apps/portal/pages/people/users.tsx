import { PlusOutlined } from "@ant-design/icons";
import type { User } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown, Switch, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { When } from "../../parts/units.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { NewUser } from "./new-user.tsx";
import { RightsModal } from "./rights-modal.tsx";
import { ResetPassword } from "./reset-password.tsx";

/** Everybody who can sign in. */
export default function Users() {
  const t = useTexts("people");
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const [resetting, setResetting] = useState<User | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: ["users"] });

  const [righting, setRighting] = useState<User | null>(null);
  const { run } = useDoing();
  const columns = useColumns({ refresh, reset: setResetting, give: setRighting });

  return (
    <>
      <PageHead
        title={t("users.title")}
        about={t("users.about")}
        actions={
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
            {t("users.make")}
          </Button>
        }
      />
      <ApiTable<User>
        label={t("users.title")}
        queryKey={["users"]}
        load={(asked) => api.users.list({ query: asked })}
        columns={columns}
        rowKey={(user) => user.user_id}
        searchField="username"
        searchHint={t("users.search")}
      />
      <NewUser
        open={making}
        onClose={() => {
          setMaking(false);
          void refresh();
        }}
      />
      <ResetPassword user={resetting} onClose={() => setResetting(null)} />
      {righting && (
        <RightsModal
          title={t("rights.of", { name: righting.username })}
          level="system"
          rights={{ grants: righting.rights }}
          close={() => setRighting(null)}
          save={async ({ grants: rights }) => {
            const params = { user_id: righting.user_id };
            const call = () => api.users.setRights({ params, body: { rights } });
            const done = await run(call, t("users.saved"));
            if (done) await refresh();
            return done;
          }}
        />
      )}
    </>
  );
}

function useColumns({
  refresh,
  reset,
  give,
}: {
  readonly give: (user: User) => void;
  readonly refresh: () => Promise<void>;
  readonly reset: (user: User) => void;
}): Columns<User> {
  const t = useTexts("people");
  const me = usePerson();
  const { ask, run } = useDoing();

  const setSysadmin = async (user: User, sysadmin_flag: boolean) => {
    const params = { user_id: user.user_id };
    await run(() => api.users.setSysadmin({ params, body: { sysadmin_flag } }), t("users.saved"));
    await refresh();
  };
  const remove = (user: User) =>
    ask(
      {
        title: t("users.deleteAsk", { name: user.username }),
        about: t("users.deleteAbout"),
        action: t("users.delete"),
        danger: true,
      },
      () => api.users.delete({ params: { user_id: user.user_id } }).then(refresh),
      t("users.deleted", { name: user.username }),
    );
  const acts: Readonly<Record<string, (user: User) => void>> = {
    password: reset,
    rights: give,
    delete: remove,
  };
  return [
    {
      title: t("field.username"),
      key: "username",
      sorter: true,
      render: (_, user) => (
        <>
          {user.username} {user.user_id === me.id && <Tag>{t("users.you")}</Tag>}
        </>
      ),
    },
    { title: t("field.realname"), dataIndex: "realname" },
    { title: t("field.email"), key: "email", dataIndex: "email", sorter: true },
    { title: t("users.source"), render: (_, user) => t(`users.source.${user.source}`) },
    {
      title: t("users.sysadmin"),
      render: (_, user) => (
        <Switch
          size="small"
          checked={user.sysadmin_flag}
          aria-label={t("users.sysadminOf", { name: user.username })}
          onChange={(on) => void setSysadmin(user, on)}
        />
      ),
    },
    {
      title: t("users.since"),
      key: "creation_time",
      sorter: true,
      render: (_, user) => <When time={user.creation_time} />,
    },
    {
      key: "actions",
      align: "right",
      render: (_, user) => (
        <Dropdown
          autoFocus
          trigger={["click"]}
          menu={{
            items: [
              {
                key: "password",
                label: t("password.reset"),
                // A directory's people have their password there.
                disabled: user.source !== "local",
              },
              { key: "rights", label: t("rights.title") },
              { key: "delete", label: t("users.delete"), danger: true },
            ],
            onClick: ({ key }) => acts[key]?.(user),
          }}
        >
          <Button size="small">{t("more")}</Button>
        </Dropdown>
      ),
    },
  ];
}
