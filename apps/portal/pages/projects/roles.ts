import { useTexts } from "../../texts.ts";

/** Harbor's ids of roles, the most powerful first. */
const ROLES = [1, 4, 2, 3, 5];

/** The roles of a project, to choose from. */
export function useRoles(): { value: number; label: string }[] {
  const t = useTexts("projects");
  return ROLES.map((value) => ({ value, label: t(`role.${value}`) }));
}
