import { PlusOutlined } from "@ant-design/icons";
import type { UserGroup } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Radio } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { useTexts } from "../../texts.ts";

const LDAP = 1;
const OIDC = 3;

/** Groups of directories, which can be members of projects as people are. */
export default function Groups() {
  const t = useTexts("people");
  const { ask } = useDoing();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const refresh = () => queries.invalidateQueries({ queryKey: ["groups"] });
  const remove = (group: UserGroup) =>
    ask(
      {
        title: t("users.deleteAsk", { name: group.group_name }),
        about: t("groups.deleteAbout"),
        action: t("users.delete"),
        danger: true,
      },
      () => api.userGroups.delete({ params: { group_id: group.id } }).then(refresh),
      t("users.deleted", { name: group.group_name }),
    );
  const columns: Columns<UserGroup> = [
    { title: t("field.name"), dataIndex: "group_name" },
    {
      title: t("groups.from"),
      render: (_, { group_type: type }) => (type === LDAP ? "LDAP" : "OpenID Connect"),
    },
    { title: t("groups.dn"), dataIndex: "ldap_group_dn" },
    {
      key: "actions",
      align: "right",
      render: (_, group) => (
        <Button size="small" danger onClick={() => remove(group)}>
          {t("users.delete")}
        </Button>
      ),
    },
  ];
  const make = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t("groups.make")}
    </Button>
  );
  return (
    <>
      <PageHead title={t("groups.title")} about={t("groups.about")} />
      <ApiTable<UserGroup>
        label={t("groups.title")}
        queryKey={["groups"]}
        load={({ page, page_size, q }) => {
          const group_name = q?.replace(/^group_name=~/, "");
          const query = { page, page_size, ...(group_name && { group_name }) };
          return api.userGroups.list({ query });
        }}
        columns={columns}
        rowKey={({ id }) => id}
        searchField="group_name"
        tools={make}
        empty={
          <NothingYet title={t("groups.none")} action={make}>
            {t("groups.why")}
          </NothingYet>
        }
      />
      {making && (
        <NewGroup
          onClose={() => {
            setMaking(false);
            void refresh();
          }}
        />
      )}
    </>
  );
}

interface Fields {
  readonly type: typeof LDAP | typeof OIDC;
  readonly name: string;
  readonly dn?: string;
}

function NewGroup({ onClose }: { readonly onClose: () => void }) {
  const t = useTexts("people");
  const { run } = useDoing();
  const [form] = Form.useForm<Fields>();
  const type = Form.useWatch("type", form) ?? LDAP;
  const make = ({ name, dn = "", type: group_type }: Fields) => {
    const body = { group_name: name, group_type, ldap_group_dn: dn };
    return run(() => api.userGroups.create({ body }), t("users.saved"));
  };
  return (
    <FormModal<Fields>
      title={t("groups.make")}
      action={t("groups.make")}
      form={form}
      first={{ type: LDAP }}
      submit={make}
      close={onClose}
    >
      <Form.Item name="type" label={t("groups.from")}>
        <Radio.Group
          options={[
            { value: LDAP, label: "LDAP" },
            { value: OIDC, label: "OpenID Connect" },
          ]}
        />
      </Form.Item>
      <Form.Item
        name="name"
        label={t("field.name")}
        extra={type === OIDC ? t("groups.claimHelp") : undefined}
        rules={[{ required: true, message: t("field.nameMissing") }]}
      >
        <Input maxLength={255} />
      </Form.Item>
      {type === LDAP && (
        <Form.Item
          name="dn"
          label={t("groups.dn")}
          extra="cn=builders,ou=groups,dc=example,dc=org"
          rules={[{ required: true, message: t("groups.dnMissing") }]}
        >
          <Input maxLength={1024} />
        </Form.Item>
      )}
    </FormModal>
  );
}
