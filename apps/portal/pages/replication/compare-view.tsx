import { Alert, Button, Checkbox, Flex, Segmented, Spin, Table, Tag, Typography } from "antd";
import { useState } from "react";
import { Digest } from "../../parts/copy.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { numberText } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { type Comparison, type Difference, STATES } from "./compare-state.ts";
import { useCompare } from "./use-compare.ts";
import { nameOf } from "./waiting-table.tsx";

const COLOURS: Readonly<Record<string, string>> = {
  missing: "error",
  different: "warning",
  extra: "processing",
  unreferenced: "warning",
  equal: "success",
};

/** Both sides of a policy side by side, as they are listed now. Nothing is copied. */
export function CompareView({ policyId }: { readonly policyId: number }) {
  const t = useTexts("replication");
  const { state, start, stop } = useCompare(policyId);
  const [equal, setEqual] = useState(false);
  const runs = state.phase === "running";
  return (
    <Flex vertical gap={12}>
      <Typography.Text type="secondary">{t("compare.about")}</Typography.Text>
      <Flex gap={12} wrap align="center">
        {runs ? (
          <Button onClick={stop}>{t("stop")}</Button>
        ) : (
          <Button type="primary" onClick={() => start(equal)}>
            {t("compare.start")}
          </Button>
        )}
        <Checkbox
          checked={equal}
          disabled={runs}
          onChange={({ target }) => setEqual(target.checked)}
        >
          {t("compare.equal")}
        </Checkbox>
        <Progress state={state} />
      </Flex>
      {state.phase === "failed" && (
        <Alert
          type="error"
          showIcon
          title={t("compare.failed")}
          description={state.why ? <ServerWords>{state.why}</ServerWords> : t("compare.cut")}
        />
      )}
      {state.phase !== "idle" && <Found state={state} />}
    </Flex>
  );
}

function Progress({ state: { phase, compared, at } }: { readonly state: Comparison }) {
  const t = useTexts("replication");
  const language = useLanguage();
  if (phase === "idle") return null;
  const names = t("compare.compared", { names: numberText(compared, language) });
  return (
    <span role="status" style={{ minWidth: 0, overflowWrap: "anywhere" }}>
      {phase === "running" ? (
        <>
          <Spin size="small" /> {compared > 0 && names} <span className="code">{at}</span>
        </>
      ) : (
        <>
          {t(`compare.phase.${phase}`)} {compared > 0 && names}
        </>
      )}
    </span>
  );
}

function Found({ state }: { readonly state: Comparison }) {
  const t = useTexts("replication");
  const language = useLanguage();
  const [only, setOnly] = useState<string>("all");
  const { entries, counts, phase } = state;
  const count = (name: string) => counts[name] ?? 0;
  const differs = STATES.some((name) => name !== "equal" && count(name) > 0);
  if (phase === "done" && !differs && entries.length === 0) {
    return <Alert type="success" showIcon title={t("compare.same", { count: count("equal") })} />;
  }
  const shown = only === "all" ? entries : entries.filter((one) => one.state === only);
  const kept = STATES.filter((name) => count(name) > 0);
  return (
    <>
      <div style={{ overflowX: "auto" }}>
        <Segmented
          value={only}
          aria-label={t("compare.filter")}
          options={[
            { value: "all", label: t("compare.all") },
            ...kept.map((name) => ({
              value: name,
              label: `${t(`state.${name}`)} ${numberText(count(name), language)}`,
            })),
          ]}
          onChange={setOnly}
        />
      </div>
      <Table<Difference>
        size="small"
        aria-label={t("compare.title")}
        dataSource={[...shown]}
        rowKey={({ repository, reference, target }) => `${repository} ${reference} ${target}`}
        scroll={{ x: "max-content" }}
        pagination={{ defaultPageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
        columns={[
          {
            title: t("compare.state"),
            key: "state",
            render: (_, { state: name }) => (
              <Tag color={COLOURS[name] ?? "default"}>{t(`state.${name}`)}</Tag>
            ),
          },
          {
            title: t("compare.source"),
            key: "source",
            render: (_, one) => (
              <span className="code">{nameOf(one.repository, one.reference)}</span>
            ),
          },
          {
            title: t("compare.atSource"),
            key: "atSource",
            render: (_, one) => <Digest value={one.at_source} />,
          },
          {
            title: t("compare.target"),
            key: "target",
            render: (_, one) => <span className="code">{nameOf(one.target, one.reference)}</span>,
          },
          {
            title: t("compare.atTarget"),
            key: "atTarget",
            render: (_, one) => <Digest value={one.at_target} />,
          },
        ]}
      />
      {entries.length < kept.filter((n) => n !== "equal").reduce((n, s) => n + count(s), 0) && (
        <Typography.Text type="secondary">
          {t("compare.first", { shown: numberText(entries.length, language) })}
        </Typography.Text>
      )}
    </>
  );
}
