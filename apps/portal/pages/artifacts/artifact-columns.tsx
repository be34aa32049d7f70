import { LockOutlined, MoreOutlined } from "@ant-design/icons";
import type { Artifact } from "@entrepot/api";
import { Link, useNavigate } from "@tanstack/react-router";
import { Button, Dropdown, Flex, Tag } from "antd";
import { useState } from "react";
import { artifactPath, partsOf } from "../../addresses.ts";
import type { Columns } from "../../parts/api-table.tsx";
import { LabelTag } from "../../parts/label-tag.tsx";
import { Bytes, When } from "../../parts/units.tsx";
import { type Text, useTexts } from "../../texts.ts";
import type { May } from "./artifact-table.tsx";
import { CopyForm } from "./copy-form.tsx";
import { DigestLink } from "./digest-link.tsx";
import { platformText } from "./image-content.ts";
import { PullMenu } from "./pull-menu.tsx";
import { RetagForm } from "./retag-form.tsx";
import { Sites, useSites } from "./sites.tsx";
import { useDeleting } from "./use-deleting.tsx";

/** Tags and platforms shown in a row; more are counted. */
const SHOWN = 4;

/** The columns of a repository's artifacts. */
export function useArtifactColumns(repository: string, may: May): Columns<Artifact> {
  const t = useTexts("artifacts");
  const sites = useSites(repository);
  return [
    {
      title: t("tags"),
      render: (_, artifact) => <Tags artifact={artifact} repository={repository} t={t} />,
    },
    {
      key: "digest",
      title: t("digest"),
      render: (_, { digest }) => <DigestLink repository={repository} digest={digest} />,
    },
    {
      key: "type",
      title: t("type"),
      sorter: true,
      render: (_, artifact) => <Kind artifact={artifact} t={t} />,
    },
    {
      title: t("size"),
      align: "right",
      render: (_, { size }) => <Bytes value={size} />,
    },
    {
      key: "push_time",
      title: t("pushed"),
      sorter: true,
      render: (_, { push_time: time }) => <When time={time} />,
    },
    { title: t("pulled"), render: (_, { pull_time: time }) => <When time={time} /> },
    ...(sites.length > 0
      ? [
          {
            title: t("sites"),
            render: (_: unknown, artifact: Artifact) => (
              <Sites repository={repository} artifact={artifact} replicas={sites} />
            ),
          },
        ]
      : []),
    {
      title: t("labels"),
      render: (_, { labels }) => labels.map((label) => <LabelTag key={label.id} of={label} />),
    },
    {
      key: "do",
      align: "right",
      fixed: "right",
      render: (_, artifact) => (
        <Flex justify="end">
          <PullMenu
            repository={repository}
            reference={artifact.tags[0]?.name ?? artifact.digest}
            type={artifact.type}
          />
          <Actions repository={repository} artifact={artifact} may={may} />
        </Flex>
      ),
    },
  ];
}

interface Row {
  readonly artifact: Artifact;
  readonly t: Text;
}

function Tags({ artifact, repository, t }: Row & { readonly repository: string }) {
  const { tags, digest } = artifact;
  if (tags.length === 0) {
    return (
      <Link to={artifactPath(repository, digest)}>
        <i>{t("untagged")}</i>
      </Link>
    );
  }
  return (
    <Flex gap={4} wrap style={{ maxWidth: 360 }}>
      {tags.slice(0, SHOWN).map(({ name, immutable }) => (
        <Link key={name} to={artifactPath(repository, name)}>
          <Tag variant="outlined" style={{ cursor: "pointer", color: "inherit" }}>
            {name}
            {immutable && (
              <LockOutlined aria-label={t("immutable")} style={{ marginInlineStart: 4 }} />
            )}
          </Tag>
        </Link>
      ))}
      {tags.length > SHOWN && (
        <Link to={artifactPath(repository, digest)}>+{tags.length - SHOWN}</Link>
      )}
    </Flex>
  );
}

function Kind({ artifact, t }: Row) {
  const platforms = artifact.references
    .map(({ platform }) => platform && platformText(platform))
    .filter((name) => name && name !== "unknown/unknown");
  const about = artifact.accessories.length;
  return (
    <>
      {artifact.type}
      {platforms.slice(0, SHOWN).map((name) => (
        <div key={name} className="code">
          {name}
        </div>
      ))}
      {platforms.length > SHOWN && <div>+{platforms.length - SHOWN}</div>}
      {about > 0 && <div>{t("accessories", { count: about })}</div>}
    </>
  );
}

function Actions({
  repository,
  artifact,
  may,
}: {
  readonly repository: string;
  readonly artifact: Artifact;
  readonly may: May;
}) {
  const t = useTexts("artifacts");
  const navigate = useNavigate();
  const [form, setForm] = useState<"retag" | "copy" | null>(null);
  const { deleteArtifacts } = useDeleting();
  const reference = artifact.tags[0]?.name ?? artifact.digest;
  const acts: Record<string, () => unknown> = {
    open: () => navigate({ to: artifactPath(repository, reference) }),
    retag: () => setForm("retag"),
    copy: () => setForm("copy"),
    history: () =>
      navigate({
        to: artifactPath(repository, reference),
        search: { tab: "tags" } as never,
      }),
    delete: () => deleteArtifacts(repository, [artifact]),
  };
  const items = [
    { key: "open", label: t("open") },
    ...(may("tag", "create") ? [{ key: "retag", label: t("retag") }] : []),
    { key: "copy", label: t("copy") },
    { key: "history", label: t("history") },
    ...(may("artifact", "delete") ? [{ key: "delete", label: t("delete"), danger: true }] : []),
  ];
  const { rest } = partsOf(repository);
  return (
    <>
      <Dropdown
        autoFocus
        trigger={["click"]}
        menu={{ items, onClick: ({ key }) => void acts[key]?.() }}
      >
        <Button
          type="text"
          icon={<MoreOutlined />}
          aria-label={t("actions", { name: `${rest} ${reference}` })}
        />
      </Dropdown>
      {form === "retag" && (
        <RetagForm repository={repository} artifact={artifact} close={() => setForm(null)} />
      )}
      {form === "copy" && (
        <CopyForm repository={repository} artifact={artifact} close={() => setForm(null)} />
      )}
    </>
  );
}
