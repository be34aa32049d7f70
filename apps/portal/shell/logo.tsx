/** The mark of Entrepot with its name. */
export function Logo() {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 10 }}>
      <img src="/favicon.svg" alt="" width={28} height={28} />
      <strong style={{ fontSize: 18, letterSpacing: 0.2 }}>Entrepot</strong>
    </span>
  );
}
