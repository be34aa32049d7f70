import type { Policy } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Alert, Button, Card, Col, Flex, Form, Row } from "antd";
import { useState } from "react";
import { api, routes } from "../../api.ts";
import { ServerWords } from "../../parts/server-words.tsx";
import { useTexts } from "../../texts.ts";
import { PlanView } from "./plan-view.tsx";
import { type PolicyDraft, policyFieldOf, policyOf } from "./policy-draft.ts";
import { FilterFields } from "./filter-fields.tsx";
import { HowFields } from "./how-fields.tsx";
import { MoreFields } from "./more-fields.tsx";
import { Section } from "./section.tsx";
import { usePlan } from "./use-plan.ts";
import { WhenFields } from "./when-fields.tsx";
import { WhereFields } from "./where-fields.tsx";

/** Names of a plan that the editor shows. */
const NAMES = 200;

/** Writes a policy, with what it would do beside it. `stored` is the one that is changed. */
export function PolicyEditor({
  stored,
  initial,
}: {
  readonly stored: Policy | null;
  readonly initial: PolicyDraft;
}) {
  const t = useTexts("replication");
  const [form] = Form.useForm<PolicyDraft>();
  const written = Form.useWatch((values: PolicyDraft) => values, { form, preserve: true });
  const draft: PolicyDraft = { ...initial, ...written };
  const saving = useSaving(stored);
  const submit = async () => {
    const why = await saving.save({ ...initial, ...form.getFieldsValue(true) });
    const field = why === null ? null : policyFieldOf(why);
    if (why === null || field === null) return;
    const isListed = field === "filters" || field === "windows";
    if (!isListed) form.setFields([{ name: field, errors: [why] }]);
    if (!isListed) form.scrollToField(field, { block: "center" });
  };
  const refusedAt = saving.refused === null ? null : policyFieldOf(saving.refused);
  return (
    <Form<PolicyDraft>
      form={form}
      layout="vertical"
      initialValues={initial}
      onFinish={() => void submit()}
      scrollToFirstError={{ block: "center" }}
    >
      <Row gutter={[24, 24]}>
        <Col xs={24} xl={14}>
          <Flex vertical gap={16}>
            <WhereFields />
            <Section title={t("what.title")} about={t("what.about")}>
              <FilterFields source={draft.mode === "pull" ? (draft.endpoint ?? 0) : 0} />
              {saving.refused !== null && refusedAt === "filters" && (
                <Alert type="error" title={<ServerWords>{saving.refused}</ServerWords>} />
              )}
            </Section>
            <WhenFields />
            <HowFields />
            <MoreFields refused={refusedAt === "windows" ? saving.refused : null} />
          </Flex>
        </Col>
        <Col xs={24} xl={10}>
          <div style={{ position: "sticky", top: 72 }}>
            <LivePlan draft={draft} policyId={stored?.id} />
            {saving.refused !== null && refusedAt === null && (
              <Alert
                type="error"
                showIcon
                title={<ServerWords>{saving.refused}</ServerWords>}
                style={{ marginTop: 16 }}
              />
            )}
            <SaveButtons busy={saving.busy} back={saving.back} isNew={stored === null} />
          </div>
        </Col>
      </Row>
    </Form>
  );
}

function SaveButtons({
  busy,
  back,
  isNew,
}: {
  readonly busy: boolean;
  readonly back: () => void;
  readonly isNew: boolean;
}) {
  const t = useTexts("replication");
  return (
    <Flex gap={8} style={{ marginTop: 16 }}>
      <Button type="primary" htmlType="submit" loading={busy}>
        {isNew ? t("policy.create") : t("save")}
      </Button>
      <Button onClick={back}>{t("cancel")}</Button>
    </Flex>
  );
}

/** Saves, and goes to the policy. `save` says why it was refused; null if it was not. */
function useSaving(stored: Policy | null) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const goTo = (id: string | number | null) =>
    navigate({ to: id === null ? "/replication/policies" : `/replication/policies/${id}` });
  return {
    busy,
    refused,
    back: () => void goTo(stored?.id ?? null),
    async save(draft: PolicyDraft): Promise<string | null> {
      setBusy(true);
      setRefused(null);
      try {
        const body = policyOf(draft);
        const id =
          stored === null
            ? (await api.policies.create({ body })).created
            : (await api.policies.update({ params: { id: stored.id }, body }), stored.id);
        await Promise.all(
          ["policies", "lag", "executions"].map((area) =>
            queries.invalidateQueries({ queryKey: [area] }),
          ),
        );
        await goTo(id);
        return null;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        setRefused(why);
        return why;
      } finally {
        setBusy(false);
      }
    },
  };
}

/** What the policy would do as it is written, made anew as it is written. */
function LivePlan({
  draft,
  policyId,
}: {
  readonly draft: PolicyDraft;
  readonly policyId: number | undefined;
}) {
  const t = useTexts("replication");
  // A plan needs a name only because a policy does; one without matters to nobody here.
  const body = policyOf({ ...draft, name: draft.name.trim() || "-" });
  const { description: _, enabled: __, name: ___, ...asked } = body;
  const key = draft.endpoint === null ? null : JSON.stringify(asked);
  const { plan, stop, again } = usePlan(key, (signal) =>
    api.lines(routes.plans.previewNew, {
      query: { limit: NAMES, ...(policyId !== undefined && { policy_id: policyId }) },
      body,
      signal,
    }),
  );
  return (
    <Card size="small" title={t("plan.title")}>
      {key === null ? t("plan.noEndpoint") : <PlanView plan={plan} stop={stop} again={again} />}
    </Card>
  );
}
