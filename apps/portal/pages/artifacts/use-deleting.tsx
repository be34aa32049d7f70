import { useQueryClient } from "@tanstack/react-query";
import { api } from "../../api.ts";
import { imageName, partsOf } from "../../addresses.ts";
import { useDoing } from "../../parts/ask.tsx";
import { useTexts } from "../../texts.ts";
import { oneCause, undo } from "../../undo.ts";

/** An artifact as far as its deletion goes. */
export interface Doomed {
  readonly digest: string;
  readonly tags: readonly { readonly name: string }[];
}

/** Names that a question lists; more are counted. */
const NAMED = 12;

/** Deletions: each shows what goes, and is taken back as one by the toast. */
export function useDeleting() {
  const t = useTexts("artifacts");
  const queries = useQueryClient();
  const { ask, undoable } = useDoing();
  const refresh = async () => {
    await queries.invalidateQueries();
  };

  /** Asks with `names` as what goes; then `act`, every request of it under one cause. */
  const question = (
    words: { title: string; names: readonly string[]; done: string },
    act: (headers: { "x-request-id": string }) => Promise<unknown>,
    gone?: () => unknown,
  ) =>
    ask(
      {
        title: words.title,
        about: <Going names={words.names} />,
        action: t("delete"),
        danger: true,
      },
      async () => {
        const { cause, headers } = oneCause();
        try {
          await act(headers);
          gone?.();
        } finally {
          await refresh();
        }
        undoable(words.done, () => undo(cause).then(refresh), t("delete.undone"));
      },
    );

  return {
    /** Deletes artifacts with all their tags. */
    deleteArtifacts(repository: string, doomed: readonly Doomed[], gone?: () => unknown) {
      const { project, rest } = partsOf(repository);
      const names = doomed.flatMap(({ digest, tags }) =>
        (tags.length > 0 ? tags.map(({ name }) => name) : [digest]).map((reference) =>
          imageName(rest, reference),
        ),
      );
      const count = doomed.length;
      question(
        { title: t("delete.ask", { count }), names, done: t("delete.done", { count }) },
        async (headers) => {
          for (const { digest: reference } of doomed) {
            const params = { project_name: project, repository_name: rest, reference };
            await api.artifacts.delete({ params, headers });
          }
        },
        gone,
      );
    },

    /** Deletes one tag; its artifact stays. */
    deleteTag(repository: string, tag: string) {
      const { project, rest } = partsOf(repository);
      const params = {
        project_name: project,
        repository_name: rest,
        reference: tag,
        tag_name: tag,
      };
      question(
        {
          title: t("deleteTag.ask", { tag }),
          names: [t("deleteTag.about")],
          done: t("deleteTag.done", { tag }),
        },
        (headers) => api.tags.delete({ params, headers }),
      );
    },

    /** Deletes a repository with everything in it. */
    async deleteRepository(name: string, gone: () => unknown): Promise<void> {
      const { project, rest } = partsOf(name);
      const params = { project_name: project, repository_name: rest };
      question(
        {
          title: t("deleteRepository.ask", { name: rest }),
          names: [t("deleteRepository.about")],
          done: t("deleteRepository.done", { name: rest }),
        },
        (headers) => api.repositories.delete({ params, headers }),
        gone,
      );
    },
  };
}

function Going({ names }: { readonly names: readonly string[] }) {
  const t = useTexts("artifacts");
  const more = names.length - NAMED;
  return (
    <>
      {names.length === 1 ? (
        <p style={{ wordBreak: "break-all" }}>{names[0]}</p>
      ) : (
        <ul style={{ paddingInlineStart: 20 }}>
          {names.slice(0, NAMED).map((name) => (
            <li key={name} style={{ wordBreak: "break-all" }}>
              {name}
            </li>
          ))}
          {more > 0 && <li>{t("delete.more", { count: more })}</li>}
        </ul>
      )}
      <p>{t("delete.undo")}</p>
    </>
  );
}
