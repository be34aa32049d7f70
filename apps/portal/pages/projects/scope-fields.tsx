import { Checkbox, Flex, Form, Input, Select } from "antd";
import { useTexts } from "../../texts.ts";
import type { ScopeFields } from "./rule-fields.ts";

/** Fields of a form about which repositories and tags a rule is. */
export function ScopeFormFields({ untagged }: { readonly untagged: boolean }) {
  const t = useTexts("rules");
  return (
    <>
      <Pattern
        names={["allBut", "repositories"]}
        labels={[t("repositories.which"), t("repositories")]}
        about={t("pattern.about")}
      />
      <Pattern names={["tagsBut", "tags"]} labels={[t("tags.which"), t("tags")]} />
      {untagged && (
        <Form.Item name="untagged" valuePropName="checked">
          <Checkbox>{t("untagged")}</Checkbox>
        </Form.Item>
      )}
    </>
  );
}

/** Names that match a pattern, or all but those: two fields, `names` and `labels` in that order. */
function Pattern({
  names: [but, pattern],
  labels: [which, label],
  about,
}: {
  readonly names: readonly [keyof ScopeFields, keyof ScopeFields];
  readonly labels: readonly [string, string];
  readonly about?: string;
}) {
  const t = useTexts("rules");
  const choices = [
    { value: false, label: t("matching") },
    { value: true, label: t("excluding") },
  ];
  const needed = [{ required: true, message: t("pattern.missing") }];
  return (
    <Form.Item label={label} extra={about}>
      <Flex gap={8} wrap>
        <Form.Item name={but} noStyle>
          <Select aria-label={which} style={{ flex: "1 1 140px" }} options={choices} />
        </Form.Item>
        <Form.Item name={pattern} noStyle rules={needed}>
          <Input
            className="code"
            aria-label={label}
            style={{ flex: "2 1 180px" }}
            placeholder="**"
          />
        </Form.Item>
      </Flex>
    </Form.Item>
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
