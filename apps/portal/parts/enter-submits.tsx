/**
 * Lets Enter submit the form that this is in where its visible button stands outside, as in a
 * dialog: browsers want a submit button inside.
 */
export function EnterSubmits() {
  return <button type="submit" hidden />;
}
