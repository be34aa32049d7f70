import { useQuery } from "@tanstack/react-query";
import { Form, Input, Segmented, Select } from "antd";
import { useTexts } from "../../texts.ts";
import type { PlaceKind } from "./target-address.ts";
import { endpointChoices } from "./targets.ts";

/** Where a target is: a folder, a bucket, or a repository of another registry. It stays there. */
export function TargetPlace({ isNew }: { readonly isNew: boolean }) {
  const t = useTexts("recovery");
  const kind = (Form.useWatch("kind") as PlaceKind | undefined) ?? "file";
  // What is made shows its address whole.
  const isInside = kind === "registry" && isNew;
  const examples = { file: "/backup/vault", s3: "bucket/prefix", registry: "backups/vault" };
  return (
    <>
      <Form.Item name="kind" label={t("target.kind")}>
        <Segmented
          disabled={!isNew}
          options={[
            { value: "file", label: t("target.folder") },
            { value: "s3", label: t("target.bucket") },
            { value: "registry", label: t("target.peer") },
          ]}
        />
      </Form.Item>
      {isInside && <EndpointChoice />}
      <Form.Item
        name="place"
        label={isInside ? t("target.repository") : t("backups.address")}
        extra={t(`target.hint.${kind}`)}
        rules={[{ required: true, message: t("target.placeMissing") }]}
      >
        <Input
          disabled={!isNew}
          className="code"
          prefix={isInside ? undefined : `${kind}:`}
          placeholder={examples[kind]}
        />
      </Form.Item>
    </>
  );
}

const HOLDING: ReadonlySet<string> = new Set(["entrepot", "harbor", "docker-registry"]);

/** At which registry: its endpoint brings credentials, certificates and limits. */
function EndpointChoice() {
  const t = useTexts("recovery");
  const { data: endpoints = [] } = useQuery(endpointChoices);
  return (
    <Form.Item
      name="endpoint"
      label={t("target.endpoint")}
      extra={t("target.endpointHint")}
      rules={[{ required: true, message: t("target.endpointMissing") }]}
    >
      <Select
        options={endpoints
          .filter(({ type }) => HOLDING.has(type))
          .map(({ name, url }) => ({ value: name, label: `${name} · ${url}` }))}
      />
    </Form.Item>
  );
}
