import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";
import { RepositorySelector, TagSelector } from "./rule-shapes.ts";

const { body, created, done, errors, needs, page } = contract;
const tags = ["immutable"];
const base = "/api/v2.0/projects/{project_name_or_id}/immutabletagrules";
const headers = contract.ProjectHeaders;
const one = contract.ProjectParams.extend({ immutable_rule_id: contract.Id });

/** Which tags can be neither moved nor deleted. Source: Harbor API v2.0 ImmutableRule. */
export const ImmutableRule = z
  .object({
    id: z.int().default(0),
    priority: z.int().default(0),
    disabled: z.boolean().default(false),
    action: z.string().default("immutable"),
    template: z.string().default("immutable_template"),
    params: z.record(z.string(), z.unknown()).default({}),
    tag_selectors: z.array(TagSelector).length(1),
    scope_selectors: z.object({ repository: z.array(RepositorySelector).length(1) }),
  })
  .openapi("ImmutableRule");
export type ImmutableRule = z.output<typeof ImmutableRule>;

/** The routes of a project's immutable tag rules. */
export const immutableRules = {
  list: createRoute({
    method: "get",
    path: base,
    summary: "Immutable tag rules",
    tags,
    ...needs("immutable-tag:list"),
    request: { params: contract.ProjectParams, headers, query: ListQuery },
    responses: { 200: page(ImmutableRule, "One page of rules."), ...errors(404, 422) },
  }),

  create: createRoute({
    method: "post",
    path: base,
    summary: "Makes tags immutable",
    tags,
    ...needs("immutable-tag:create"),
    request: { params: contract.ProjectParams, headers, body: body(ImmutableRule) },
    responses: { 201: created, ...errors(400, 404, 409) },
  }),

  update: createRoute({
    method: "put",
    path: `${base}/{immutable_rule_id}`,
    summary: "Changes, enables or disables a rule",
    tags,
    ...needs("immutable-tag:update"),
    request: { params: one, headers, body: body(ImmutableRule) },
    responses: { 200: done, ...errors(400, 404, 409) },
  }),

  delete: createRoute({
    method: "delete",
    path: `${base}/{immutable_rule_id}`,
    summary: "Deletes a rule",
    tags,
    ...needs("immutable-tag:delete"),
    request: { params: one, headers },
    responses: { 200: done, ...errors(404) },
  }),
};
