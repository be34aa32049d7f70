import { useNavigate } from "@tanstack/react-router";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";

/** Plans a repair of what a check found (absent: of what pulls have met), and goes to the plan. */
export function usePlanRepair(): (check?: number) => Promise<boolean> {
  const navigate = useNavigate();
  const { run } = useDoing();
  return (check) =>
    run(async () => {
      const body = check === undefined ? {} : { check_id: check };
      const { created } = await api.repairs.plan({ body });
      await navigate({ to: `/recovery/repairs/${created}` as string });
    });
}
