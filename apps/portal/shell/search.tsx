import { ContainerOutlined, ProjectOutlined, SearchOutlined } from "@ant-design/icons";
import type { SearchResult } from "@entrepot/api";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { api } from "../api.ts";
import { projectPath, repositoryPath } from "../addresses.ts";
import { type Text, useTexts } from "../texts.ts";

/** Found names of each sort that are offered. */
const OFFERED = 8;

/**
 * Finds projects and repositories by their names. The key `/` goes there from anywhere. No antd
 * AutoComplete: every page loads this, and that brings much code along.
 */
export function Search() {
  const t = useTexts("shell");
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  useSlash(() => input.current?.focus());
  const { asked, groups } = useFound(text, t);
  const paths = groups?.flatMap(({ found }) => found.map(({ path }) => path)) ?? [];
  const leave = () => {
    setText("");
    setOpen(false);
    input.current?.blur();
  };
  const press = usePressed({ paths, active, setActive, leave });
  const shown = open && groups !== null;
  const offered = shown && paths.length > 0;
  return (
    <div
      role="search"
      className="search"
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) setOpen(false);
      }}
    >
      <SearchOutlined />
      <input
        ref={input}
        role="combobox"
        aria-label={t("search")}
        aria-expanded={offered}
        aria-controls={list}
        aria-autocomplete="list"
        {...(offered && { "aria-activedescendant": `${list}-${active}` })}
        placeholder={t("search")}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onFocus={() => setOpen(true)}
        onChange={({ target }) => {
          setText(target.value);
          setActive(0);
          setOpen(true);
        }}
        onKeyDown={press}
      />
      <kbd aria-hidden>/</kbd>
      {shown && (
        // The field keeps the focus, which some browsers give to no link.
        <div className="search-found" onMouseDown={(event) => event.preventDefault()}>
          {offered ? (
            <Found id={list} groups={groups} active={active} leave={leave} />
          ) : (
            <p>{t("search.nothing", { text: asked })}</p>
          )}
        </div>
      )}
    </div>
  );
}

/** Names of one sort that were found. */
interface Group {
  readonly label: string;
  /** `n` counts through all groups. */
  readonly found: readonly { readonly name: string; readonly path: string; readonly n: number }[];
  readonly icon: typeof ProjectOutlined;
}

function Found({
  id,
  groups,
  active,
  leave,
}: {
  readonly id: string;
  readonly groups: readonly Group[];
  readonly active: number;
  readonly leave: () => void;
}) {
  const t = useTexts("shell");
  return (
    <div role="listbox" id={id} aria-label={t("search")}>
      {groups.map(({ label, found, icon: Icon }) => (
        <div key={label} role="group" aria-label={label}>
          <small aria-hidden>{label}</small>
          {found.map(({ name, path, n }) => (
            <Link
              key={path}
              id={`${id}-${n}`}
              role="option"
              aria-selected={n === active}
              tabIndex={-1}
              to={path}
              onClick={leave}
            >
              <Icon /> {name}
            </Link>
          ))}
        </div>
      ))}
    </div>
  );
}

/** What is called so, asked of the server; null where nothing was asked or it is not known yet. */
function useFound(text: string, t: Text) {
  const asked = useDeferredValue(text.trim());
  const { data } = useQuery({
    queryKey: ["projects", "search", asked],
    enabled: asked !== "",
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await api.search.find({ query: { q: asked, limit: OFFERED }, signal })).body,
  });
  return { asked, groups: asked === "" || !data ? null : groupsOf(data, t) };
}

/** The found names by sort, in texts of "shell". */
function groupsOf({ project, repository }: SearchResult, t: Text): readonly Group[] {
  const projects = project.map(({ name }, n) => ({ name, path: projectPath(name), n }));
  const repositories = repository.map(({ repository_name: name }, n) => ({
    name,
    path: repositoryPath(name),
    n: n + projects.length,
  }));
  return [
    { label: t("search.projects"), found: projects, icon: ProjectOutlined },
    { label: t("search.repositories"), found: repositories, icon: ContainerOutlined },
  ].filter(({ found }) => found.length > 0);
}

/** What keys do in the field: up and down choose, Enter goes there, Escape leaves. */
function usePressed({
  paths,
  active,
  setActive,
  leave,
}: {
  readonly paths: readonly string[];
  readonly active: number;
  readonly setActive: (n: number) => void;
  readonly leave: () => void;
}) {
  const navigate = useNavigate();
  return (event: KeyboardEvent<HTMLInputElement>) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && paths.length > 0) {
      event.preventDefault();
      setActive((active + step + paths.length) % paths.length);
    }
    if (event.key === "Escape") leave();
    const to = paths[active];
    if (event.key !== "Enter" || event.nativeEvent.isComposing || to === undefined) return;
    leave();
    void navigate({ to });
  };
}

/** Calls `act` when `/` is pressed where nothing is being typed. */
function useSlash(act: () => void): void {
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
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
