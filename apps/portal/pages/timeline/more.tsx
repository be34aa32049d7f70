import { Button, Flex } from "antd";
import { useTexts } from "../../texts.ts";

/** Below a list that is read on: the rest of it. */
export function More({
  has,
  busy,
  more,
}: {
  readonly has: boolean;
  readonly busy: boolean;
  readonly more: () => void;
}) {
  const t = useTexts("timeline");
  if (!has) return null;
  return (
    <Flex justify="center" style={{ marginTop: 12 }}>
      <Button loading={busy} onClick={more}>
        {t("more")}
      </Button>
    </Flex>
  );
}
