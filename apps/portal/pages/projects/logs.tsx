import { AuditFilters, useAuditSearch } from "../audit/audit-filters.tsx";
import { AuditTable } from "../audit/audit-table.tsx";
import { ProjectPage } from "./project-page.tsx";

/** Who did what in a project, for those who may read its log. */
export default function Logs() {
  const { show, q } = useAuditSearch();
  return (
    <ProjectPage tab="logs">
      {({ project }) => (
        <>
          <AuditFilters />
          <AuditTable q={q} project={project.name} onCause={(cause) => show({ cause })} />
        </>
      )}
    </ProjectPage>
  );
}
