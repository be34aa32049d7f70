import type { Robot } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { projectIdOf } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, repeated, seconds, withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";

const robotView: View<Robot> = {
  name: (robot) => robot.name,
  columns: ({ time }) => [
    { title: "ID", value: (robot) => String(robot.id), align: "right" },
    { title: "NAME", value: (robot) => robot.name },
    { title: "STATE", value: (robot) => stateOf(robot) },
    {
      title: "EXPIRES",
      value: ({ expires_at: at }) => (at < 0 ? "never" : time(new Date(at * 1_000).toISOString())),
    },
    { title: "DESCRIPTION", value: (robot) => robot.description },
  ],
  details: (robot) =>
    robot.permissions.map(({ kind, namespace, access }) => [
      kind === "system"
        ? "IN THE REGISTRY"
        : `IN ${namespace === "*" ? "EVERY PROJECT" : namespace}`,
      access
        .map((one) => `${one.effect === "deny" ? "not " : ""}${one.resource}:${one.action}`)
        .join(", "),
    ]),
};

function stateOf({ disable, expires_at: at }: Robot): string {
  if (disable) return "disabled";
  return at >= 0 && at * 1_000 < Date.now() ? "expired" : "enabled";
}

interface Where {
  readonly project?: string;
}

interface RobotOptions extends Where {
  readonly may?: string[];
  readonly in?: string[];
  readonly maySystem?: string[];
  readonly days?: number;
  readonly description?: string;
}

/** Adds `robot`. */
export function addRobot(program: Command, cli: Cli): void {
  const robot = program
    .command("robot")
    .description("Robot accounts: of a project with --project, else of the whole registry.");
  addReading(robot, cli);
  addCreate(robot, cli);
  addUpdate(robot, cli);
  addSwitches(robot, cli);
  addSecret(robot, cli);
}

function addReading(robot: Command, cli: Cli): void {
  const list = inProject(withLimit(robot.command("list").description("Lists robots."))).action(
    action(cli, async (call, options: ListOptions & Where) => {
      const query = { ...listQuery(options), q: await levelOf(call, options) };
      await call.list(call.api.each(routes.robots.list, { query }), robotView, options.limit);
    }),
  );
  withExample(list, "$ entrepot robot list --project team");

  const show = inProject(robot.command("show").description("Shows a robot, and what it may do."))
    .argument("<robot>", "its name, with or without prefix")
    .action(
      action(cli, async (call, name: string, where: Where) =>
        call.one(await robotNamed(call, name, where), robotView),
      ),
    );
  withExample(show, "$ entrepot robot show ci --project team");
}

function addCreate(robot: Command, cli: Cli): void {
  const create = withRights(
    robot
      .command("create")
      .summary("makes a robot, and tells its secret this once")
      .description(
        "Makes a robot, and tells its secret this once: on standard output, alone.\n" +
          "Nobody gives a robot more than they may do themselves.",
      ),
  )
    .argument("<name>", "without prefix")
    .action(
      action(cli, async (call, name: string, options: RobotOptions) => {
        const permissions = permissionsOf(options);
        if (permissions.length === 0)
          throw usageError("Say what it may do: --may repository:pull.");
        const { body: made } = await call.api.robots.create({
          body: {
            name,
            level: options.project === undefined ? "system" : "project",
            permissions,
            description: options.description ?? "",
            ...(options.days !== undefined && { duration: options.days }),
          },
        });
        await tellSecret(call, made, `Created robot ${made.name}.`);
      }),
    );
  withExample(
    create,
    "$ entrepot robot create ci --project team --may repository:pull --may repository:push\n" +
      "$ entrepot robot create mirror --in '*' --may repository:pull --days never",
  );
}

function addUpdate(robot: Command, cli: Cli): void {
  const update = withRights(robot.command("update").description("Changes a robot."))
    .argument("<robot>", "its name")
    .action(
      action(cli, async (call, name: string, options: RobotOptions) => {
        const before = await robotNamed(call, name, options);
        const permissions = permissionsOf(options);
        await call.api.robots.update({
          params: { robot_id: before.id },
          body: {
            disable: before.disable,
            description: options.description ?? before.description,
            duration: options.days ?? before.duration,
            permissions: permissions.length > 0 ? permissions : before.permissions,
          },
        });
        await done(call, before.id, `Changed robot ${before.name}.`);
      }),
    );
  withExample(update, "$ entrepot robot update ci --project team --may 'repository:*' --days 90");
}

function addSwitches(robot: Command, cli: Cli): void {
  for (const [verb, disable] of [["disable", true] as const, ["enable", false] as const]) {
    const end = disable ? "It is refused at once." : "Also one that came back with its project.";
    const command = inProject(
      robot.command(verb).description(`${disable ? "Disables" : "Enables"} a robot. ${end}`),
    )
      .argument("<robot>", "its name")
      .action(
        action(cli, async (call, name: string, where: Where) => {
          const before = await robotNamed(call, name, where);
          const { description, duration, permissions } = before;
          const body = { description, duration, permissions, disable };
          await call.api.robots.update({ params: { robot_id: before.id }, body });
          await done(call, before.id, `${disable ? "Disabled" : "Enabled"} robot ${before.name}.`);
        }),
      );
    withExample(command, `$ entrepot robot ${verb} ci --project team`);
  }

  const remove = withYes(inProject(robot.command("delete").description("Deletes a robot.")))
    .argument("<robot>", "its name")
    .action(
      action(cli, async (call, name: string, { yes, ...where }: Where & { yes?: boolean }) => {
        const { id, name: whole } = await robotNamed(call, name, where);
        await call.confirm(`Delete robot ${whole}? Whatever uses it is refused then.`, yes);
        await call.api.robots.delete({ params: { robot_id: id } });
        await call.done(`Deleted robot ${whole}.`);
      }),
    );
  withExample(remove, "$ entrepot robot delete ci --project team");
}

function addSecret(robot: Command, cli: Cli): void {
  const rotate = withYes(
    inProject(
      robot
        .command("rotate")
        .summary("gives a robot a new secret, and tells it this once")
        .description(
          "Gives a robot a new secret, and tells it this once: on standard output, alone.",
        ),
    ),
  )
    .argument("<robot>", "its name")
    .option("--overlap <time>", "how long the old secret goes on: 10m, 1h; at once not", seconds, 0)
    .action(
      action(
        cli,
        async (
          call,
          name: string,
          { overlap, yes, ...where }: Where & { overlap: number; yes?: boolean },
        ) => {
          const { id, name: whole } = await robotNamed(call, name, where);
          if (overlap === 0) {
            await call.confirm(`Rotate ${whole}? Its old secret is refused at once.`, yes);
          }
          const { body } = await call.api.robots.refresh({
            params: { robot_id: id },
            body: { overlap_minutes: Math.ceil(overlap / 60) },
          });
          await tellSecret(call, { name: whole, ...body }, `Robot ${whole} has a new secret.`);
        },
      ),
    );
  withExample(rotate, "$ entrepot robot rotate ci --project team --overlap 1h");
}

async function tellSecret(
  call: Call,
  told: { readonly name: string; readonly secret?: string | undefined },
  what: string,
): Promise<void> {
  if (call.form === "json") {
    call.terminal.write(`${JSON.stringify(told, null, 2)}\n`);
    return;
  }
  call.terminal.note(`${what} It logs in as ${told.name}; its secret is not told again:`);
  call.terminal.write(`${told.secret}\n`);
}

async function done(call: Call, id: number, text: string): Promise<void> {
  const read = async () => (await call.api.robots.get({ params: { robot_id: id } })).body;
  await call.done(text, { read, view: robotView });
}

function inProject(command: Command): Command {
  return command.option("--project <name>", "of this project");
}

function withRights(command: Command): Command {
  return inProject(command)
    .option("--may <resource:action>", "a right in its projects; repeat it for more", repeated)
    .option("--in <project>", "of a robot of the registry: in this project, or '*'", repeated)
    .option("--may-system <resource:action>", "a right in the whole registry", repeated)
    .option("--days <n>", "how long it lives; never: for ever", daysOf)
    .option("--description <text>", "what it is for");
}

function permissionsOf({ project, may = [], in: places = [], maySystem = [] }: RobotOptions) {
  const access = (rights: readonly string[]) =>
    rights.map((right) => {
      const [resource, verb, more] = right.split(":");
      if (resource && verb && more === undefined) return { resource, action: verb };
      throw usageError(`'${right}' is no right; give resource:action, as repository:pull.`);
    });
  const namespaces = project === undefined ? places : [project];
  if (may.length > 0 && namespaces.length === 0) {
    throw usageError("Say where: --project of its project, or --in project of others.");
  }
  const inProjects = namespaces.map((namespace) => ({
    kind: "project",
    namespace,
    access: access(may),
  }));
  const system = { kind: "system", namespace: "/", access: access(maySystem) };
  return [...inProjects, system].filter((one) => one.access.length > 0);
}

/** Days, `never` as the API has it. Throws a usage error. */
function daysOf(text: string): number {
  if (text === "never") return -1;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw usageError("Give a number of days, or never.");
}

async function levelOf(call: Call, { project }: Where): Promise<string> {
  if (project === undefined) return "Level=system";
  return `Level=project,ProjectID=${await projectIdOf(call, project)}`;
}

/** The robot of this name, with or without prefix and project. Throws NOT_FOUND. */
async function robotNamed(call: Call, text: string, where: Where): Promise<Robot> {
  const query = { q: await levelOf(call, where) };
  const ending = where.project === undefined ? `$${text}` : `+${text}`;
  for await (const robot of call.api.each(routes.robots.list, { query })) {
    if (robot.name === text || robot.name.endsWith(ending)) return robot;
  }
  const of = where.project === undefined ? "" : ` --project ${where.project}`;
  const message = `there is no robot '${text}'; 'entrepot robot list${of}' shows all`;
  throw new RegistryError("NOT_FOUND", message);
}
