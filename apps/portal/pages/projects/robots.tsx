import { RobotsTable } from "../people/robots-table.tsx";
import { ProjectPage } from "./project-page.tsx";

/** A project's robots. */
export default function ProjectRobots() {
  return (
    <ProjectPage tab="robots">
      {({ project, may }) => <RobotsTable project={project} mayChange={may("robot", "create")} />}
    </ProjectPage>
  );
}
