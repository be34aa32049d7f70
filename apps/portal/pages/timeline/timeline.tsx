import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Alert, Button, Card, Flex, Segmented, Tabs, Typography } from "antd";
import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { useMemo } from "react";
import { useDoing } from "../../parts/ask.tsx";
import { Failure } from "../../parts/failure.tsx";
import { MomentField } from "../../parts/moment.tsx";
import { isMoment, seqOf } from "../../parts/moments.ts";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { RestorePlanDrawer } from "../../parts/restore-plan.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { Band } from "./band.tsx";
import { Changes } from "./changes.tsx";
import { Difference } from "./difference.tsx";
import { MomentActions } from "./moment-actions.tsx";
import { Names } from "./names.tsx";
import { type Past, usePast } from "./past.ts";
import { ScopeField } from "./scope-field.tsx";
import { parseScope, type Scope, scopeText } from "./scope.ts";
import { SPANS, type SpanName } from "./track.ts";

/** What of the timeline is shown, in the address. */
interface Shown {
  readonly scope?: string;
  readonly at?: string;
  readonly span?: SpanName;
  readonly tab?: string;
}

/** The registry, a project, a repository or a tag along time. */
export default function Timeline() {
  const t = useTexts("timeline");
  const search: Shown = useSearch({ strict: false });
  const navigate = useNavigate();
  const scope = parseScope(String(search.scope ?? ""));
  const past = usePast(scope);
  const show = (change: Shown) =>
    void navigate({ to: ".", search: ((old: object) => ({ ...old, ...change })) as never });
  const at = isMoment(search.at) ? search.at : null;
  return (
    <>
      <PageHead title={t("title")} about={t("about")} />
      <ScopeField
        scope={scope}
        onScope={(next) => show({ scope: scopeText(next) || undefined } as Shown)}
      />
      {past.allowed ? (
        <Moments past={past} scope={scope} shown={search} at={at} show={show} />
      ) : (
        <NothingYet title={t("choose.title")}>{t("choose.about")}</NothingYet>
      )}
      <RestorePlanDrawer />
    </>
  );
}

function Moments({
  past,
  scope,
  shown,
  at,
  show,
}: {
  readonly past: Past;
  readonly scope: Scope;
  readonly shown: Shown;
  readonly at: string | null;
  readonly show: (change: Shown) => void;
}) {
  const t = useTexts("timeline");
  const span = shown.span && shown.span in SPANS ? shown.span : "all";
  // Rounded, so that drawing again asks nothing again.
  const since = useMemo(
    () =>
      span === "all"
        ? undefined
        : new Date(
            Math.floor(Date.now() / 60_000) * 60_000 - SPANS[span as keyof typeof SPANS],
          ).toISOString(),
    [span],
  );
  const band = useQuery({ ...past.band(since), placeholderData: (before) => before });
  const first = useQuery({
    queryKey: [...past.key, "diff", at],
    queryFn: async () => (await past.diff(at!)).body,
    enabled: at !== null,
  });
  if (band.error) return <Failure error={band.error} again={() => void band.refetch()} />;
  if (!band.data) return <Waiting />;
  const time =
    at === null
      ? new Date(band.data.to)
      : seqOf(at) === null
        ? new Date(at)
        : first.data
          ? new Date(first.data.from.time)
          : null;
  const seq = at === null ? null : (seqOf(at) ?? first.data?.from.seq ?? null);
  const items = [
    ...(at === null
      ? []
      : [
          {
            key: "difference",
            label: t("tab.difference"),
            children: <Difference past={past} at={at} first={first.data} />,
          },
          {
            key: "names",
            label: t("tab.names"),
            children: <Names past={past} scope={scope} at={at} />,
          },
        ]),
    {
      key: "changes",
      label: t("tab.changes"),
      children: <Changes past={past} at={at} show={(next) => show({ at: next })} />,
    },
  ];
  return (
    <Flex vertical gap={16}>
      <Card size="small">
        <Flex vertical gap={12}>
          <Flex gap={8} wrap justify="space-between" align="center">
            <Spans span={span} onSpan={(next) => show({ span: next })} />
            <Steps past={past} at={at} seq={seq} onMoment={(next) => show({ at: next })} />
          </Flex>
          <Band
            band={band.data}
            time={(time ?? new Date(band.data.to)).getTime()}
            onMoment={(ms) => show({ at: new Date(ms).toISOString() })}
          />
          <Flex gap={8} wrap align="center">
            <MomentField value={at} time={time} onChange={(next) => show({ at: next })} />
            {at !== null && (
              <Button onClick={() => show({ at: undefined } as never)}>{t("moment.now")}</Button>
            )}
          </Flex>
        </Flex>
      </Card>
      {at === null ? (
        <Alert type="info" showIcon title={t("hint")} />
      ) : (
        <MomentActions scope={scope} at={at} seq={seq} />
      )}
      {first.error && at !== null && <Failure error={first.error} />}
      <Tabs
        activeKey={items.some(({ key }) => key === shown.tab) ? shown.tab! : items[0]!.key}
        onChange={(tab) => show({ tab })}
        items={items}
        destroyOnHidden
      />
    </Flex>
  );
}

function Spans({
  span,
  onSpan,
}: {
  readonly span: SpanName;
  readonly onSpan: (span: SpanName) => void;
}) {
  const t = useTexts("timeline");
  const names: readonly SpanName[] = ["hour", "day", "week", "month", "year", "all"];
  return (
    <Segmented<SpanName>
      aria-label={t("span.label")}
      value={span}
      onChange={onSpan}
      style={{ maxWidth: "100%", overflowX: "auto" }}
      options={names.map((value) => ({ value, label: t(`span.${value}`) }))}
    />
  );
}

/** From one change to the one before or after it. */
function Steps({
  past,
  at,
  seq,
  onMoment,
}: {
  readonly past: Past;
  readonly at: string | null;
  readonly seq: number | null;
  readonly onMoment: (moment: string) => void;
}) {
  const t = useTexts("timeline");
  const { run } = useDoing();
  const back = () =>
    run(async () => {
      const until = seq === null ? (at ?? undefined) : `seq:${seq}`;
      const { body } = await past.list({ ...(until && { until }), page_size: 1 });
      if (body[0]) onMoment(`seq:${body[0].seq - 1}`);
    });
  const forth = () =>
    run(async () => {
      if (seq === null) return;
      const { body } = await past.list({ newer_than: seq, page_size: 1 });
      if (body[0]) onMoment(`seq:${body[0].seq}`);
    });
  return (
    <Flex gap={4} align="center">
      <Button icon={<LeftOutlined />} onClick={() => void back()}>
        {t("step.back")}
      </Button>
      <Button
        icon={<RightOutlined />}
        iconPlacement="end"
        disabled={seq === null}
        onClick={() => void forth()}
      >
        {t("step.forth")}
      </Button>
      {seq !== null && (
        <Typography.Text type="secondary">{t("moment.entry", { seq })}</Typography.Text>
      )}
    </Flex>
  );
}
