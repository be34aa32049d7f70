import type { Conflict, Policy } from "@entrepot/api";
import { api } from "../../api.ts";

/** Where what lost can be made the tag again, and so by what. */
export type Remedy = "here" | "sent" | "there";

/**
 * How the loser of `conflict` can be taken after all: `here` if it was met here, `sent` again if it
 * is what we have and the target was left alone; what was overwritten at the target only `there`.
 */
export function remedyOf({ policy_id: met }: Conflict, policy: Policy | undefined): Remedy {
  if (met === null) return "here";
  return policy?.on_conflict === "report" ? "sent" : "there";
}

/** What the API needs to be told of a repository by its whole name. */
export function placeOf(repository: string) {
  const slash = repository.indexOf("/");
  return {
    project_name: repository.slice(0, slash),
    repository_name: repository.slice(slash + 1),
  };
}

/** Makes what lost `conflict` here the tag again: a digest, or that there is none. */
export async function takeHere({ repository, tag, winner, loser }: Conflict): Promise<void> {
  const place = placeOf(repository);
  if (loser === null) {
    await api.tags.delete({ params: { ...place, reference: winner ?? tag, tag_name: tag } });
    return;
  }
  const body = { repository, tags: [tag] };
  await api.artifacts.promote({ params: { ...place, reference: loser }, body });
}

/** Sends what we have to the target, where somebody else has moved the tag. Returns the run. */
export async function sendOurs(conflict: Conflict, policy: Policy): Promise<string | null> {
  const { repository: target, tag, loser } = conflict;
  const query = { q: `target=${target},reference=${tag}`, page_size: 1 };
  const { body } = await api.replicas.list({ params: { id: policy.id }, query });
  const [replica] = body;
  if (!replica || loser === null) {
    throw new Error(`${policy.name} no longer has ${target}:${tag}`);
  }
  const { created } = await api.artifacts.promote({
    params: { ...placeOf(replica.repository), reference: loser },
    body: { registry_id: policy.dest_registry.id, repository: target, tags: [tag] },
  });
  return created;
}

/** What has the loser be the tag again, typed where its registry can be reached. */
export function commandFor({ repository, tag, loser }: Conflict, policy: Policy | undefined) {
  const url = policy?.dest_registry.url || "https://registry.example";
  const name = `docker://${url.replace(/^https?:\/\//, "")}/${repository}`;
  return `skopeo copy --all ${name}@${loser} ${name}:${tag}`;
}
