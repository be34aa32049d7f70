import { Command } from "commander";
import type { Cli } from "./call.ts";
import { addBackup } from "./commands/backup.ts";
import { addAudit } from "./commands/audit.ts";
import { addConfig } from "./commands/config.ts";
import { addDrill } from "./commands/drill.ts";
import { addCheck } from "./commands/check.ts";
import { addRepair } from "./commands/repair.ts";
import { addArtifact } from "./commands/artifact.ts";
import { addHistory } from "./commands/history.ts";
import { addGc } from "./commands/gc.ts";
import { addImmutable } from "./commands/immutable.ts";
import { addJob } from "./commands/job.ts";
import { addLabel } from "./commands/label.ts";
import { addLogin } from "./commands/login.ts";
import { addProject } from "./commands/project.ts";
import { addBin } from "./commands/bin.ts";
import { addRestore } from "./commands/restore.ts";
import { addQuota } from "./commands/quota.ts";
import { addRegistry } from "./commands/registry.ts";
import { addReplication } from "./commands/replication.ts";
import { addRepository } from "./commands/repository.ts";
import { addRetention } from "./commands/retention.ts";
import { addRobot } from "./commands/robot.ts";
import { addSession } from "./commands/session.ts";
import { addStatus } from "./commands/status.ts";
import { addStorage } from "./commands/storage.ts";
import { addTag } from "./commands/tag.ts";
import { addToken } from "./commands/token.ts";
import { addTransfer } from "./commands/transfer.ts";
import { addGroup } from "./commands/group.ts";
import { addLdap } from "./commands/ldap.ts";
import { addUser } from "./commands/user.ts";
import { addWebhook } from "./commands/webhook.ts";
import { EXIT_CODES_HELP, usageError } from "./exit-codes.ts";
import { oneOf } from "./options.ts";

/** The whole command line. `version` is this program's own. */
export function openProgram(cli: Cli, version: string): Command {
  const program = new Command("entrepot")
    .description("Speaks to an Entrepot registry.")
    .version(version, "-V, --version", "this program's version")
    .option("-o, --output <form>", "table, json or name", oneOf(["table", "json", "name"]), "table")
    .option("--server <url>", "speak to this server instead of the one in use")
    .option("--utc", "show times in UTC")
    .configureHelp({ showGlobalOptions: true, helpWidth: cli.terminal.columns ?? 100 })
    .configureOutput({ writeOut: cli.terminal.write, writeErr: cli.terminal.writeError })
    .exitOverride()
    .addHelpText("after", AFTER);
  addLogin(program, cli);
  addStatus(program, cli);
  addProject(program, cli);
  addRepository(program, cli);
  addArtifact(program, cli);
  addTag(program, cli);
  addLabel(program, cli);
  addUser(program, cli);
  addGroup(program, cli);
  addLdap(program, cli);
  addRobot(program, cli);
  addToken(program, cli);
  addSession(program, cli);
  addRegistry(program, cli);
  addReplication(program, cli);
  addHistory(program, cli);
  addRetention(program, cli);
  addImmutable(program, cli);
  addQuota(program, cli);
  addJob(program, cli);
  addStorage(program, cli);
  addGc(program, cli);
  addRestore(program, cli);
  addBin(program, cli);
  addTransfer(program, cli);
  addWebhook(program, cli);
  addBackup(program, cli);
  addCheck(program, cli);
  addRepair(program, cli);
  addDrill(program, cli);
  addConfig(program, cli);
  addAudit(program, cli);
  addServer(program);
  addHelp(program, cli);
  refineAll(program, "entrepot");
  return program;
}

const AFTER = `
Example:
  $ entrepot login http://127.0.0.1:5050 -u admin
  $ entrepot project list

'entrepot help exit-codes' explains the exit codes.`;

/** `serve` and `worker` are the server's own: `main.ts` hands over to it. Here they are listed. */
function addServer(program: Command): void {
  program.command("serve").description("serves a registry; has its own --help");
  program.command("worker").description("runs a registry's tasks only; has its own --help");
}

function addHelp(program: Command, cli: Cli): void {
  program
    .helpCommand(false)
    .command("help")
    .summary("shows help for a command, or for 'exit-codes'")
    .description("Shows help for a command, or for 'exit-codes'.")
    .argument("[words...]")
    .action((words: string[]) => {
      if (words.join(" ") === "exit-codes") return cli.terminal.write(EXIT_CODES_HELP);
      let found = program;
      for (const word of words) {
        const next = found.commands.find((command) => command.name() === word);
        if (!next)
          throw usageError(`there is no help for '${words.join(" ")}'; see entrepot --help`);
        found = next;
      }
      found.outputHelp();
    });
}

/** Says errors in one line, with where help is; a command's summary is its description's start. */
function refineAll(command: Command, path: string): void {
  command.configureOutput({
    outputError: (text, write) => {
      const line = text
        .replace(/^error: /, "")
        .trim()
        .replaceAll("\n", " ")
        .replace(/\.$/, "");
      write(`entrepot: ${line}; see ${path} --help\n`);
    },
  });
  if (path !== "entrepot") command.helpCommand(false);
  if (command.summary() === "") command.summary(summaryOf(command.description()));
  for (const below of command.commands) refineAll(below, `${path} ${below.name()}`);
}

/** `Lists users.` as a list of commands has it: `lists users`. */
function summaryOf(description: string): string {
  const [first = ""] = description.split(/[.;]( |$)/);
  return first.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
}
