import type { Repository } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "../../api.ts";
import { partsOf, repositoryPath } from "../../addresses.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { Bytes, Count, When } from "../../parts/units.tsx";
import { usePerson } from "../../session.ts";
import { type Text, useTexts } from "../../texts.ts";
import { pushCommands } from "../artifacts/commands.ts";
import { type InProject, ProjectPage } from "./project-page.tsx";

/** A project's repositories. */
export default function Repositories() {
  return <ProjectPage tab="">{(given) => <List {...given} />}</ProjectPage>;
}

function List({ project, may }: InProject) {
  const t = useTexts("projects");
  const { name: person } = usePerson();
  const sizes = useSizes(project.name);
  return (
    <ApiTable<Repository>
      label={t("repositories")}
      queryKey={["repositories", project.name]}
      load={(asked) =>
        api.repositories.list({ params: { project_name: project.name }, query: asked })
      }
      columns={columnsOf(t, sizes)}
      rowKey={({ id }) => id}
      searchField="name"
      searchHint={t("repositories.find")}
      empty={
        <NothingYet
          title={t("repositories.none")}
          commands={
            may("repository", "push")
              ? pushCommands({ host: location.host, repository: `${project.name}/app`, person })
              : []
          }
        >
          {may("repository", "push") ? t("repositories.push") : t("repositories.wait")}
        </NothingYet>
      }
    />
  );
}

/** What each repository takes up, by its whole name; those of the first hundred. */
function useSizes(project: string): ReadonlyMap<string, number> {
  const { data } = useQuery({
    queryKey: ["repositories", project, "sizes"],
    queryFn: async () => {
      const params = { project_name_or_id: project };
      const headers = { "x-is-resource-name": "true" };
      const query = { page_size: 100 };
      return (await api.storageUse.repositories({ params, headers, query })).body;
    },
  });
  return new Map(data?.map(({ repository, bytes }) => [repository, bytes]));
}

function columnsOf(t: Text, sizes: ReadonlyMap<string, number>): Columns<Repository> {
  return [
    {
      key: "name",
      title: t("name"),
      sorter: true,
      render: (_, { name, description }) => (
        <>
          <Link to={repositoryPath(name)}>
            <strong>{partsOf(name).rest}</strong>
          </Link>
          <div className="shortened">{description.split("\n", 1)[0]}</div>
        </>
      ),
    },
    {
      title: t("artifacts"),
      align: "right",
      render: (_, { artifact_count: count }) => <Count value={count} />,
    },
    {
      title: t("size"),
      align: "right",
      render: (_, { name }) => <Bytes value={sizes.get(name)} />,
    },
    {
      title: t("pulls"),
      align: "right",
      render: (_, { pull_count: count }) => <Count value={count} />,
    },
    {
      key: "update_time",
      title: t("changed"),
      sorter: true,
      render: (_, { update_time: time }) => <When time={time} />,
    },
  ];
}
