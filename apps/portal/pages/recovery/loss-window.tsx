import { Tag } from "antd";
import { durationText } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";

/** What would be lost if everything but the backup were lost now. */
export function LossWindow({
  newest,
  behindSince,
}: {
  readonly newest: string | null;
  readonly behindSince: string | null;
}) {
  const t = useTexts("recovery");
  const language = useLanguage();
  if (newest === null) return <Tag color="error">{t("loss.all")}</Tag>;
  if (behindSince === null) return <Tag color="success">{t("loss.none")}</Tag>;
  return <Tag>{durationText(Date.now() - Date.parse(behindSince), language)}</Tag>;
}
