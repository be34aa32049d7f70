import type { Reply } from "@entrepot/api/client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Flex, Input, Table, type TableColumnsType } from "antd";
import type { ReactNode } from "react";
import { useTexts } from "../texts.ts";
import { Failure } from "./failure.tsx";

/** A page of a list, as the management API takes it. */
export interface PageAsked {
  readonly page: number;
  readonly page_size: number;
  readonly q?: string;
  readonly sort?: string;
}

/** A column. `key` is the field's name in `sort` where the list can be sorted by it. */
export type Columns<T> = TableColumnsType<T>;

interface Asked {
  readonly page?: string;
  readonly size?: string;
  readonly find?: string;
  readonly sort?: string;
}

const SIZES = [15, 50, 100];
const FIRST_SIZE = 15;

/** What an `ApiTable` shows, and how it is asked for. */
export interface ApiTableProps<T extends object> {
  readonly queryKey: readonly unknown[];
  readonly load: (asked: PageAsked) => Promise<Reply<T[]>>;
  readonly columns: Columns<T>;
  readonly rowKey: (item: T) => string | number;
  readonly searchField?: string;
  readonly searchHint?: string;
  /** More of `q`, joined by a comma with what is searched for. */
  readonly filter?: string;
  /** Shown instead of the table while there is nothing and nothing was searched for. */
  readonly empty?: ReactNode;
  /** Beside the search. */
  readonly tools?: ReactNode;
  readonly name?: string;
  /** Asks again this often, for what no event tells of. */
  readonly refreshMs?: number;
  /** Rows can be chosen, for something to be done with several. */
  readonly select?: {
    readonly chosen: readonly (string | number)[];
    readonly choose: (keys: (string | number)[], items: T[]) => void;
  };
  /** What the table is, for those who do not see it. */
  readonly label: string;
  /** More about a row, shown when it is opened. */
  readonly below?: (item: T) => ReactNode;
}

/**
 * A list of the API as a table: paged and sorted by the server, searched in `searchField` if given.
 * What is shown stands in the address, so that it can be linked to and Back works; `name` keeps
 * two tables of one page apart.
 */
export function ApiTable<T extends object>(props: ApiTableProps<T>) {
  const { queryKey, load, columns, rowKey, searchField, filter, empty, select, below } = props;
  const t = useTexts("parts");
  const [shown, show] = useShown(props.name ?? "");
  const found = shown.find && searchField ? `${searchField}=~${quoted(shown.find)}` : "";
  const q = [found, filter].filter(Boolean).join(",");
  const asked: PageAsked = {
    page: Math.max(1, Number(shown.page ?? 1) || 1),
    page_size: SIZES.includes(Number(shown.size)) ? Number(shown.size) : FIRST_SIZE,
    ...(q && { q }),
    ...(shown.sort && { sort: shown.sort }),
  };
  const { data, error, refetch } = useQuery({
    queryKey: [...queryKey, asked],
    queryFn: () => load(asked),
    placeholderData: keepPreviousData,
    ...(props.refreshMs !== undefined && { refetchInterval: props.refreshMs }),
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  const items = data?.body ?? [];
  const total = data?.total ?? items.length;
  const bare = data !== undefined && total === 0 && !shown.find && asked.page === 1;
  if (bare && empty) return <>{empty}</>;
  return (
    <>
      <Tools {...props} find={shown.find} show={show} />
      <Table<T>
        aria-label={props.label}
        size="middle"
        columns={sortedBy(columns, shown.sort)}
        dataSource={items}
        rowKey={rowKey}
        loading={data === undefined}
        scroll={{ x: "max-content" }}
        {...(below && { expandable: { expandedRowRender: below } })}
        {...(select && {
          rowSelection: {
            selectedRowKeys: [...select.chosen],
            preserveSelectedRowKeys: true,
            onChange: (keys, rows) => select.choose(keys as (string | number)[], rows),
          },
        })}
        pagination={{
          current: asked.page,
          pageSize: asked.page_size,
          total,
          pageSizeOptions: SIZES,
          showSizeChanger: total > FIRST_SIZE,
          hideOnSinglePage: total <= FIRST_SIZE,
          showTotal: (count) => t("table.total", { count }),
        }}
        onChange={({ current, pageSize }, _, sorter, { action }) => {
          const by = Array.isArray(sorter) ? sorter[0] : sorter;
          const sort = by?.order && `${by.order === "descend" ? "-" : ""}${String(by.columnKey)}`;
          show({
            sort: sort || undefined,
            page: action === "sort" || current === 1 ? undefined : String(current),
            size: pageSize === FIRST_SIZE ? undefined : String(pageSize),
          });
        }}
      />
    </>
  );
}

/** What stands above a table: the search, and what the page adds. */
function Tools<T extends object>({
  searchField,
  searchHint,
  tools,
  find,
  show,
}: ApiTableProps<T> & {
  readonly find: string | undefined;
  readonly show: (change: { find: string | undefined; page: undefined }) => void;
}) {
  const t = useTexts("parts");
  if (!searchField && !tools) return null;
  return (
    <Flex gap={8} wrap justify="space-between" style={{ marginBottom: 12 }}>
      {searchField ? (
        <Input.Search
          key={find ?? ""}
          defaultValue={find}
          allowClear
          placeholder={searchHint ?? t("table.search")}
          aria-label={searchHint ?? t("table.search")}
          style={{ maxWidth: 360 }}
          onSearch={(text) => show({ find: text.trim() || undefined, page: undefined })}
        />
      ) : (
        <span />
      )}
      <Flex gap={8} wrap style={{ maxWidth: "100%", overflowX: "auto" }}>
        {tools}
      </Flex>
    </Flex>
  );
}

/** Marks the column that the list is sorted by. Columns with `sorter: true` are sorted there. */
function sortedBy<T>(columns: Columns<T>, sort: string | undefined): Columns<T> {
  const falling = sort?.startsWith("-") === true;
  const field = sort?.replace(/^-/, "");
  return columns.map((column) =>
    column.key === field && field !== undefined
      ? { ...column, sortOrder: falling ? "descend" : "ascend" }
      : column,
  );
}

/** What separates terms of `q` cannot be searched for: it is left out. */
function quoted(find: string): string {
  return find.replaceAll(/[,~=(){}[\]]/g, " ").trim();
}

/** What of the table is shown, in the address. */
function useShown(name: string) {
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const navigate = useNavigate();
  const keyOf = (key: string) => (name === "" ? key : `${name}.${key}`);
  const shown: Asked = Object.fromEntries(
    ["page", "size", "find", "sort"].map((key) => [key, search[keyOf(key)]]),
  );
  const show = (change: { [K in keyof Asked]?: string | undefined }) => {
    const entries = Object.entries(change).map(([key, value]) => [keyOf(key), value]);
    const to = { ...search, ...Object.fromEntries(entries) };
    void navigate({ to: ".", search: to as never, replace: !("page" in change) });
  };
  return [shown, show] as const;
}
