import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Flex, Form, Input, Select, Switch } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { useTexts } from "../../texts.ts";

/** What everybody is told: Harbor's `banner_message`, with a text in Chinese beside it. */
interface Announcement {
  readonly message: string;
  readonly message_zh?: string;
  readonly type: "success" | "info" | "warning" | "danger";
  readonly closable: boolean;
  readonly fromDate?: string;
  readonly toDate?: string;
}

const NONE: Announcement = { message: "", type: "info", closable: true };

/** Tells everybody something, at the top of every page. */
export function AnnouncementForm({ stored }: { readonly stored: string }) {
  const t = useTexts("settings");
  const { run } = useDoing();
  const queries = useQueryClient();
  const [form] = Form.useForm<Announcement>();
  const shown = Form.useWatch([], form) ?? NONE;

  const put = async (banner_message: string | null) => {
    const body = { banner_message };
    if (!(await run(() => api.configurations.update({ body }), t("saved")))) return;
    await queries.invalidateQueries({ queryKey: ["settings"] });
    await queries.invalidateQueries({ queryKey: ["systeminfo"] });
  };
  const save = (values: Announcement) => {
    const filled = Object.entries(values).filter(
      ([, value]) => value !== undefined && value !== "",
    );
    return put(JSON.stringify(Object.fromEntries(filled)));
  };

  return (
    <Form<Announcement>
      form={form}
      layout="vertical"
      initialValues={parsed(stored)}
      onFinish={(values) => void save(values)}
      style={{ maxWidth: 680 }}
    >
      {shown.message && (
        <Alert
          banner
          title={shown.message}
          type={shown.type === "danger" ? "error" : shown.type}
          style={{ marginBottom: 16 }}
        />
      )}
      <Form.Item
        name="message"
        label={t("announcement.message")}
        rules={[{ required: true, message: t("announcement.missing") }]}
      >
        <Input.TextArea maxLength={2_000} autoSize={{ minRows: 2 }} />
      </Form.Item>
      <Form.Item name="message_zh" label={t("announcement.messageZh")}>
        <Input.TextArea maxLength={2_000} autoSize={{ minRows: 2 }} />
      </Form.Item>
      <Form.Item name="type" label={t("announcement.type")}>
        <Select
          options={(["info", "success", "warning", "danger"] as const).map((value) => ({
            value,
            label: t(`announcement.type.${value}`),
          }))}
        />
      </Form.Item>
      <Flex gap={16} wrap>
        <Form.Item
          name="fromDate"
          label={t("announcement.from")}
          extra={t("announcement.dateHelp")}
        >
          <Input type="date" />
        </Form.Item>
        <Form.Item name="toDate" label={t("announcement.to")}>
          <Input type="date" />
        </Form.Item>
      </Flex>
      <Form.Item name="closable" label={t("announcement.closable")} valuePropName="checked">
        <Switch />
      </Form.Item>
      <Flex gap={8}>
        <Button type="primary" htmlType="submit">
          {t("announcement.show")}
        </Button>
        <Button onClick={() => void put(null).then(() => form.setFieldsValue(NONE))}>
          {t("announcement.end")}
        </Button>
      </Flex>
    </Form>
  );
}

function parsed(stored: string): Announcement {
  try {
    return { ...NONE, ...(JSON.parse(stored) as Announcement) };
  } catch {
    return NONE;
  }
}
