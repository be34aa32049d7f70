import { Form, Input, InputNumber, Switch } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { SecretOnce, type ShownSecret } from "./secret-once.tsx";

interface Fields {
  readonly name: string;
  readonly days: number | null;
  readonly readOnly: boolean;
}

/** Makes a personal access token, and shows its secret this once. */
export function NewToken({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const t = useTexts("people");
  const { name: person } = usePerson();
  const { run } = useDoing();
  const [secret, setSecret] = useState<ShownSecret | null>(null);
  const make = ({ name, days, readOnly }: Fields) =>
    run(async () => {
      const body = { name, duration: days ?? -1, read_only: readOnly };
      setSecret({ name, secret: (await api.accessTokens.create({ body })).body.secret });
    });
  return (
    <>
      <FormModal<Fields>
        open={open}
        title={t("tokens.make")}
        action={t("tokens.make")}
        first={{ days: 90, readOnly: false }}
        submit={make}
        close={onClose}
      >
        <Form.Item
          name="name"
          label={t("field.name")}
          extra={t("tokens.nameHelp")}
          rules={[{ required: true, message: t("field.nameMissing") }]}
        >
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="days" label={t("tokens.days")} extra={t("tokens.daysHelp")}>
          <InputNumber min={1} max={3650} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="readOnly" label={t("tokens.readOnly")} valuePropName="checked">
          <Switch />
        </Form.Item>
      </FormModal>
      <SecretOnce
        shown={secret}
        use={t("tokens.use")}
        username={person}
        onClose={() => setSecret(null)}
      />
    </>
  );
}
