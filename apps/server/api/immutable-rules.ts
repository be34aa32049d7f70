import { type ImmutableRule as ShownRule, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import type { ImmutableRule, ImmutableSettings } from "@entrepot/retention";
import { type ApiOptions, type App, needing } from "./app.ts";
import { pageOf, paged } from "./paged.ts";

const { immutableRules: rules } = routes;

/** Adds immutable tag rules. */
export function addImmutableRules(app: App, options: ApiOptions): void {
  const { immutable } = options.retention;

  app.openapi(needing(options, rules.list), async (context) => {
    const query = context.req.valid("query");
    const { items, total } = pageOf(await immutable.list(context.get("project").id), query);
    return paged(context, query, { items: items.map(shownRule), total });
  });

  app.openapi(needing(options, rules.create), async (context) => {
    const settings = settingsOf(context.req.valid("json"));
    const id = await immutable.create(context.get("actor"), context.get("project"), settings);
    context.header("Location", `${context.req.path}/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, rules.update), async (context) => {
    const { immutable_rule_id: id } = context.req.valid("param");
    const settings = settingsOf(context.req.valid("json"));
    const project = context.get("project");
    if (!(await immutable.update(context.get("actor"), project, id, settings))) {
      throw missing(project.name, id);
    }
    return context.body(null, 200);
  });

  app.openapi(needing(options, rules.delete), async (context) => {
    const { immutable_rule_id: id } = context.req.valid("param");
    const project = context.get("project");
    if (!(await immutable.remove(context.get("actor"), project, id))) {
      throw missing(project.name, id);
    }
    return context.body(null, 200);
  });
}

function settingsOf({ disabled, tag_selectors, scope_selectors }: ShownRule): ImmutableSettings {
  const [tags] = tag_selectors;
  const [repositories] = scope_selectors.repository;
  return {
    disabled,
    tagDecoration: tags!.decoration,
    tagPattern: tags!.pattern,
    repositoryDecoration: repositories!.decoration,
    repositoryPattern: repositories!.pattern,
  };
}

function shownRule(rule: ImmutableRule): ShownRule {
  const selector = <D extends string>(decoration: D, pattern: string) => ({
    kind: "doublestar" as const,
    decoration,
    pattern,
    extras: "",
  });
  return {
    id: rule.id,
    priority: 0,
    disabled: rule.disabled,
    action: "immutable",
    template: "immutable_template",
    params: {},
    tag_selectors: [selector(rule.tagDecoration, rule.tagPattern)],
    scope_selectors: {
      repository: [selector(rule.repositoryDecoration, rule.repositoryPattern)],
    },
  };
}

function missing(project: string, id: number): RegistryError {
  return new RegistryError("NOT_FOUND", `project '${project}' has no immutable rule ${id}`);
}
