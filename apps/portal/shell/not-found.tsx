import { Link } from "@tanstack/react-router";
import { Result } from "antd";
import { useTexts } from "../texts.ts";

/** Where there is no page. */
export function NotFound() {
  const t = useTexts("shell");
  return (
    <Result
      status="404"
      title={t("notFound.title")}
      subTitle={t("notFound.about")}
      extra={<Link to="/">{t("notFound.home")}</Link>}
    />
  );
}
