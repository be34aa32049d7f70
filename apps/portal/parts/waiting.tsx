/** What is shown while a page is fetched. */
export function Waiting() {
  return (
    <div className="page">
      <Lines rows={6} />
    </div>
  );
}

/** Bars in place of what is being fetched. Plain elements: the first page loads them. */
export function Lines({ rows = 3 }: { readonly rows?: number }) {
  return (
    <div className="lines" aria-busy="true">
      {Array.from({ length: rows }, (_, n) => (
        <div key={n} />
      ))}
    </div>
  );
}
