import { useQuery } from "@tanstack/react-query";
import { Form, Modal, Select } from "antd";
import { api } from "../../api.ts";
import { useTexts } from "../../texts.ts";

/** Rights of one's own, beside a role: as `resource:action`. */
export interface OwnRights {
  readonly grants: readonly string[];
  /** Taken away from what the role allows. Only in projects. */
  readonly denies?: readonly string[];
}

/** Asks which rights somebody has beside the role; `save` is given them. */
export function RightsModal({
  title,
  level,
  rights,
  save,
  onClose,
}: {
  readonly title: string;
  readonly level: "project" | "system";
  readonly rights: OwnRights;
  readonly save: (rights: { grants: string[]; denies: string[] }) => Promise<unknown>;
  readonly onClose: () => void;
}) {
  const t = useTexts("people");
  const [form] = Form.useForm<{ grants: string[]; denies?: string[] }>();
  const { data } = useQuery({
    queryKey: ["permissions"],
    queryFn: async () => (await api.robots.permissions()).body,
    staleTime: Infinity,
  });
  const options = data?.[level].map(({ resource, action }) => {
    const value = `${resource}:${action}`;
    return { value, label: value };
  });
  const submit = async () => {
    const { grants, denies = [] } = await form.validateFields();
    await save({ grants, denies });
  };
  return (
    <Modal open title={title} okText={t("save")} onOk={submit} onCancel={onClose} width={640}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ grants: [...rights.grants], denies: [...(rights.denies ?? [])] }}
      >
        <Form.Item name="grants" label={t("rights.grants")} extra={t("rights.grantsHelp")}>
          <Select mode="multiple" options={options} />
        </Form.Item>
        {rights.denies && (
          <Form.Item name="denies" label={t("rights.denies")} extra={t("rights.deniesHelp")}>
            <Select mode="multiple" options={options} />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}
