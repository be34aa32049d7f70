import type { EndpointSettings } from "./endpoint-rows.ts";
import { DEFAULT_OPTIONS } from "./policy-options.ts";
import type { PolicySettings, Site } from "./ports.ts";

/** An endpoint as tests store it: where it leads is what their `connect` says. */
export const TARGET: EndpointSettings = {
  name: "target",
  description: "",
  type: "docker-registry",
  url: "http://target.test",
  credentialType: "basic",
  accessKey: "",
  insecure: false,
  caCertificate: "",
  options: {},
};

/** A policy of everything at every event, deletions too: tests say what is otherwise. */
export const EVERYTHING: Omit<PolicySettings, "destEndpointId"> = {
  name: "everything",
  description: "",
  enabled: true,
  srcEndpointId: null,
  destNamespace: "",
  destNamespaceReplaceCount: -1,
  filters: [],
  triggerType: "event_based",
  cron: "",
  deletion: true,
  override: true,
  projectId: null,
  options: DEFAULT_OPTIONS,
};

/** A site of `registry` that always answers, knows no projects and lists what `list` does. */
export function siteOf(
  registry: Site["registry"],
  list: Site["list"] = async function* () {},
): Site {
  return {
    registry,
    list,
    isPublic: async () => false,
    prepare: async () => undefined,
    deleteTag: (repository, tag, origin) => registry(origin).repository(repository).delete(tag),
    ping: async () => ({ peerId: null }),
    close: async () => undefined,
  };
}
