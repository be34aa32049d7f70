import { PlusOutlined } from "@ant-design/icons";
import type { AccessToken } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Card, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { NewToken } from "./new-token.tsx";

/** One's personal access tokens: passwords for clients, that can be revoked alone. */
export function TokensCard() {
  const t = useTexts("people");
  const { ask } = useDoing();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const refresh = () => queries.invalidateQueries({ queryKey: ["tokens-of-mine"] });

  const revoke = (token: AccessToken) =>
    ask(
      {
        title: t("tokens.revokeAsk", { name: token.name }),
        about: t("tokens.revokeAbout"),
        action: t("tokens.revoke"),
        danger: true,
      },
      () => api.accessTokens.revoke({ params: { token_id: token.id } }).then(refresh),
      t("tokens.revoked"),
    );
  const columns: Columns<AccessToken> = [
    { title: t("field.name"), dataIndex: "name" },
    {
      title: t("tokens.may"),
      render: (_, item) => <Tag>{item.read_only ? t("tokens.readOnly") : t("tokens.all")}</Tag>,
    },
    { title: t("tokens.made"), render: (_, item) => <When time={item.creation_time} /> },
    { title: t("tokens.used"), render: (_, item) => <When time={item.last_used_time} /> },
    {
      title: t("tokens.until"),
      render: (_, item) =>
        item.expiration_time ? <When time={item.expiration_time} /> : t("tokens.never"),
    },
    {
      key: "actions",
      align: "right",
      render: (_, item) => (
        <Button size="small" danger onClick={() => revoke(item)}>
          {t("tokens.revoke")}
        </Button>
      ),
    },
  ];
  const make = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t("tokens.make")}
    </Button>
  );

  return (
    <Card title={t("tokens.title")} extra={make}>
      <ApiTable<AccessToken>
        label={t("tokens.title")}
        name="tokens"
        queryKey={["tokens-of-mine"]}
        load={({ page, page_size }) => api.accessTokens.list({ query: { page, page_size } })}
        columns={columns}
        rowKey={(item) => item.id}
        empty={<NothingYet title={t("tokens.none")}>{t("tokens.why")}</NothingYet>}
      />
      <NewToken
        open={making}
        onClose={() => {
          setMaking(false);
          void refresh();
        }}
      />
    </Card>
  );
}
