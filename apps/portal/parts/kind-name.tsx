import { Tag } from "antd";
import { useTexts } from "../texts.ts";

/** A name with what sort of name it is: a tag, a repository, a member … */
export function KindName({ kind, name }: { readonly kind: string; readonly name: string }) {
  const t = useTexts("restore");
  return (
    <>
      <Tag style={{ marginInlineEnd: 6 }}>{t(`kind.${kind}`)}</Tag>
      <ShortName name={name} />
    </>
  );
}

/**
 * A name as people read it: digests shortened, and what belongs to no project without the slash
 * that says so in the journal. The whole of it appears over it.
 */
export function ShortName({ name }: { readonly name: string }) {
  const short = name
    .replace(/(@[a-z0-9]+:[0-9a-f]{12})[0-9a-f]{20,}/, "$1…")
    .replace(/^\/(?=[^/]+$)/, "");
  return <span title={name}>{short}</span>;
}
