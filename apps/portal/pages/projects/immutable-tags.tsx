import { PlusOutlined } from "@ant-design/icons";
import type { ImmutableRule } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Failure } from "../../parts/failure.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { useTexts } from "../../texts.ts";
import type { InProject } from "./project-page.tsx";
import { FIRST_FIELDS, immutableRuleOf, scopeOf, type ScopeFields } from "./rule-fields.ts";
import { RuleTable } from "./rule-table.tsx";
import { ScopeFormFields, ScopeText } from "./scope-fields.tsx";

/** Which tags can be neither moved nor deleted. */
export function ImmutableTags({ project, may }: InProject) {
  const t = useTexts("rules");
  const [edited, setEdited] = useState<ImmutableRule | "new" | null>(null);
  const { rules, error, send, save, remove } = useRules(project.name);
  if (error) return <Failure error={error} />;
  const editable = may("immutable-tag", "create");
  const add = editable && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
      {t("rule.add")}
    </Button>
  );
  return (
    <Card title={t("section.immutable")} extra={rules.length > 0 && add}>
      {rules.length === 0 ? (
        <NothingYet title={t("immutable.none")} action={add}>
          {t("immutable.about")}
        </NothingYet>
      ) : (
        <RuleTable
          label={t("section.immutable")}
          rules={rules}
          editable={editable}
          about={(rule) => <ScopeText scope={scopeOf(rule)} />}
          change={send}
          edit={setEdited}
          remove={remove}
        />
      )}
      {edited && (
        <RuleForm
          {...(edited !== "new" && { rule: edited })}
          save={save}
          close={() => setEdited(null)}
        />
      )}
    </Card>
  );
}

function RuleForm({
  rule,
  save,
  close,
}: {
  readonly rule?: ImmutableRule;
  readonly save: (rule: ImmutableRule) => Promise<boolean>;
  readonly close: () => void;
}) {
  const t = useTexts("rules");
  return (
    <FormModal<ScopeFields>
      title={rule ? t("rule.edit") : t("rule.add")}
      action={t("save")}
      first={rule ? scopeOf(rule) : { ...FIRST_FIELDS, tags: "v*" }}
      submit={(fields) => save(immutableRuleOf({ ...FIRST_FIELDS, ...fields }, rule))}
      close={close}
    >
      <ScopeFormFields untagged={false} />
    </FormModal>
  );
}

function useRules(project: string) {
  const t = useTexts("rules");
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const headers = { "x-is-resource-name": "true" };
  const params = { project_name_or_id: project };
  const { data, error } = useQuery({
    queryKey: ["policies", "immutable", project],
    queryFn: async () =>
      (await api.immutableRules.list({ params, headers, query: { page_size: 100 } })).body,
  });
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: ["policies"] });
    await queries.invalidateQueries({ queryKey: ["artifacts"] });
  };
  const at = (id: number) => ({ params: { ...params, immutable_rule_id: id }, headers });
  const send = async (rule: ImmutableRule) => {
    if (rule.id === 0) await api.immutableRules.create({ params, headers, body: rule });
    else await api.immutableRules.update({ ...at(rule.id), body: rule });
    await refresh();
  };
  return {
    rules: data ?? [],
    error,
    send,
    save: (rule: ImmutableRule) => run(() => send(rule), t("saved")),
    remove: (rule: ImmutableRule) =>
      ask(
        {
          title: t("rule.ask"),
          about: <ScopeText scope={scopeOf(rule)} />,
          action: t("rule.delete"),
          danger: true,
        },
        () => api.immutableRules.delete(at(rule.id)).then(refresh),
        t("saved"),
      ),
  };
}
