import type { z } from "@hono/zod-openapi";

/** The part of a route that a client needs. */
export interface AnyRoute {
  readonly method: string;
  readonly path: string;
  readonly request?: unknown;
  readonly responses: unknown;
}

type Part<R, Name extends string> = R extends {
  request: { [K in Name]: infer S extends z.ZodType };
}
  ? S
  : never;

type RequiredKeys<T> = {
  [K in keyof T]-?: undefined extends T[K] ? never : K;
}[keyof T];

/** A query as the caller writes it: values of their own types, defaults left out. */
type Query<S extends z.ZodType> = Partial<z.output<S>> & {
  [K in RequiredKeys<z.input<S>> & keyof z.output<S>]: z.output<S>[K];
};

type Params<R> = [Part<R, "params">] extends [never] ? {} : { params: z.output<Part<R, "params">> };

type QueryPart<R> = [Part<R, "query">] extends [never]
  ? {}
  : {} extends Query<Part<R, "query">>
    ? { query?: Query<Part<R, "query">> }
    : { query: Query<Part<R, "query">> };

type Body<R> = R extends {
  request: { body: { content: { "application/json": { schema: infer S extends z.ZodType } } } };
}
  ? { body: z.input<S> }
  : {};

/** What a call of route `R` is given. Names in paths are given as they are, not encoded. */
export type InputOf<R> = Params<R> &
  QueryPart<R> &
  Body<R> & { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal };

/** What route `R` answers: its JSON, its text, or nothing. */
export type OutputOf<R> = R extends {
  responses: {
    200: { content: { "application/json": { schema: infer S extends z.ZodType } } };
  };
}
  ? z.output<S>
  : R extends {
        responses: {
          201: { content: { "application/json": { schema: infer S extends z.ZodType } } };
        };
      }
    ? z.output<S>
    : R extends { responses: { 200: { content: { "text/plain": unknown } } } }
      ? string
      : undefined;

/** One line of what route `R` answers as a stream. */
export type LineOf<R> = R extends {
  responses: {
    200: { content: { "application/x-ndjson": { schema: infer S extends z.ZodType } } };
  };
}
  ? z.output<S>
  : never;
