import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useDeferredValue, useState } from "react";
import { api } from "../../api.ts";
import { partsOf } from "../../addresses.ts";

/** Tags that are offered at once. */
const OFFERED = 50;

/** Chooses a tag of a repository; a digest that stands in the address is shown as it is. */
export function ReferencePicker({
  repository,
  value,
  choose,
  label,
}: {
  readonly repository: string;
  readonly value: string | undefined;
  readonly choose: (reference: string) => void;
  readonly label: string;
}) {
  const [typed, setTyped] = useState("");
  const find = useDeferredValue(typed.replaceAll(/[,~=(){}[\]]/g, ""));
  const { project, rest } = partsOf(repository);
  const { data: tags = [] } = useQuery({
    queryKey: ["tags", "choices", repository, find],
    queryFn: async () => {
      const params = { project_name: project, repository_name: rest };
      const q = find === "" ? "tags=*" : `tags=~${find}`;
      const { body } = await api.artifacts.list({ params, query: { q, page_size: OFFERED } });
      return body.flatMap((artifact) => artifact.tags.map(({ name }) => name));
    },
  });
  const options = [...new Set([...tags, ...(value ? [value] : [])])];
  return (
    <Select
      showSearch={{ onSearch: setTyped }}
      aria-label={label}
      placeholder={label}
      style={{ flex: "1 1 220px", maxWidth: 420 }}
      value={value || null}
      options={options.map((name) => ({ value: name, label: name }))}
      onChange={(name: string) => choose(name)}
    />
  );
}
