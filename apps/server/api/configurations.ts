import { type Configuration, routes } from "@entrepot/api";
import type { KnownSetting, Settings } from "@entrepot/catalog";
import { type ApiOptions, type App, requires } from "./app.ts";

const { configurations } = routes;

/** Adds what administrators set. */
export function addConfigurations(app: App, options: ApiOptions): void {
  const { settings } = options;
  const middleware = requires(options, "system");

  app.openapi({ ...configurations.get, middleware }, async (context) => {
    await settings.refresh();
    const shown = settings.known.map((known) => [known.name, shownSetting(settings, known)]);
    return context.json(Object.fromEntries(shown), 200);
  });

  app.openapi({ ...configurations.update, middleware }, async (context) => {
    await settings.change(context.get("actor"), context.req.valid("json"));
    return context.body(null, 200);
  });
}

function shownSetting(settings: Settings, known: KnownSetting): Configuration {
  const { type, initial, help, choices, least, most, longest } = known;
  return {
    value: type === "secret" ? "" : settings.get(known),
    editable: true,
    stored: settings.isStored(known),
    type,
    initial,
    help,
    ...(choices && { choices: [...choices] }),
    ...(least !== undefined && { least }),
    ...(most !== undefined && { most }),
    ...(longest !== undefined && { longest }),
  };
}
