import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { Label } from "./label.ts";
import { ListQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["label"];
const byId = { params: z.object({ label_id: contract.Id }) };
const Scope = z.enum(["g", "p"]);

/** What a label is created with: a name of 1 to 128 characters, a color as `#rrggbb`. */
export const NewLabel = z
  .object({
    name: z.string(),
    description: z.string().default(""),
    color: z.string().default(""),
    scope: Scope.default("g"),
    project_id: z.int().min(0).default(0),
  })
  .openapi("NewLabel");
export type NewLabel = z.infer<typeof NewLabel>;

/** What a label becomes; what is absent stays. Scope and project cannot be changed. */
export const LabelChange = z
  .object({
    name: z.string().optional(),
    description: z.string().optional(),
    color: z.string().optional(),
  })
  .openapi("LabelUpdate");
export type LabelChange = z.infer<typeof LabelChange>;

/**
 * The label routes. Global labels are anyone's to see and a system administrator's to change; those
 * of a project are for its members from guest on, and for its maintainers. Source: Harbor API v2.0.
 */
export const labels = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/labels",
    summary: "Labels of the whole registry (scope g), or of a project (scope p)",
    tags,
    ...needs("anyone"),
    request: {
      query: ListQuery.extend({
        name: z.string().optional(),
        scope: Scope.default("g"),
        project_id: z.coerce.number().int().positive().optional(),
      }),
    },
    responses: { 200: page(Label, "One page of labels."), ...errors(400, 404, 422) },
  }),

  create: createRoute({
    method: "post",
    path: "/api/v2.0/labels",
    summary: "Creates a label",
    tags,
    ...needs("account"),
    request: { body: body(NewLabel) },
    responses: { 201: created, ...errors(400, 404, 409) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/labels/{label_id}",
    summary: "A label",
    tags,
    ...needs("anyone"),
    request: byId,
    responses: { 200: json(Label, "The label."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/labels/{label_id}",
    summary: "Changes a label, on all artifacts that carry it",
    tags,
    ...needs("account"),
    request: { ...byId, body: body(LabelChange) },
    responses: { 200: done, ...errors(400, 404, 409) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/labels/{label_id}",
    summary: "Deletes a label, and takes it off all artifacts",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),
};
