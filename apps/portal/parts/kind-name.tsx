import { Tag } from "antd";
import { useTexts } from "../texts.ts";

/** A name with what sort of name it is: a tag, a repository, a member … Digests are shortened. */
export function KindName({ kind, name }: { readonly kind: string; readonly name: string }) {
  const t = useTexts("restore");
  const short = name.replace(/(@[a-z0-9]+:[0-9a-f]{12})[0-9a-f]{20,}/, "$1…");
  return (
    <>
      <Tag>{t(`kind.${kind}`)}</Tag>
      <span title={name}>{short}</span>
    </>
  );
}
