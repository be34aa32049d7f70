import { Failure } from "../parts/failure.tsx";

/** A page that failed as a whole. */
export function Broken({ error, reset }: { readonly error: unknown; readonly reset: () => void }) {
  return (
    <div className="page">
      <Failure error={error} again={reset} />
    </div>
  );
}
