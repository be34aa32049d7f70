import { ClockCircleOutlined, DeleteOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { api } from "../../api.ts";
import { projectPath } from "../../addresses.ts";
import { Failure } from "../../parts/failure.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { useTexts } from "../../texts.ts";
import { useMay } from "../../use-may.ts";
import { useProject } from "../../use-project.ts";
import { ArtifactTable } from "./artifact-table.tsx";
import { Description } from "./description.tsx";
import { useDeleting } from "./use-deleting.tsx";

/** A repository: what it is, and its artifacts. */
export default function RepositoryPage() {
  const t = useTexts("artifacts");
  const { project = "", _splat: rest = "" } = useParams({ strict: false }) as {
    project?: string;
    _splat?: string;
  };
  const name = `${project}/${rest}`;
  const { data: home } = useProject(project);
  const may = useMay(home?.project_id);
  const { data: repository, error } = useQuery({
    queryKey: ["repositories", "one", name],
    queryFn: async () => {
      const params = { project_name: project, repository_name: rest };
      return (await api.repositories.get({ params })).body;
    },
  });
  const trail = [
    { title: t("projects"), to: "/projects" },
    { title: project, to: projectPath(project) },
  ];
  const missing = (error as { status?: number } | null)?.status === 404;
  return (
    <>
      <PageHead
        title={rest}
        trail={trail}
        actions={
          <>
            <LinkButton to="/timeline" search={{ scope: name }} icon={<ClockCircleOutlined />}>
              {t("timeline")}
            </LinkButton>
            {repository && may("repository", "delete") && <Delete name={name} />}
          </>
        }
      />
      {/* A repository comes to be with its first push: until then there are the commands. */}
      {error && !missing && <Failure error={error} />}
      {repository && <Description repository={repository} editable={may("repository", "update")} />}
      <ArtifactTable repository={name} may={may} />
    </>
  );
}

function Delete({ name }: { readonly name: string }) {
  const t = useTexts("artifacts");
  const { deleteRepository } = useDeleting();
  const navigate = useNavigate();
  const project = name.slice(0, name.indexOf("/"));
  return (
    <Button
      danger
      icon={<DeleteOutlined />}
      onClick={() => void deleteRepository(name, () => navigate({ to: projectPath(project) }))}
    >
      {t("delete")}
    </Button>
  );
}
