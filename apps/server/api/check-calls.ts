import type { TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };
const WHOLE = { quick: true, scope: "", bytesPerSecond: 0 };

/** A check, which nobody works on. */
async function aCheck({ checks }: TestServer) {
  const [there] = (await checks.list({ page: 1, pageSize: 1 })).items;
  return { params: { check_id: there?.execution.id ?? (await checks.start(WHOLE, "test")) } };
}

/** A repair's plan for it, which has not been carried out. */
async function aRepair(server: TestServer) {
  const { check_id } = (await aCheck(server)).params;
  return { params: { id: (await server.repairs.plan(ACTOR, check_id)).id } };
}

/** Checks and repairs that calls of their routes need, by room and name of the route. */
export const CHECK_CALLS = {
  "checks.get": aCheck,
  "checks.stop": aCheck,
  "checks.log": aCheck,
  "checks.findings": aCheck,
  "checks.start": async ({ checks, jobs }: TestServer) => {
    for (const { execution } of (await checks.list({ page: 1, pageSize: 50 })).items) {
      await jobs.stopExecution(execution.id);
    }
    return { body: { quick: true } };
  },
  "checks.setSchedule": () => ({ body: { cron: "" } }),
  "repairs.plan": async (server: TestServer) => ({ body: (await aCheck(server)).params }),
  "repairs.get": aRepair,
  "repairs.items": aRepair,
  "repairs.execute": aRepair,
};
