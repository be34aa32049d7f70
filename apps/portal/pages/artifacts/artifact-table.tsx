import type { Artifact } from "@entrepot/api";
import { useNavigate } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { partsOf } from "../../addresses.ts";
import { ApiTable } from "../../parts/api-table.tsx";
import { useTexts } from "../../texts.ts";
import { useArtifactColumns } from "./artifact-columns.tsx";
import { NothingPushed } from "./nothing-pushed.tsx";
import { useDeleting } from "./use-deleting.tsx";

/** What the caller may do. */
export type May = (resource: string, action: string) => boolean;

/** A repository's artifacts. */
export function ArtifactTable({
  repository,
  may,
}: {
  readonly repository: string;
  readonly may: May;
}) {
  const t = useTexts("artifacts");
  const { project, rest } = partsOf(repository);
  const [chosen, setChosen] = useState<readonly Artifact[]>([]);
  const columns = useArtifactColumns(repository, may);
  return (
    <ApiTable<Artifact>
      label={t("title")}
      queryKey={["artifacts", repository]}
      load={(asked) =>
        api.artifacts.list({
          params: { project_name: project, repository_name: rest },
          query: { ...asked, with_label: true, with_accessory: true, with_immutable_status: true },
        })
      }
      columns={columns}
      rowKey={({ digest }) => digest}
      searchField="tags"
      searchHint={t("find")}
      select={{
        chosen: chosen.map(({ digest }) => digest),
        choose: (_, items) => setChosen(items.filter(Boolean)),
      }}
      tools={
        <Several repository={repository} chosen={chosen} forget={() => setChosen([])} may={may} />
      }
      empty={<NothingPushed repository={repository} may={may} />}
    />
  );
}

/** What can be done with several. */
function Several({
  repository,
  chosen,
  forget,
  may,
}: {
  readonly repository: string;
  readonly chosen: readonly Artifact[];
  readonly forget: () => void;
  readonly may: May;
}) {
  const t = useTexts("artifacts");
  const { deleteArtifacts } = useDeleting();
  const navigate = useNavigate();
  const { project, rest } = partsOf(repository);
  // The older one stands left.
  const [a, b] = chosen
    .toSorted((one, other) => one.push_time.localeCompare(other.push_time))
    .map(({ digest, tags }) => tags[0]?.name ?? digest);
  return (
    <>
      <Button
        disabled={chosen.length !== 2}
        title={t("compare.hint")}
        onClick={() => {
          const search = { a, b } as never;
          void navigate({ to: `/projects/${project}/compare/${rest}`, search });
        }}
      >
        {t("compare")}
      </Button>
      {may("artifact", "delete") && (
        <Button
          danger
          disabled={chosen.length === 0}
          onClick={() => deleteArtifacts(repository, chosen, forget)}
        >
          {chosen.length > 0 ? t("delete.several", { count: chosen.length }) : t("delete")}
        </Button>
      )}
    </>
  );
}
