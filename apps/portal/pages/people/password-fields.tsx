import { Form, Input } from "antd";
import { useTexts } from "../../texts.ts";

/** A new password, twice. The server has the last word on what does. */
export function PasswordFields() {
  const t = useTexts("people");
  return (
    <>
      <Form.Item
        name="password"
        label={t("password.new")}
        extra={t("password.rule")}
        rules={[
          { required: true, message: t("password.missing") },
          { min: 8, max: 128, message: t("password.rule") },
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="again"
        label={t("password.again")}
        dependencies={["password"]}
        rules={[
          { required: true, message: t("password.missing") },
          ({ getFieldValue }) => ({
            validator: (_, value: string) =>
              !value || getFieldValue("password") === value
                ? Promise.resolve()
                : Promise.reject(new Error(t("password.different"))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
    </>
  );
}
