import type { Robot } from "@entrepot/access";
import type { Robot as ShownRobot } from "@entrepot/api";

/** A robot as Harbor shows it; never with its secret. */
export function shownRobot(robot: Robot): ShownRobot {
  return {
    id: robot.id,
    name: robot.loginName,
    description: robot.description,
    level: robot.project === null ? "system" : "project",
    duration: robot.days ?? -1,
    editable: true,
    disable: robot.disabled,
    expires_at: robot.expiresAt ? Math.floor(robot.expiresAt.getTime() / 1_000) : -1,
    permissions: robot.permissions.map((one) => ({ ...one, access: [...one.access] })),
    creator: robot.creator,
    creation_time: robot.createdAt.toISOString(),
    update_time: robot.updatedAt.toISOString(),
  };
}
