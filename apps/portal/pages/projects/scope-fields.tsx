import { Checkbox, Flex, Form, Input, Select } from "antd";
import { useTexts } from "../../texts.ts";
import type { ScopeFields } from "./rule-fields.ts";

/** Fields of a form about which repositories and tags a rule is. */
export function ScopeFormFields({ untagged }: { readonly untagged: boolean }) {
  const t = useTexts("rules");
  const which = (yes: string, no: string) => [
    { value: false, label: yes },
    { value: true, label: no },
  ];
  const needed = [{ required: true, message: t("pattern.missing") }];
  return (
    <>
      <Form.Item label={t("repositories")} extra={t("pattern.about")}>
        <Flex gap={8} wrap>
          <Form.Item name="allBut" noStyle>
            <Select
              aria-label={t("repositories.which")}
              style={{ flex: "1 1 140px" }}
              options={which(t("matching"), t("excluding"))}
            />
          </Form.Item>
          <Form.Item name="repositories" noStyle rules={needed}>
            <Input
              className="code"
              aria-label={t("repositories")}
              style={{ flex: "2 1 180px" }}
              placeholder="**"
            />
          </Form.Item>
        </Flex>
      </Form.Item>
      <Form.Item label={t("tags")}>
        <Flex gap={8} wrap>
          <Form.Item name="tagsBut" noStyle>
            <Select
              aria-label={t("tags.which")}
              style={{ flex: "1 1 140px" }}
              options={which(t("matching"), t("excluding"))}
            />
          </Form.Item>
          <Form.Item name="tags" noStyle rules={needed}>
            <Input
              className="code"
              aria-label={t("tags")}
              style={{ flex: "2 1 180px" }}
              placeholder="**"
            />
          </Form.Item>
        </Flex>
      </Form.Item>
      {untagged && (
        <Form.Item name="untagged" valuePropName="checked">
          <Checkbox>{t("untagged")}</Checkbox>
        </Form.Item>
      )}
    </>
  );
}

/** What a rule is about, in words. */
export function ScopeText({
  scope,
  untagged = false,
}: {
  readonly scope: ScopeFields;
  readonly untagged?: boolean;
}) {
  const t = useTexts("rules");
  const word = (but: boolean) => (but ? t("excluding") : t("matching"));
  return (
    <>
      <div>
        {t("repositories")} {word(scope.allBut)} <code>{scope.repositories}</code>
      </div>
      <div>
        {t("tags")} {word(scope.tagsBut)} <code>{scope.tags}</code>
        {untagged && scope.untagged && <> · {t("untagged.short")}</>}
      </div>
    </>
  );
}
