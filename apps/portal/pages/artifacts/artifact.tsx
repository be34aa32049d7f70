import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Button, Flex } from "antd";
import { useState } from "react";
import { artifactOf, projectPath, repositoryPath } from "../../addresses.ts";
import { Failure } from "../../parts/failure.tsx";
import { LinkTabs } from "../../parts/link-tabs.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { NotFound } from "../../shell/not-found.tsx";
import { useTexts } from "../../texts.ts";
import { useMay } from "../../use-may.ts";
import { ArtifactFacts } from "./artifact-facts.tsx";
import type { May } from "./artifact-table.tsx";
import { CopyForm } from "./copy-form.tsx";
import { ConfigTab } from "./config-tab.tsx";
import { LayersTab } from "./layers-tab.tsx";
import { ManifestTab } from "./manifest-tab.tsx";
import { PlatformsTab } from "./platforms-tab.tsx";
import { PullMenu } from "./pull-menu.tsx";
import { ReferrersTab } from "./referrers-tab.tsx";
import { ReplicationTab } from "./replication-tab.tsx";
import { RetagForm } from "./retag-form.tsx";
import { TagsTab } from "./tags-tab.tsx";
import { type LoadedArtifact, useArtifact } from "./use-artifact.ts";
import { useDeleting } from "./use-deleting.tsx";

/** An artifact: what it is made of, what its tags were, where it has gone. */
export default function ArtifactPage() {
  const { project = "", _splat: splat = "" } = useParams({ strict: false }) as {
    project?: string;
    _splat?: string;
  };
  const named = artifactOf(splat);
  if (!named) return <NotFound />;
  const { rest, reference } = named;
  return <Named key={splat} repository={`${project}/${rest}`} reference={reference} />;
}

interface Name {
  readonly repository: string;
  readonly reference: string;
}

function Named({ repository, reference }: Name) {
  const t = useTexts("artifacts");
  const { data, error, refetch } = useArtifact(repository, reference);
  const project = repository.slice(0, repository.indexOf("/"));
  const rest = repository.slice(project.length + 1);
  const trail = [
    { title: t("projects"), to: "/projects" },
    { title: project, to: projectPath(project) },
    { title: rest, to: repositoryPath(repository) },
  ];
  const isDigest = reference.includes(":");
  const title = isDigest ? `${rest}@${reference.slice(0, 19)}…` : `${rest}:${reference}`;
  const may = useMay(data?.artifact.project_id);
  return (
    <>
      <PageHead
        title={title}
        trail={trail}
        actions={data && <Actions at={{ repository, reference }} loaded={data} may={may} />}
      />
      {error && <Failure error={error} again={() => void refetch()} />}
      {data ? (
        <Parts at={{ repository, reference }} loaded={data} may={may} />
      ) : (
        !error && <Waiting />
      )}
    </>
  );
}

interface Shown {
  readonly at: Name;
  readonly loaded: LoadedArtifact;
  readonly may: May;
}

function Actions({ at, loaded, may }: Shown) {
  const t = useTexts("artifacts");
  const navigate = useNavigate();
  const [form, setForm] = useState<"retag" | "copy" | null>(null);
  const { deleteArtifacts } = useDeleting();
  const { repository, reference } = at;
  const { artifact } = loaded;
  const close = () => setForm(null);
  const gone = () => navigate({ to: repositoryPath(repository) });
  return (
    <>
      <PullMenu repository={repository} reference={reference} type={artifact.type} primary />
      {may("tag", "create") && <Button onClick={() => setForm("retag")}>{t("retag")}</Button>}
      <Button onClick={() => setForm("copy")}>{t("copy")}</Button>
      {may("artifact", "delete") && (
        <Button danger onClick={() => deleteArtifacts(repository, [artifact], gone)}>
          {t("delete")}
        </Button>
      )}
      {form === "retag" && <RetagForm {...{ repository, artifact, close }} />}
      {form === "copy" && <CopyForm {...{ repository, artifact, close }} />}
    </>
  );
}

function Parts({ at, loaded, may }: Shown) {
  const t = useTexts("artifacts");
  const search = useSearch({ strict: false }) as { tab?: string };
  const { repository } = at;
  const { artifact, content } = loaded;
  const isIndex = content.children.length > 0;
  const tabs = [
    ...(isIndex
      ? [{ key: "platforms", children: <PlatformsTab {...{ repository, loaded }} /> }]
      : []),
    { key: "tags", children: <TagsTab {...{ repository, artifact, may }} /> },
    ...(isIndex
      ? []
      : [
          { key: "layers", children: <LayersTab content={content} /> },
          { key: "config", children: <ConfigTab loaded={loaded} /> },
        ]),
    {
      key: "referrers",
      count: artifact.accessories.length,
      children: <ReferrersTab repository={repository} digest={artifact.digest} />,
    },
    { key: "replication", children: <ReplicationTab {...{ repository, artifact }} /> },
    { key: "manifest", children: <ManifestTab loaded={loaded} /> },
  ];
  const active = tabs.find(({ key }) => key === search.tab) ?? tabs[0]!;
  return (
    <Flex vertical gap={16}>
      <ArtifactFacts {...{ repository, loaded, may }} />
      <div>
        <LinkTabs
          label={t("tabs")}
          active={active.key}
          tabs={tabs.map(({ key, ...more }) => ({
            key,
            label:
              "count" in more && more.count
                ? `${t(`tab.${key}`)} (${more.count})`
                : t(`tab.${key}`),
            to: ".",
            search: { ...search, tab: key },
          }))}
        />
        {active.children}
      </div>
    </Flex>
  );
}
