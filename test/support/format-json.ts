const LINE_WIDTH = 120;

/** JSON as the formatter of this repository has it: two spaces, and a list on one line where it fits. */
export function formatJson(value: unknown): string {
  return `${format(value, '', 0)}\n`;
}

/** `before` is how much stands on the line already. */
function format(value: unknown, indent: string, before: number): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const line = JSON.stringify(value).replace(/,(?=")/g, ', ');
    const isFlat = value.every((item) => item === null || typeof item !== 'object');
    if (isFlat && before + line.length < LINE_WIDTH) return line;
    if (value.length === 0) return '[]';
    return `[\n${value.map((item) => `${inner}${format(item, inner, inner.length)}`).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const rows = entries.map(([key, item]) => {
    const head = `${inner}${JSON.stringify(key)}: `;
    return head + format(item, inner, head.length);
  });
  return `{\n${rows.join(',\n')}\n${indent}}`;
}
