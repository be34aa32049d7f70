import { ContainerOutlined, ProjectOutlined, SearchOutlined } from "@ant-design/icons";
import type { SearchResult } from "@entrepot/api";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { AutoComplete, Input, type InputRef } from "antd";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { api } from "../api.ts";
import { projectPath, repositoryPath } from "../addresses.ts";
import { type Text, useTexts } from "../texts.ts";

/** Found names of each sort that are offered. */
const OFFERED = 8;

/** Finds projects and repositories by their names. The key `/` goes there from anywhere. */
export default function Search() {
  const t = useTexts("shell");
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const asked = useDeferredValue(text.trim());
  const input = useRef<InputRef>(null);
  useSlash(() => input.current?.focus());
  const { data } = useQuery({
    queryKey: ["projects", "search", asked],
    enabled: asked !== "",
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await api.search.find({ query: { q: asked, limit: OFFERED }, signal })).body,
  });
  const options = asked === "" || !data ? [] : optionsOf(data, t);
  const nothing = asked !== "" && data && options.length === 0;
  return (
    <div role="search" style={{ flex: "0 1 420px", minWidth: 0, lineHeight: 1 }}>
      <AutoComplete
        style={{ width: "100%" }}
        value={text}
        options={options}
        notFoundContent={nothing ? t("search.nothing", { text: asked }) : null}
        defaultActiveFirstOption
        popupMatchSelectWidth={Math.min(360, innerWidth - 72)}
        onChange={(next: string) => setText(next.startsWith("/") ? text : next)}
        onSelect={(path: string) => {
          setText("");
          input.current?.blur();
          void navigate({ to: path });
        }}
      >
        <Input
          ref={input}
          style={{ height: 36 }}
          prefix={<SearchOutlined />}
          suffix={<kbd aria-hidden>/</kbd>}
          aria-label={t("search")}
          placeholder={t("search")}
        />
      </AutoComplete>
    </div>
  );
}

/** The found names by sort; `value` is where they are. In texts of "shell". */
function optionsOf({ project, repository }: SearchResult, t: Text) {
  const groups = [
    {
      label: t("search.projects"),
      options: project.map(({ name }) => ({
        value: projectPath(name),
        label: (
          <>
            <ProjectOutlined /> {name}
          </>
        ),
      })),
    },
    {
      label: t("search.repositories"),
      options: repository.map(({ repository_name: name }) => ({
        value: repositoryPath(name),
        label: (
          <>
            <ContainerOutlined /> {name}
          </>
        ),
      })),
    },
  ];
  return groups.filter((group) => group.options.length > 0);
}

/** Calls `act` when `/` is pressed where nothing is being typed. */
function useSlash(act: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement | null;
      const typing = at?.closest("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}
