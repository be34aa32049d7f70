import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { AutoComplete, Flex, Typography } from "antd";
import { useEffect, useState } from "react";
import { api } from "../../api.ts";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { parseScope, type Scope, scopeText } from "./scope.ts";

/** Names that are proposed at most. */
const MOST = 15;

/** Chooses what is looked at, by typing its name; what there is is proposed. */
export function ScopeField({
  scope,
  onScope,
}: {
  readonly scope: Scope;
  readonly onScope: (scope: Scope) => void;
}) {
  const t = useTexts("timeline");
  const { sysadmin } = usePerson();
  const text = scopeText(scope);
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  const { data: names = [] } = useQuery({
    queryKey: ["repositories", "proposed", typed],
    queryFn: () => proposed(typed),
    staleTime: 10_000,
    placeholderData: (before) => before,
  });
  const choose = (name: string) => {
    if (name.trim() !== text) onScope(parseScope(name));
  };
  return (
    <Flex gap={8} wrap align="center" style={{ marginBottom: 16 }}>
      <AutoComplete
        aria-label={t("scope.label")}
        placeholder={sysadmin ? t("scope.everything") : t("scope.project")}
        value={typed}
        allowClear
        style={{ width: 420, maxWidth: "100%" }}
        options={names.map((value) => ({ value }))}
        onChange={(value?: string) => {
          setTyped(value ?? "");
          if (!value) choose("");
        }}
        onSelect={(value?: string) => choose(value ?? "")}
        onBlur={() => choose(typed)}
        onKeyDown={({ key }) => key === "Enter" && choose(typed)}
      />
      <Above scope={scope} all={sysadmin} />
    </Flex>
  );
}

/** The way up: the registry, the project, the repository. */
function Above({ scope, all }: { readonly scope: Scope; readonly all: boolean }) {
  const t = useTexts("timeline");
  const { project, repository, tag } = scope;
  if (project === undefined) return null;
  const steps = [
    ...(all ? [{ text: t("scope.everything"), to: "" }] : []),
    ...(repository ? [{ text: project, to: project }] : []),
    ...(tag ? [{ text: repository!, to: `${project}/${repository}` }] : []),
  ];
  return (
    <Flex gap={8} wrap>
      {steps.map(({ text, to }) => (
        <Typography.Text key={to}>
          <Link to="." search={((old: object) => ({ ...old, scope: to || undefined })) as never}>
            {text}
          </Link>
          {" /"}
        </Typography.Text>
      ))}
    </Flex>
  );
}

/** Projects, repositories of a project, or tags of a repository, as far as `typed` has come. */
async function proposed(typed: string): Promise<string[]> {
  const { project = "", repository = "", tag } = parseScope(typed);
  if (!typed.includes("/")) {
    const query = { page_size: MOST, ...(project && { name: project }) };
    return (await api.projects.list({ query })).body.map(({ name }) => name);
  }
  const project_name = project;
  if (tag === undefined && !typed.includes(":")) {
    const query = { page_size: MOST, ...(repository && { q: `name=~${repository}` }) };
    const { body } = await api.repositories.list({ params: { project_name }, query });
    return body.map(({ name }) => name);
  }
  const past = await api.artifacts.list({
    params: { project_name, repository_name: repository },
    query: { page_size: MOST, with_tag: true },
  });
  return past.body
    .flatMap(({ tags }) => tags ?? [])
    .map(({ name }) => `${project}/${repository}:${name}`)
    .filter((name) => name.startsWith(typed));
}
