import { expect, test } from "vitest";
import { askedOf, countedIn, parametersOf, scheduleOf } from "./purge-parameters.ts";

test("what a form asks is what the server keeps", () => {
  const parameters = parametersOf({ days: 90, types: ["login", "create_label"] });
  expect(parameters).toEqual({
    audit_retention_hour: 2_160,
    include_event_types: "login,create_label",
  });
  const job_parameters = JSON.stringify({ ...parameters, dry_run: true });
  expect(askedOf({ job_parameters })).toEqual({
    days: 90,
    types: ["login", "create_label"],
    dry: true,
  });
});

test("all types are none of them besides", () => {
  expect(parametersOf({ days: 0.5, types: ["login", "*"] })).toEqual({
    audit_retention_hour: 12,
    include_event_types: "*",
  });
});

test("no schedule is an empty cron", () => expect(scheduleOf({}).cron).toBe(""));

test.each([
  ["[info] 12 records would be emptied; their hashes stay", 12],
  ["[info] 0 records would be purged", 0],
  ["[info] 12 records emptied", null],
  ["", null],
])("%j counts %s", (log, records) => expect(countedIn(log)).toBe(records));
