import { Collapse } from "antd";
import { CopyButton } from "../../parts/copy.tsx";

/** JSON as it is, indented for reading, folded until wanted; copied as it is, byte for byte. */
export function RawText({
  title,
  text,
  open = false,
}: {
  readonly title: string;
  readonly text: string;
  readonly open?: boolean;
}) {
  return (
    <Collapse
      defaultActiveKey={open ? ["raw"] : []}
      items={[
        {
          key: "raw",
          label: title,
          children: (
            <div style={{ position: "relative" }}>
              <span style={{ position: "absolute", insetInlineEnd: 0 }}>
                <CopyButton text={text} />
              </span>
              <pre
                tabIndex={0}
                className="code"
                style={{ overflow: "auto", maxHeight: 600, margin: 0 }}
              >
                {indented(text)}
              </pre>
            </div>
          ),
        },
      ]}
    />
  );
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
