import { BulbOutlined, GlobalOutlined } from "@ant-design/icons";
import { Button, Dropdown, Flex } from "antd";
import { type Shade, setShade, shade } from "../theme.ts";
import { type Language, LANGUAGES, setLanguage, useLanguage, useTexts } from "../texts.ts";

/** Language and colours. */
export function Preferences() {
  const t = useTexts("shell");
  const language = useLanguage();
  const shades: readonly Shade[] = ["light", "dark", "system"];
  return (
    <Flex gap={4}>
      <Dropdown
        autoFocus
        trigger={["click"]}
        menu={{
          selectable: true,
          selectedKeys: [language],
          items: Object.entries(LANGUAGES).map(([key, label]) => ({ key, label })),
          onClick: ({ key }) => void setLanguage(key as Language),
        }}
      >
        <Button type="text" icon={<GlobalOutlined />} aria-label={t("language")} />
      </Dropdown>
      <Dropdown
        autoFocus
        trigger={["click"]}
        menu={{
          selectable: true,
          selectedKeys: [shade()],
          items: shades.map((key) => ({ key, label: t(`shade.${key}`) })),
          onClick: ({ key }) => setShade(key as Shade),
        }}
      >
        <Button type="text" icon={<BulbOutlined />} aria-label={t("shade")} />
      </Dropdown>
    </Flex>
  );
}
