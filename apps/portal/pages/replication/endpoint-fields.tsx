import type { RegistryEndpoint } from "@entrepot/api";
import { Collapse, Form, Input, InputNumber, Select, Switch } from "antd";
import { RateInput } from "../../parts/rate-input.tsx";
import { useTexts } from "../../texts.ts";
import { type EndpointDraft, needsProxyPassword, needsSecret, TYPES } from "./endpoint-draft.ts";

const ADDRESSES: Readonly<Record<string, string>> = {
  "docker-hub": "https://hub.docker.com",
  "oci-layout": "file:///srv/images",
  "docker-registry": "https://registry.example:5000",
};

/** The endpoint that is changed; null for a new one. */
interface Stored {
  readonly stored: RegistryEndpoint | null;
}

/** What is said of an endpoint. */
export function EndpointFields({ stored }: Stored) {
  const t = useTexts("replication");
  const form = Form.useFormInstance<EndpointDraft>();
  const type = Form.useWatch("type", form) ?? "";
  return (
    <>
      <Form.Item
        name="type"
        label={t("endpoint.type")}
        extra={TYPES.some((known) => known === type) ? t(`type.about.${type}`) : undefined}
      >
        <Select
          disabled={stored !== null}
          options={TYPES.map((value) => ({ value, label: t(`type.${value}`) }))}
          onChange={(chosen) => {
            if (chosen === "docker-hub") form.setFieldValue("url", ADDRESSES["docker-hub"]);
          }}
        />
      </Form.Item>
      <Form.Item
        name="name"
        label={t("name")}
        rules={[{ required: true, whitespace: true, max: 64, message: t("endpoint.nameRule") }]}
      >
        <Input autoComplete="off" placeholder="backup" />
      </Form.Item>
      <Form.Item
        name="url"
        label={t("endpoint.url")}
        rules={[{ required: true, whitespace: true, message: t("endpoint.urlRule") }]}
      >
        <Input
          className="code"
          autoComplete="off"
          placeholder={ADDRESSES[type] ?? "https://registry.example"}
        />
      </Form.Item>
      {type !== "oci-layout" && <Credential stored={stored} />}
      <Form.Item name="description" label={t("description")}>
        <Input.TextArea autoSize={{ minRows: 1, maxRows: 4 }} />
      </Form.Item>
      <Collapse
        ghost
        items={[
          { key: "more", label: t("more"), forceRender: true, children: <More stored={stored} /> },
        ]}
      />
    </>
  );
}

function Credential({ stored }: Stored) {
  const t = useTexts("replication");
  const form = Form.useFormInstance<EndpointDraft>();
  const hasSecret = stored !== null && stored.credential.access_secret !== "";
  return (
    <>
      <Form.Item name="accessKey" label={t("endpoint.key")} extra={t("endpoint.keyAbout")}>
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="accessSecret"
        label={t("endpoint.secret")}
        extra={hasSecret ? t("endpoint.secretKept") : t("endpoint.secretAbout")}
        dependencies={["url", "accessKey", "proxy"]}
        rules={[
          {
            validator: () =>
              needsSecret(form.getFieldsValue(true), stored)
                ? Promise.reject(new Error(t("endpoint.secretAgain")))
                : Promise.resolve(),
          },
        ]}
      >
        <Input.Password
          autoComplete="new-password"
          placeholder={hasSecret ? "••••••••" : undefined}
        />
      </Form.Item>
    </>
  );
}

function More({ stored }: Stored) {
  const t = useTexts("replication");
  return (
    <>
      <Form.Item
        name="verify"
        label={t("endpoint.verify")}
        extra={t("endpoint.verifyAbout")}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
      <Form.Item name="caCertificate" label={t("endpoint.ca")} extra={t("endpoint.caAbout")}>
        <Input.TextArea
          className="code"
          autoSize={{ minRows: 2, maxRows: 8 }}
          placeholder="-----BEGIN CERTIFICATE-----"
        />
      </Form.Item>
      <Form.Item name="proxy" label={t("endpoint.proxy")} extra={t("endpoint.proxyAbout")}>
        <Input className="code" placeholder="http://proxy.example:3128" />
      </Form.Item>
      <ProxyAccount stored={stored} />
      <Form.Item
        name="concurrency"
        label={t("endpoint.concurrency")}
        extra={t("endpoint.concurrencyAbout")}
        normalize={(value: number | null) => value ?? 0}
      >
        <InputNumber min={0} max={1_000} precision={0} style={{ width: 160 }} />
      </Form.Item>
      <Form.Item name="bytesPerSecond" label={t("rate")} extra={t("endpoint.rateAbout")}>
        <RateInput />
      </Form.Item>
    </>
  );
}

function ProxyAccount({ stored }: Stored) {
  const t = useTexts("replication");
  const form = Form.useFormInstance<EndpointDraft>();
  const proxy = Form.useWatch("proxy", form) ?? "";
  const hasPassword = stored !== null && stored.proxy_password !== "";
  if (proxy.trim() === "") return null;
  return (
    <>
      <Form.Item
        name="proxyUsername"
        label={t("endpoint.proxyKey")}
        extra={t("endpoint.proxyKeyAbout")}
      >
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="proxyPassword"
        label={t("endpoint.proxySecret")}
        extra={hasPassword ? t("endpoint.secretKept") : t("endpoint.secretAbout")}
        dependencies={["proxy", "proxyUsername"]}
        rules={[
          {
            validator: () =>
              needsProxyPassword(form.getFieldsValue(true), stored)
                ? Promise.reject(new Error(t("endpoint.secretAgain")))
                : Promise.resolve(),
          },
        ]}
      >
        <Input.Password
          autoComplete="new-password"
          placeholder={hasPassword ? "••••••••" : undefined}
        />
      </Form.Item>
    </>
  );
}
