import { Link } from "@tanstack/react-router";
import { useTexts } from "../texts.ts";

/** Where there is no page. Plain, since it is loaded with the frame. */
export function NotFound() {
  const t = useTexts("shell");
  return (
    <div className="page" style={{ textAlign: "center", paddingBlock: 64 }}>
      <h1 style={{ fontSize: 24, margin: 0 }}>{t("notFound.title")}</h1>
      <p>{t("notFound.about")}</p>
      <Link to="/">{t("notFound.home")}</Link>
    </div>
  );
}
