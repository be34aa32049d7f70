import { Tag, Tooltip } from "antd";

/** A label, in its own colour, with its description over it. */
export function LabelTag({
  of: { name, color, description },
  onClose,
}: {
  readonly of: { readonly name: string; readonly color: string; readonly description: string };
  /** Takes it off. */
  readonly onClose?: () => void;
}) {
  const own = /^#[0-9a-f]{6}$/i.test(color) ? color : null;
  return (
    <Tooltip title={description || null}>
      <Tag
        variant="outlined"
        {...(onClose && {
          closable: true,
          onClose: (event: { preventDefault(): void }) => {
            event.preventDefault();
            onClose();
          },
        })}
      >
        {own && (
          <span
            aria-hidden
            style={{
              display: "inline-block",
              width: 9,
              height: 9,
              marginInlineEnd: 6,
              borderRadius: "50%",
              background: own,
            }}
          />
        )}
        {name}
      </Tag>
    </Tooltip>
  );
}
