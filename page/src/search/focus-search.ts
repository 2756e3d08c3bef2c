/** Puts the caret into the search of the page; false when it has none. */
export function focusSearch(): boolean {
  const input = document.querySelector<HTMLInputElement>('[data-search]');
  input?.focus();
  input?.select();
  return input !== null;
}
