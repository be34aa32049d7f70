import { Alert, Collapse, Form, InputNumber, Radio, Switch } from "antd";
import { RateInput } from "../../parts/rate-input.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { useTexts } from "../../texts.ts";
import type { PolicyDraft } from "./policy-draft.ts";
import { WindowFields } from "./window-fields.tsx";

/** What few policies need to say. `refused` is why its windows do not do. */
export function MoreFields({ refused }: { readonly refused: string | null }) {
  const t = useTexts("replication");
  const children = (
    <>
      <Limits />
      <Form.Item label={t("more.windows")} extra={t("more.windowsAbout")}>
        <WindowFields />
        {refused !== null && <Alert type="error" title={<ServerWords>{refused}</ServerWords>} />}
      </Form.Item>
      <Care />
    </>
  );
  return (
    <Collapse
      items={[{ key: "more", label: t("more.title"), forceRender: true, children }]}
      style={{ marginBottom: 8 }}
    />
  );
}

const whole = (value: number | null) => value ?? 0;

function Limits() {
  const t = useTexts("replication");
  return (
    <>
      <Form.Item name="bytesPerSecond" label={t("rate")} extra={t("more.rateAbout")}>
        <RateInput />
      </Form.Item>
      <Form.Item
        name="speed"
        label={t("more.speed")}
        extra={t("more.speedAbout")}
        normalize={whole}
      >
        <InputNumber min={0} precision={0} suffix="Kibit/s" style={{ width: 200 }} />
      </Form.Item>
      <Form.Item
        name="concurrency"
        label={t("more.concurrency")}
        extra={t("more.concurrencyAbout")}
        normalize={whole}
      >
        <InputNumber min={0} max={1_000} precision={0} style={{ width: 200 }} />
      </Form.Item>
    </>
  );
}

/** How careful a run is. */
function Care() {
  const t = useTexts("replication");
  const form = Form.useFormInstance<PolicyDraft>();
  const trigger = Form.useWatch("trigger", form);
  const filters = Form.useWatch("filters", { form, preserve: true }) ?? [];
  return (
    <>
      <Flag name="verify" label={t("more.verify")} about={t("more.verifyAbout")} />
      <Flag name="allOrNothing" label={t("more.all")} about={t("more.allAbout")} />
      <Flag
        name="single"
        label={t("more.single")}
        about={t("more.singleAbout")}
        disabled={trigger === "event_based"}
      />
      <Flag name="chunks" label={t("more.chunks")} about={t("more.chunksAbout")} />
      <Form.Item
        name="indexMode"
        label={t("more.index")}
        extra={t("more.indexAbout")}
        hidden={!filters.some((filter) => filter?.type === "platform")}
      >
        <Radio.Group
          options={[
            { value: "sparse", label: t("more.sparse") },
            { value: "rewritten", label: t("more.rewritten") },
          ]}
        />
      </Form.Item>
    </>
  );
}

function Flag({
  name,
  label,
  about,
  disabled = false,
}: {
  readonly name: keyof PolicyDraft;
  readonly label: string;
  readonly about: string;
  readonly disabled?: boolean;
}) {
  return (
    <Form.Item name={name} label={label} extra={about} valuePropName="checked">
      <Switch disabled={disabled} />
    </Form.Item>
  );
}
