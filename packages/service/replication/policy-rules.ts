import { RegistryError } from "@entrepot/oci";
import { compileFilters } from "./filters.ts";
import type { PolicySettings } from "./ports.ts";

/** Throws BAD_REQUEST for settings that do not do, saying which and what to give instead. */
export function checkPolicy(settings: PolicySettings): void {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  if (settings.name.trim() === "" || settings.name.length > 255) {
    throw wrong("a replication policy needs a name of 1 to 255 characters");
  }
  if ((settings.destEndpointId === null) === (settings.srcEndpointId === null)) {
    throw wrong(
      "give exactly one of dest_registry (push from here) and src_registry (pull to here)",
    );
  }
  if (settings.srcEndpointId !== null && settings.triggerType === "event_based") {
    throw wrong("event_based works in push mode only; choose manual or scheduled to pull");
  }
  if (settings.triggerType === "scheduled") checkCron(settings.cron);
  const namespace = settings.destNamespace;
  if (namespace !== "" && !/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(namespace)) {
    throw wrong(`dest_namespace ${JSON.stringify(namespace)} is not a repository name's start`);
  }
  const count = settings.destNamespaceReplaceCount;
  if (!Number.isInteger(count) || count < -1 || count > 127) {
    throw wrong(`dest_namespace_replace_count must be a whole number from -1 to 127`);
  }
  compileFilters(settings.filters);
}

/** Harbor's rule: six fields; the seconds are 0 and the minutes not every one. */
function checkCron(cron: string): void {
  const fields = cron.trim().split(/\s+/);
  if (fields.length === 6 && fields[0] === "0" && fields[1] !== "*") return;
  throw new RegistryError(
    "BAD_REQUEST",
    `cron ${JSON.stringify(cron)} is not accepted: six fields, the first (seconds) 0, the second ` +
      "(minutes) not *; for example '0 0 2 * * *' for two o'clock every night",
  );
}
