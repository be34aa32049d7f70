import { SwapOutlined } from "@ant-design/icons";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Alert, Button, Card, Flex, Segmented, Statistic } from "antd";
import { useEffect } from "react";
import { projectPath, repositoryPath } from "../../addresses.ts";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { bytesText } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { compareLayers, compareSettings } from "./compare-images.ts";
import { ComparedLayers, ComparedSettings } from "./compare-tables.tsx";
import { ReferencePicker } from "./reference-picker.tsx";
import { useNewest } from "./use-newest.ts";
import type { ImageContent } from "./image-content.ts";
import { type LoadedArtifact, useArtifact } from "./use-artifact.ts";

interface Asked {
  readonly a?: string;
  readonly b?: string;
  readonly platform?: string;
}

/** Two artifacts of a repository, layer by layer. */
export default function Compare() {
  const t = useTexts("artifacts");
  const { project = "", _splat: rest = "" } = useParams({ strict: false }) as {
    project?: string;
    _splat?: string;
  };
  const repository = `${project}/${rest}`;
  const asked = useSearch({ strict: false }) as Asked;
  const navigate = useNavigate();
  const show = (change: Asked) =>
    void navigate({ to: ".", search: { ...asked, ...change } as never, replace: true });
  const newest = useNewest(repository, !asked.a && !asked.b);
  useEffect(() => {
    if (newest) show(newest);
    // Chosen once, as soon as it is known; from then on the address says what is compared.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [newest]);
  return (
    <>
      <PageHead
        title={t("compare")}
        trail={[
          { title: t("projects"), to: "/projects" },
          { title: project, to: projectPath(project) },
          { title: rest, to: repositoryPath(repository) },
        ]}
      />
      <Flex gap={8} wrap align="center" style={{ marginBottom: 16 }}>
        <ReferencePicker
          label={t("compare.left")}
          {...{ repository, value: asked.a, choose: (a) => show({ a }) }}
        />
        <Button
          icon={<SwapOutlined />}
          aria-label={t("compare.swap")}
          onClick={() => show({ a: asked.b ?? "", b: asked.a ?? "" })}
        />
        <ReferencePicker
          label={t("compare.right")}
          {...{ repository, value: asked.b, choose: (b) => show({ b }) }}
        />
      </Flex>
      {asked.a && asked.b ? (
        <Both
          repository={repository}
          a={asked.a}
          b={asked.b}
          platform={asked.platform}
          choosePlatform={(platform) => show({ platform })}
        />
      ) : (
        <Alert type="info" title={t("compare.choose")} />
      )}
    </>
  );
}

interface Pair {
  readonly repository: string;
  readonly a: string;
  readonly b: string;
}

function Both({
  repository,
  a,
  b,
  platform,
  choosePlatform,
}: Pair & {
  readonly platform: string | undefined;
  readonly choosePlatform: (platform: string) => void;
}) {
  const t = useTexts("artifacts");
  const [left, right] = [useArtifact(repository, a), useArtifact(repository, b)];
  const error = left.error ?? right.error;
  if (error) return <Failure error={error} />;
  if (!left.data || !right.data) return <Waiting />;
  const [onLeft, onRight] = [platformsOf(left.data), platformsOf(right.data)];
  const isIndex = onLeft.size > 0 || onRight.size > 0;
  if (!isIndex) return <Compared left={left.data.content} right={right.data.content} />;
  // One that is no index stands for whatever platform is looked at.
  const all = [...new Set([...onLeft.keys(), ...onRight.keys()])];
  const common = all.filter(
    (name) => (onLeft.size === 0 || onLeft.has(name)) && (onRight.size === 0 || onRight.has(name)),
  );
  const shown = common.find((name) => name === platform) ?? common[0];
  return (
    <>
      {common.length > 1 && (
        <Segmented
          aria-label={t("platform")}
          style={{ marginBottom: 16, maxWidth: "100%", overflowX: "auto" }}
          options={common}
          value={shown!}
          onChange={choosePlatform}
        />
      )}
      {shown === undefined ? (
        <Alert type="warning" title={t("compare.noPlatform")} />
      ) : (
        <OfPlatform
          repository={repository}
          a={onLeft.get(shown) ?? a}
          b={onRight.get(shown) ?? b}
        />
      )}
    </>
  );
}

function OfPlatform({ repository, a, b }: Pair) {
  const [left, right] = [useArtifact(repository, a), useArtifact(repository, b)];
  const error = left.error ?? right.error;
  if (error) return <Failure error={error} />;
  if (!left.data || !right.data) return <Waiting />;
  return <Compared left={left.data.content} right={right.data.content} />;
}

/** Digests of an index's images by platform; none for anything else. */
function platformsOf({ content }: LoadedArtifact): Map<string, string> {
  return new Map(
    content.children.flatMap(({ platform, digest }) =>
      platform !== null && platform !== "unknown/unknown" ? [[platform, digest]] : [],
    ),
  );
}

function Compared({ left, right }: { readonly left: ImageContent; readonly right: ImageContent }) {
  const t = useTexts("artifacts");
  const language = useLanguage();
  const found = compareLayers(left, right);
  const settings = compareSettings(left, right);
  const sizes = [
    { key: "left", title: t("compare.onlyLeft"), bytes: found.leftBytes },
    { key: "both", title: t("compare.shared"), bytes: found.sharedBytes },
    { key: "right", title: t("compare.onlyRight"), bytes: found.rightBytes },
  ];
  const difference = found.rightBytes - found.leftBytes;
  const sign = difference > 0 ? "+" : difference < 0 ? "−" : "±";
  const text = `${sign}${bytesText(Math.abs(difference), language)}`;
  return (
    <Flex vertical gap={16}>
      <Flex gap={12} wrap>
        {sizes.map(({ key, title, bytes }) => (
          <Card key={key} size="small" style={{ flex: "1 1 160px" }}>
            <Statistic title={title} value={bytesText(bytes, language)} />
          </Card>
        ))}
        <Card size="small" style={{ flex: "1 1 160px" }}>
          <Statistic title={t("compare.difference")} value={text} />
        </Card>
      </Flex>
      <ComparedLayers layers={found.layers} />
      <ComparedSettings settings={settings} />
    </Flex>
  );
}
