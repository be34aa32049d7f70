import { type ApiClient, ApiError } from "@entrepot/api/client";

/** How far a policy is. */
export interface Standing {
  readonly tasks: number;
  readonly tasksDone: number;
  /** Bytes that its tasks have sent, as they say once a second. */
  readonly bytesSent: number;
  /** What a task stumbled over that is to be tried again; empty if none did. */
  readonly trouble: string;
  /** Names that the policy has replicated or is to replicate, and those that are there. */
  readonly wanted: ReadonlyMap<string, string | null>;
  readonly arrived: ReadonlyMap<string, string | null>;
}

/** How far policy `id` is, or null while its registry does not answer. */
export async function standingOf(api: ApiClient, id: number): Promise<Standing | null> {
  try {
    return await ask(api, id);
  } catch (error) {
    if ((error as { code?: unknown }).code === "UNREACHABLE") return null;
    if (error instanceof ApiError && error.status >= 500) return null;
    throw error;
  }
}

async function ask(api: ApiClient, id: number): Promise<Standing> {
  const query = { page_size: 100 };
  const executions = await api.executions.list({ query: { ...query, policy_id: id } });
  const lists = await Promise.all(
    executions.body.map((execution) =>
      api.executions.tasks({ params: { id: execution.id }, query }),
    ),
  );
  const tasks = lists.flatMap(({ body }) => body).filter(({ operation }) => operation === "copy");
  const { body: replicas } = await api.replicas.list({ params: { id }, query });
  return {
    tasks: tasks.length,
    tasksDone: tasks.filter(({ status }) => status === "Succeed").length,
    bytesSent: tasks.reduce((sum, task) => sum + task.bytes_sent, 0),
    trouble:
      tasks.find(({ status, status_text: text }) => status !== "Succeed" && text)?.status_text ??
      "",
    wanted: new Map(replicas.map(({ reference, wanted }) => [reference, wanted])),
    arrived: new Map(replicas.map(({ reference, arrived }) => [reference, arrived])),
  };
}
