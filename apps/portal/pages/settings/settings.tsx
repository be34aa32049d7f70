import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Card } from "antd";
import { api } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { LinkTabs } from "../../parts/link-tabs.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { LabelsTable } from "../projects/labels-table.tsx";
import { AnnouncementForm } from "./announcement-form.tsx";
import { LdapTest, OidcTest } from "./directory-tests.tsx";
import { namesIn, SECTIONS, type Section, sectionOf } from "./sections.ts";
import { SettingsForm } from "./settings-form.tsx";

/** What administrators set while the server runs. */
export default function Settings() {
  const t = useTexts("settings");
  const { section: asked }: { section?: string } = useParams({ strict: false });
  const section = sectionOf(asked);
  const { data, error, refetch } = useQuery({
    queryKey: ["settings"],
    queryFn: async () => (await api.configurations.get()).body,
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  const names = Object.keys(data);
  const shown = (Object.keys(SECTIONS) as Section[]).filter(
    (key) => SECTIONS[key] === null || namesIn(key, names).length > 0,
  );
  return (
    <>
      <PageHead title={t("title")} about={t("about")} />
      <LinkTabs
        label={t("title")}
        active={section}
        tabs={shown.map((key) => ({ key, label: t(`section.${key}`), to: `/settings/${key}` }))}
      />
      <Card>
        {section === "announcement" ? (
          <AnnouncementForm stored={String(data["banner_message"]?.value ?? "")} />
        ) : section === "labels" ? (
          <LabelsTable projectId={null} may={() => true} />
        ) : (
          <>
            <SettingsForm key={section} settings={data} names={namesIn(section, names)} />
            {section === "ldap" && <LdapTest />}
            {section === "oidc" && <OidcTest url={String(data["oidc_endpoint"]?.value ?? "")} />}
          </>
        )}
      </Card>
    </>
  );
}
