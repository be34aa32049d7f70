import { ACTOR, type Call, idOf, type Prepare, unused } from "./rights-preparations.ts";
import type { TestServer } from "../testing.ts";

/** What calls about robots need first. */
export const ROBOT_CALLS: Readonly<Record<string, Prepare>> = {
  "robots.list": async (server, project) => ({
    query: { q: `Level=project,ProjectID=${await idOf(server, project)}` },
  }),
  "robots.create": (_, project) => ({ body: settings(project) }),
  "robots.get": theRobot,
  "robots.update": async (server, project) => {
    const { params } = await theRobot(server, project);
    const { name: _, ...body } = settings(project);
    return { params, body };
  },
  "robots.refresh": theRobot,
  "robots.delete": theRobot,
};

/** A robot of the project that may list its labels. */
function settings(project: string) {
  const access = [{ resource: "label", action: "list" }];
  const permissions = [{ kind: "project", namespace: project, access }];
  return { name: unused(), level: "project", duration: 1, permissions };
}

/** A robot of the project that the call may do anything to. */
async function theRobot({ access }: TestServer, project: string) {
  const { name, permissions } = settings(project);
  const robot = { name, project, permissions, prefix: "robot$", description: "" };
  const { id } = await access.robots.create(ACTOR, { ...robot, disabled: false, days: null });
  return { params: { robot_id: id } } satisfies Call;
}
