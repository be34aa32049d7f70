import { z } from "@hono/zod-openapi";

/** A pattern of tags. `extras` is JSON text: of retention `{"untagged":true}`. Source: Harbor. */
export const TagSelector = z.object({
  kind: z.literal("doublestar").default("doublestar"),
  decoration: z.enum(["matches", "excludes"]),
  pattern: z.string(),
  extras: z.string().default(""),
});

/** A pattern of repositories, without their project. */
export const RepositorySelector = z.object({
  kind: z.literal("doublestar").default("doublestar"),
  decoration: z.enum(["repoMatches", "repoExcludes"]),
  pattern: z.string(),
  extras: z.string().default(""),
});

/** What a rule is about, as Harbor's clients send it. */
export const RuleScope = z.object({ repository: z.array(RepositorySelector).default([]) });
