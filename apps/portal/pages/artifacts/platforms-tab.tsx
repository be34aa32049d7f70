import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Table } from "antd";
import { artifactPath } from "../../addresses.ts";
import { Digest } from "../../parts/copy.tsx";
import { Bytes } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { artifactQuery, type LoadedArtifact } from "./use-artifact.ts";

/** Children of an index whose sizes are asked for. */
const SIZED = 24;

/** The images of an index, one for each platform. */
export function PlatformsTab({
  repository,
  loaded: { artifact, content },
}: {
  readonly repository: string;
  readonly loaded: LoadedArtifact;
}) {
  const t = useTexts("artifacts");
  const here = new Set(artifact.references.map((child) => child.child_digest));
  const asked = content.children.filter(({ digest }) => here.has(digest)).slice(0, SIZED);
  const loaded = useQueries({
    queries: asked.map(({ digest }) => artifactQuery(repository, digest)),
  });
  const sizes = new Map(loaded.map(({ data }) => [data?.artifact.digest, data?.artifact.size]));
  return (
    <Table
      aria-label={t("tab.platforms")}
      size="small"
      rowKey="digest"
      pagination={false}
      scroll={{ x: "max-content" }}
      dataSource={[...content.children]}
      columns={[
        {
          title: t("platform"),
          render: (_, { platform, digest, annotations }) => {
            const kind = annotations["vnd.docker.reference.type"];
            const name = kind ? t("platform.attestation") : (platform ?? t("platform.unknown"));
            return here.has(digest) ? (
              <Link to={artifactPath(repository, digest)}>{name}</Link>
            ) : (
              <>
                {name} ({t("platform.absent")})
              </>
            );
          },
        },
        { title: t("digest"), render: (_, { digest }) => <Digest value={digest} /> },
        {
          title: t("size"),
          align: "right",
          render: (_, { digest }) => <Bytes value={sizes.get(digest)} />,
        },
      ]}
    />
  );
}
