import { Form, type FormInstance, Modal } from "antd";
import { type ReactNode, useId, useState } from "react";

/** What a `FormModal` asks, and what becomes of the answers. */
export interface FormModalProps<T> {
  /** Left out where the dialog is drawn only while it is open. */
  readonly open?: boolean;
  readonly title: ReactNode;
  /** The button's words: what is done, not "OK". */
  readonly action: string;
  readonly danger?: boolean;
  readonly width?: number;
  readonly first?: object;
  /** For whoever looks at the fields, or fills them, from outside. */
  readonly form?: FormInstance<T>;
  /** Does what was asked for; true closes the dialog. Told are failures by whoever does it. */
  readonly submit: (fields: T) => Promise<boolean>;
  readonly close: () => void;
  /** The fields, `Form.Item`s. */
  readonly children: ReactNode;
}

/**
 * A form in a dialog. Its button sends it, as Enter in a field does: the button belongs to the form
 * although it stands outside. What was typed is forgotten when the dialog closes.
 */
export function FormModal<T extends object>({ open = true, close, ...props }: FormModalProps<T>) {
  const id = useId();
  const [busy, setBusy] = useState(false);
  return (
    <Modal
      open={open}
      onCancel={close}
      title={props.title}
      okText={props.action}
      okButtonProps={{ htmlType: "submit", form: id, danger: props.danger === true }}
      confirmLoading={busy}
      destroyOnHidden
      {...(props.width !== undefined && { width: props.width })}
    >
      <Form<T>
        id={id}
        {...(props.form && { form: props.form })}
        layout="vertical"
        {...(props.first && { initialValues: props.first })}
        onFinish={(fields) => {
          setBusy(true);
          void props
            .submit(fields)
            .then((done) => done && close())
            .finally(() => setBusy(false));
        }}
      >
        {props.children}
      </Form>
    </Modal>
  );
}
