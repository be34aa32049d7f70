import { LabelsTable } from "./labels-table.tsx";
import { ProjectPage } from "./project-page.tsx";

/** A project's own labels. */
export default function Labels() {
  return (
    <ProjectPage tab="labels">
      {({ project, may }) => <LabelsTable projectId={project.project_id} may={may} />}
    </ProjectPage>
  );
}
