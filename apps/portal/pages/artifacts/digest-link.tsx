import { Link } from "@tanstack/react-router";
import { Tooltip } from "antd";
import { artifactPath } from "../../addresses.ts";
import { CopyButton } from "../../parts/copy.tsx";

/** A digest, shortened, that leads to its artifact; beside it a button that copies it whole. */
export function DigestLink({
  repository,
  digest,
}: {
  readonly repository: string;
  readonly digest: string;
}) {
  return (
    <span style={{ whiteSpace: "nowrap" }}>
      <Tooltip title={digest}>
        <Link to={artifactPath(repository, digest)} className="code">
          {digest.slice(0, digest.indexOf(":") + 13)}
        </Link>
      </Tooltip>
      <CopyButton text={digest} />
    </span>
  );
}
