/** What of the log is shown, as it stands in the address. Days are the reader's own. */
export interface AuditFilter {
  readonly kind?: string | undefined;
  readonly operation?: string | undefined;
  readonly result?: string | undefined;
  readonly who?: string | undefined;
  /** A part of what something was done to: `team/app`. */
  readonly what?: string | undefined;
  readonly cause?: string | undefined;
  /** `2026-01-31`. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** `filter` as the API's `q`; empty if nothing was asked. What separates terms is left out. */
export function filterOf(filter: AuditFilter): string {
  const { kind, operation, result, who, what, cause, from, until } = filter;
  const plain = (text: string) => text.replaceAll(/[,~=(){}[\]]/g, " ").trim();
  const terms = [
    kind && `kind=${plain(kind)}`,
    operation && `operation=${plain(operation)}`,
    result && `result=${plain(result)}`,
    who && `username=~${plain(who)}`,
    what && `resource=~${plain(what)}`,
    cause && `cause=${plain(cause)}`,
    (from || until) && `op_time=[${startOf(from) ?? ""}~${endOf(until) ?? ""}]`,
  ];
  return terms.filter(Boolean).join(",");
}

function startOf(day: string | undefined): string | null {
  const time = day ? new Date(`${day}T00:00:00`) : null;
  return time && !Number.isNaN(time.getTime()) ? time.toISOString() : null;
}

function endOf(day: string | undefined): string | null {
  const time = day ? new Date(`${day}T23:59:59.999`) : null;
  return time && !Number.isNaN(time.getTime()) ? time.toISOString() : null;
}
