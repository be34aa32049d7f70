import type { PlanCounts, PlanItem, PlanVerdict } from "@entrepot/api";
import { Alert, Button, Flex, Spin, Tag, Typography } from "antd";
import { type Text, useLanguage, useTexts } from "../../texts.ts";
import { bytesText, numberText } from "../../parts/units.tsx";
import { matching, type PlanState } from "./plan-state.ts";

const COLOURS: Readonly<Record<PlanVerdict, string>> = {
  copy: "success",
  overwrite: "processing",
  conflict: "warning",
  equal: "default",
  keep: "default",
  returning: "default",
  delete: "error",
};

const VERDICTS = Object.keys(COLOURS) as PlanVerdict[];

/** What would become of names, in a word and a colour. */
export function Verdict({ verdict }: { readonly verdict: PlanVerdict }) {
  const t = useTexts("replication");
  return <Tag color={COLOURS[verdict]}>{t(`verdict.${verdict}`)}</Tag>;
}

/** A plan as it is being made: counts, bytes, and the first of its names. */
export function PlanView({
  plan,
  stop,
  again,
}: {
  readonly plan: PlanState;
  readonly stop?: () => void;
  readonly again?: () => void;
}) {
  const t = useTexts("replication");
  const { phase, counts, items, sum, why } = plan;
  return (
    <Flex vertical gap={12}>
      <PlanHead plan={plan} stop={stop} again={again} />
      {phase === "failed" && (
        <Alert type="error" showIcon title={t("plan.failed")} description={why || t("plan.cut")} />
      )}
      {counts && <Counts counts={counts} />}
      {sum && sum.deletions_held > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t("plan.held", { count: sum.deletions_held })}
          description={t("plan.heldAbout")}
        />
      )}
      {sum && <Amounts plan={plan} />}
      <Names items={items} counts={counts} />
    </Flex>
  );
}

function PlanHead({
  plan: { phase, compared, counts },
  stop,
  again,
}: {
  readonly plan: PlanState;
  readonly stop: (() => void) | undefined;
  readonly again: (() => void) | undefined;
}) {
  const t = useTexts("replication");
  const language = useLanguage();
  if (phase === "asking") {
    return (
      <Flex gap={8} align="center" role="status">
        <Spin size="small" />
        <span style={{ flex: 1 }}>
          {compared === 0
            ? t("plan.asking")
            : t("plan.compared", { names: numberText(compared, language) })}
        </span>
        {stop && (
          <Button size="small" onClick={stop}>
            {t("stop")}
          </Button>
        )}
      </Flex>
    );
  }
  return (
    <Flex gap={8} align="center" role="status">
      <Typography.Text strong style={{ flex: 1 }}>
        {phase === "done" && counts && matchText(counts, t)}
      </Typography.Text>
      {again && (
        <Button size="small" onClick={again}>
          {t("plan.again")}
        </Button>
      )}
    </Flex>
  );
}

/** How much matches, by texts of "replication". */
function matchText(counts: PlanCounts, t: Text): string {
  const count = matching(counts);
  return count === 0 ? t("plan.nothing") : t("plan.matches", { count });
}

function Counts({ counts }: { readonly counts: PlanCounts }) {
  const t = useTexts("replication");
  const language = useLanguage();
  const shown = VERDICTS.filter((verdict) => counts[verdict] > 0);
  return (
    <Flex vertical gap={4}>
      {shown.map((verdict) => (
        <Flex key={verdict} gap={8} align="baseline">
          <span style={{ minWidth: 64, textAlign: "end", fontVariantNumeric: "tabular-nums" }}>
            {numberText(counts[verdict], language)}
          </span>
          <Verdict verdict={verdict} />
          <Typography.Text type="secondary">{t(`verdict.about.${verdict}`)}</Typography.Text>
        </Flex>
      ))}
    </Flex>
  );
}

function Amounts({ plan: { sum } }: { readonly plan: PlanState }) {
  const t = useTexts("replication");
  const language = useLanguage();
  if (!sum) return null;
  const send = bytesText(sum.bytes_to_send, language);
  return (
    <Typography.Text>
      {sum.partial ? t("plan.atLeast", { bytes: send }) : t("plan.bytes", { bytes: send })}{" "}
      <Typography.Text type="secondary">
        {t("plan.spared", {
          there: bytesText(sum.bytes_there, language),
          mountable: bytesText(sum.bytes_mountable, language),
        })}
      </Typography.Text>
    </Typography.Text>
  );
}

function Names({
  items,
  counts,
}: {
  readonly items: readonly PlanItem[];
  readonly counts: PlanCounts | null;
}) {
  const t = useTexts("replication");
  if (items.length === 0) return null;
  const all = counts ? matching(counts) + counts.delete - counts.equal : items.length;
  return (
    <>
      <div
        role="region"
        aria-label={t("plan.names")}
        tabIndex={0}
        style={{ maxHeight: 420, overflow: "auto" }}
      >
        <ul style={{ listStyle: "none", margin: 0, padding: 0 }}>
          {items.map((item) => (
            <Name key={`${item.src_resource} ${item.dst_resource}`} item={item} />
          ))}
        </ul>
      </div>
      {all > items.length && (
        <Typography.Text type="secondary">
          {t("plan.first", { shown: items.length, all })}
        </Typography.Text>
      )}
    </>
  );
}

function Name({ item }: { readonly item: PlanItem }) {
  const { src_resource: from, dst_resource: to, verdict } = item;
  return (
    <li style={{ padding: "3px 0" }}>
      <Verdict verdict={verdict} />
      <span className="code" style={{ overflowWrap: "anywhere" }}>
        {from || to}
        {from && to !== from && ` → ${to}`}
      </span>
    </li>
  );
}
