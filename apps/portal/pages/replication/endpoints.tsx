import type { RegistryEndpoint } from "@entrepot/api";
import { ApiOutlined, DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Flex, Space, Typography } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { When } from "../../parts/units.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { EndpointDrawer } from "./endpoint-drawer.tsx";
import { EndpointUsers } from "./endpoint-users.tsx";

/** Registry endpoints, how they are, and what can be done with them. */
export default function Endpoints() {
  const t = useTexts("replication");
  const { sysadmin } = usePerson();
  const navigate = useNavigate();
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const columns = useColumns();
  const edit = (id: string | undefined) =>
    void navigate({ to: ".", search: { ...search, edit: id } as never });
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => edit("new")}>
      {t("endpoint.add")}
    </Button>
  );
  return (
    <>
      <PageHead
        title={t("endpoints.title")}
        about={t("endpoints.about")}
        actions={sysadmin && add}
      />
      <ApiTable<RegistryEndpoint>
        label={t("endpoints.title")}
        queryKey={["endpoints"]}
        load={(query) => api.registries.list({ query })}
        columns={columns}
        rowKey={({ id }) => id}
        searchField="name"
        searchHint={t("endpoints.search")}
        refreshMs={10_000}
        empty={
          <NothingYet
            title={t("endpoints.none")}
            commands={["entrepot registry add backup https://registry.example -u admin"]}
            action={sysadmin && add}
          >
            {t("endpoints.noneAbout")}
          </NothingYet>
        }
      />
      <EndpointDrawer asked={search["edit"]} close={() => edit(undefined)} />
    </>
  );
}

function useColumns(): Columns<RegistryEndpoint> {
  const t = useTexts("replication");
  const { sysadmin } = usePerson();
  const columns: Columns<RegistryEndpoint> = [
    {
      title: t("name"),
      key: "name",
      render: (_, endpoint) => (
        <>
          <Typography.Text strong>{endpoint.name}</Typography.Text>
          <div>
            <Typography.Text type="secondary">{endpoint.description}</Typography.Text>
          </div>
        </>
      ),
    },
    { title: t("endpoint.type"), key: "type", render: (_, { type }) => t(`type.${type}`) },
    {
      title: t("endpoint.url"),
      key: "url",
      render: (_, { url }) => <span className="code">{url}</span>,
    },
    { title: t("endpoint.health"), key: "health", render: (_, one) => <Health endpoint={one} /> },
  ];
  const actions: Columns<RegistryEndpoint> = [
    { key: "actions", align: "right", render: (_, endpoint) => <Actions endpoint={endpoint} /> },
  ];
  return sysadmin ? [...columns, ...actions] : columns;
}

/** Whether an endpoint answers, when it was last asked, and why it does not. */
export function Health({ endpoint }: { readonly endpoint: RegistryEndpoint }) {
  const t = useTexts("replication");
  const { status, status_text: why, check_time: at } = endpoint;
  return (
    <Flex vertical gap={2} style={{ maxWidth: 420, whiteSpace: "normal" }}>
      <span>
        <StatusTag status={status} />
        {at && (
          <Typography.Text type="secondary">
            {t("endpoint.asked")} <When time={at} />
          </Typography.Text>
        )}
      </span>
      {status === "unhealthy" && why && (
        <Typography.Text type="danger">
          <ServerWords>{why}</ServerWords>
        </Typography.Text>
      )}
    </Flex>
  );
}

function Actions({ endpoint }: { readonly endpoint: RegistryEndpoint }) {
  const t = useTexts("replication");
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const [asking, setAsking] = useState(false);
  const { id, name } = endpoint;
  const refresh = () => queries.invalidateQueries({ queryKey: ["endpoints"] });
  const ping = async () => {
    setAsking(true);
    await run(() => api.registries.ping({ body: { id } }), t("endpoint.answers", { name }));
    await refresh();
    setAsking(false);
  };
  const remove = () =>
    ask(
      {
        title: t("endpoint.removeTitle", { name }),
        about: <EndpointUsers endpoint={endpoint} />,
        action: t("endpoint.remove"),
        danger: true,
      },
      async () => {
        await api.registries.delete({ params: { id } });
        await refresh();
      },
      t("endpoint.removed", { name }),
    );
  return (
    <Space size={0}>
      <Button type="text" icon={<ApiOutlined />} loading={asking} onClick={() => void ping()}>
        {t("endpoint.ping")}
      </Button>
      <LinkButton
        type="text"
        icon={<EditOutlined />}
        aria-label={t("endpoint.edit", { name })}
        to="/replication/endpoints"
        search={{ edit: String(id) }}
      />
      <Button
        type="text"
        danger
        icon={<DeleteOutlined />}
        aria-label={t("endpoint.removeTitle", { name })}
        onClick={remove}
      />
    </Space>
  );
}
