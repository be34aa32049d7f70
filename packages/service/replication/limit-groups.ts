import type { Policy } from "./ports.ts";

/** The group of the tasks that work with an endpoint; see `Jobs.setLimit`. */
export function endpointGroup(id: number): string {
  return `endpoint:${id}`;
}

/** The group of a policy's tasks. */
export function policyGroup(id: number): string {
  return `policy:${id}`;
}

/** The groups that a task of `policy` which copies or deletes is bound by. */
export function groupsOf(policy: Policy): string[] {
  const endpointId = policy.destEndpointId ?? policy.srcEndpointId;
  const groups = [policyGroup(policy.id)];
  return endpointId === null ? groups : [endpointGroup(endpointId), ...groups];
}
