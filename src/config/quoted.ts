const MAX_SHOWN = 60;

/** Text from a file for a message: in quotes, on one line, and not much of it. */
export function quoted(text: string): string {
  const shown = JSON.stringify(text.slice(0, MAX_SHOWN));
  return text.length > MAX_SHOWN ? `${shown.slice(0, -1)}…"` : shown;
}
