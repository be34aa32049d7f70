import { testCatalog } from "@entrepot/catalog/testing";
import { openJobs } from "@entrepot/jobs";
import { expect, test } from "vitest";
import type { LagOver, SecretBox } from "./ports.ts";
import { watchLag } from "./replication-events.ts";
import { openWebhooks } from "./webhooks.ts";

const box: SecretBox = {
  seal: (text) => Buffer.from(text),
  open: (sealed) => Buffer.from(sealed).toString(),
};

const ANN = { name: "ann", cause: "test" };

test("lag over the limit is told once, and again only after it was below", async () => {
  const { catalog, close } = await testCatalog();
  const jobs = await openJobs({ catalog });
  try {
    const endpoint = await catalog.db
      .insertInto("registry_endpoint")
      .values({ name: "e", type: "harbor", url: "http://127.0.0.1:9" } as never)
      .returning("id")
      .executeTakeFirstOrThrow();
    const { id: policyId } = await catalog.db
      .insertInto("replication_policy")
      .values({ name: "p", dest_endpoint_id: endpoint.id } as never)
      .returning("id")
      .executeTakeFirstOrThrow();
    const settings = {
      name: "late",
      description: "",
      enabled: true,
      eventTypes: ["REPLICATION_LAG" as const],
      address: "http://127.0.0.1:9/",
      format: "Default" as const,
      skipCertVerify: false,
      outcome: "all" as const,
      lagSeconds: 60,
    };
    const id = await openWebhooks(catalog, box, jobs).create(ANN, null, settings);
    const context = { jobs, host: "" };
    const told = async (seconds: number) => {
      const lag: LagOver = {
        policyId,
        policyName: "p",
        projectId: null,
        endpointName: "e",
        seconds,
        items: 3,
        bytes: null,
        why: "endpoint e is unhealthy",
      };
      await watchLag(catalog, context, async () => (seconds > 0 ? [lag] : []));
      return catalog.db
        .selectFrom("webhook_delivery")
        .select("body")
        .where("policy_id", "=", id)
        .execute();
    };
    expect(await told(59)).toHaveLength(0);
    const [first] = await told(61);
    expect(JSON.parse(first!.body).event_data.replication).toMatchObject({
      policy_name: "p",
      limit_seconds: 60,
      lag_seconds: 61,
      why: "endpoint e is unhealthy",
    });
    expect(await told(600)).toHaveLength(1);
    expect(await told(10)).toHaveLength(1);
    expect(await told(61)).toHaveLength(2);
    expect(await told(0)).toHaveLength(2);
  } finally {
    await jobs.stop();
    await close();
  }
});
