import type { ApiClientOptions } from "./client.ts";
import { type Asked, textLines } from "./text-lines.ts";

/** The lines of `path`, each a JSON text, as they come. Throws as `textLines`. */
export async function* jsonLines(
  options: ApiClientOptions,
  path: string,
  asked: Asked,
): AsyncGenerator<never> {
  for await (const line of textLines(options, path, "application/x-ndjson", asked)) {
    yield JSON.parse(line) as never;
  }
}
