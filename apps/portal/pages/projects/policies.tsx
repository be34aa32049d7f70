import { useNavigate, useSearch } from "@tanstack/react-router";
import { Segmented } from "antd";
import { useTexts } from "../../texts.ts";
import { ImmutableTags } from "./immutable-tags.tsx";
import { ProjectPage } from "./project-page.tsx";
import { Retention } from "./retention.tsx";
import { Webhooks } from "./webhooks.tsx";

const SECTIONS = {
  retention: { right: "tag-retention", show: Retention },
  immutable: { right: "immutable-tag", show: ImmutableTags },
  webhooks: { right: "notification-policy", show: Webhooks },
} as const;

type Section = keyof typeof SECTIONS;

/** What happens in a project by itself: retention, immutable tags, webhooks. */
export default function Policies() {
  const t = useTexts("rules");
  const search = useSearch({ strict: false }) as { section?: string };
  const navigate = useNavigate();
  return (
    <ProjectPage tab="policies">
      {(given) => {
        const allowed = (Object.keys(SECTIONS) as Section[]).filter((name) =>
          given.may(SECTIONS[name].right, "list"),
        );
        const section = allowed.find((name) => name === search.section) ?? allowed[0];
        if (!section) return null;
        const Show = SECTIONS[section].show;
        return (
          <div className="stack">
            <Segmented<Section>
              aria-label={t("sections")}
              style={{ alignSelf: "start", maxWidth: "100%", overflowX: "auto" }}
              value={section}
              options={allowed.map((value) => ({ value, label: t(`section.${value}`) }))}
              onChange={(next) =>
                void navigate({ to: ".", search: { section: next } as never, replace: true })
              }
            />
            <Show {...given} />
          </div>
        );
      }}
    </ProjectPage>
  );
}
