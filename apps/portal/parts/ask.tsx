import { App } from "antd";
import type { ReactNode } from "react";
import { useTexts } from "../texts.ts";
import { useErrorText } from "./error-text.tsx";

/** A question before something is done. */
export interface Question {
  readonly title: string;
  /** What will happen: the plan. */
  readonly about?: ReactNode;
  /** The button's words: what is done, not "OK". */
  readonly action: string;
  readonly danger?: boolean;
  readonly wide?: boolean;
}

/** Asks, shows what was done and what failed. */
export function useDoing() {
  const { modal, message, notification } = App.useApp();
  const t = useTexts("parts");
  const errorText = useErrorText();

  const failed = (error: unknown, after = "") => {
    const { title, about } = errorText(error);
    const description = (
      <>
        {after} {about}
      </>
    );
    notification.error({ title, description, duration: 10 });
  };

  return {
    /** Asks `question`; on yes does `act`, while its button turns, then says `done`. */
    ask(question: Question, act: () => Promise<unknown>, done?: string) {
      modal.confirm({
        title: question.title,
        content: question.about,
        okText: question.action,
        cancelText: t("ask.cancel"),
        okButtonProps: { danger: question.danger === true },
        width: question.wide ? 720 : 480,
        maskClosable: true,
        onOk: () =>
          act().then(
            () => {
              if (done) message.success(done);
            },
            (error: unknown) => failed(error),
          ),
      });
    },

    /** Does `act` and says `done`; tells what failed, and `after` then. True if it was done. */
    async run(act: () => Promise<unknown>, done?: string, after?: string): Promise<boolean> {
      try {
        await act();
        if (done) message.success(done);
        return true;
      } catch (error) {
        failed(error, after);
        return false;
      }
    },

    failed,

    /** Says what was done, with a button that takes it back for as long as it is shown. */
    undoable(title: string, undo: () => Promise<unknown>, undone: string) {
      const key = `undo-${Date.now()}`;
      notification.success({
        key,
        title,
        duration: 15,
        actions: (
          <a
            role="button"
            tabIndex={0}
            onClick={() => {
              notification.destroy(key);
              void undo().then(
                () => message.success(undone),
                (error: unknown) => failed(error),
              );
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter") event.currentTarget.click();
            }}
          >
            {t("ask.undo")}
          </a>
        ),
      });
    },
  };
}
