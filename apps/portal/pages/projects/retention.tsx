import { PlusOutlined } from "@ant-design/icons";
import type { RetentionPolicy, RetentionRule } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Flex } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Failure } from "../../parts/failure.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { useTexts } from "../../texts.ts";
import type { InProject } from "./project-page.tsx";
import { RetentionRuleForm } from "./retention-rule-form.tsx";
import { RetentionRuns } from "./retention-runs.tsx";
import { RetentionSchedule } from "./retention-schedule.tsx";
import { countOf, scopeOf } from "./rule-fields.ts";
import { RuleTable } from "./rule-table.tsx";
import { ScopeText } from "./scope-fields.tsx";

/** Which artifacts of a project stay: rules, when they are applied, what that did or would do. */
export function Retention({ project, may }: InProject) {
  const t = useTexts("rules");
  const [edited, setEdited] = useState<RetentionRule | "new" | null>(null);
  const { policy, error, send, save, remove } = usePolicy(project);
  if (error) return <Failure error={error} />;
  const rules = policy?.rules ?? [];
  const editable = may("tag-retention", "update");
  const add = editable && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
      {t("rule.add")}
    </Button>
  );
  const withRule = (rule: RetentionRule): PolicyChange => {
    const known = rule.id !== 0 && rules.some(({ id }) => id === rule.id);
    return {
      rules: known ? rules.map((one) => (one.id === rule.id ? rule : one)) : [...rules, rule],
    };
  };
  return (
    <>
      <Card title={t("retention.rules")} extra={rules.length > 0 && add}>
        {rules.length === 0 ? (
          <NothingYet title={t("retention.none")} action={add}>
            {t("retention.about")}
          </NothingYet>
        ) : (
          <Flex vertical gap={12}>
            <Alert type="info" title={t("retention.either")} />
            <RuleTable
              label={t("retention.rules")}
              rules={rules}
              editable={editable}
              about={(rule) => <About rule={rule} />}
              change={(rule) => send(withRule(rule))}
              edit={setEdited}
              remove={(rule) => remove(rule)}
            />
          </Flex>
        )}
      </Card>
      {policy && rules.length > 0 && (
        <>
          <RetentionSchedule policy={policy} save={save} editable={editable} />
          <RetentionRuns id={policy.id} may={may("tag-retention", "operate")} />
        </>
      )}
      {edited && (
        <RetentionRuleForm
          {...(edited !== "new" && { rule: edited })}
          save={(rule) => save(withRule(rule))}
          close={() => setEdited(null)}
        />
      )}
    </>
  );
}

function About({ rule }: { readonly rule: RetentionRule }) {
  const t = useTexts("rules");
  return (
    <>
      <strong>{t(`template.${rule.template}`, { count: countOf(rule) })}</strong>
      <ScopeText scope={scopeOf(rule)} untagged />
    </>
  );
}

/** A part of a policy to be saved. */
export type PolicyChange = Partial<Pick<RetentionPolicy, "rules" | "trigger">>;

function usePolicy({ project_id: ref, metadata }: InProject["project"]) {
  const t = useTexts("rules");
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const id = Number(metadata["retention_id"] ?? 0);
  const { data: policy, error } = useQuery({
    queryKey: ["retentions", "policy", id],
    enabled: id > 0,
    queryFn: async () => (await api.retentions.get({ params: { id } })).body,
  });

  const send = async (change: PolicyChange) => {
    const scope = { level: "project", ref } as const;
    if (policy) await api.retentions.update({ params: { id }, body: { ...policy, ...change } });
    else await api.retentions.create({ body: { ...change, scope } });
    await queries.invalidateQueries({ queryKey: ["projects"] });
    await queries.invalidateQueries({ queryKey: ["retentions"] });
  };
  return {
    policy: id > 0 ? policy : undefined,
    error,
    send,
    /** True if it was saved. */
    save: (change: PolicyChange) => run(() => send(change), t("saved")),
    remove: (rule: RetentionRule) =>
      ask(
        {
          title: t("rule.ask"),
          about: <About rule={rule} />,
          action: t("rule.delete"),
          danger: true,
        },
        () => send({ rules: (policy?.rules ?? []).filter((one) => one.id !== rule.id) }),
        t("saved"),
      ),
  };
}
