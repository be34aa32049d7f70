import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Flex, Spin, Tag } from "antd";
import { api } from "../../api.ts";
import { artifactPath, partsOf } from "../../addresses.ts";
import { Command, Digest } from "../../parts/copy.tsx";
import { Failure } from "../../parts/failure.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { Bytes, When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { here } from "./pull-menu.tsx";
import { referrerKind } from "./referrer-kind.ts";

/** Referrers shown below one artifact, and how far down: signatures of SBOMs of images. */
const SHOWN = 50;
const DEPTH = 4;

const COLOURS = {
  signature: "success",
  sbom: "processing",
  attestation: "warning",
  other: "default",
} as const;

interface Subject {
  readonly repository: string;
  readonly digest: string;
}

/** What is about an artifact, and about that in turn, as a tree. */
export function ReferrersTab(subject: Subject) {
  const t = useTexts("artifacts");
  const { data, error, refetch } = useReferrers(subject);
  const plain = here.plain ? "--plain-http " : "";
  const image = `${here.host}/${subject.repository}@${subject.digest}`;
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (data?.length === 0) {
    return (
      <NothingYet
        title={t("referrers.none")}
        commands={[
          `cosign sign ${image}`,
          `oras attach ${plain}--artifact-type application/spdx+json ${image} sbom.json`,
        ]}
      >
        {t("referrers.about")}
      </NothingYet>
    );
  }
  return (
    <>
      <Branch {...subject} depth={0} />
      <p>{t("referrers.discover")}</p>
      <Command text={`oras discover ${plain}${image}`} />
    </>
  );
}

function Branch({ depth, ...subject }: Subject & { readonly depth: number }) {
  const t = useTexts("artifacts");
  const { data } = useReferrers(subject);
  if (!data) return <Spin size="small" />;
  if (data.length === 0) return null;
  return (
    <ul className="tree">
      {data.map((referrer) => (
        <li key={referrer.digest}>
          <Flex gap={8} wrap align="center">
            <Tag color={COLOURS[referrer.kind]}>{t(`referrer.${referrer.kind}`)}</Tag>
            <Link to={artifactPath(subject.repository, referrer.digest)}>
              {referrer.artifactType}
            </Link>
            <Digest value={referrer.digest} />
            <Bytes value={referrer.size} />
            <When time={referrer.time} />
          </Flex>
          {depth < DEPTH && (
            <Branch repository={subject.repository} digest={referrer.digest} depth={depth + 1} />
          )}
        </li>
      ))}
    </ul>
  );
}

function useReferrers({ repository, digest }: Subject) {
  const { project, rest } = partsOf(repository);
  const at = (reference: string) => ({
    params: { project_name: project, repository_name: rest, reference },
  });
  return useQuery({
    queryKey: ["artifacts", "referrers", repository, digest],
    queryFn: async () => {
      const { body } = await api.artifacts.accessories({
        ...at(digest),
        query: { page_size: SHOWN },
      });
      return Promise.all(
        body.map(async ({ digest: own, type, size, creation_time: time }) => {
          const { body: artifact } = await api.artifacts.get(at(own));
          const { artifact_type: artifactType, tags } = artifact;
          const names = tags.map(({ name }) => name);
          const kind = referrerKind(type, artifactType, names);
          return { digest: own, size, time, artifactType, kind };
        }),
      );
    },
  });
}
