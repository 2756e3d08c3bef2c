/** What keeps a text from being well-formed XML, as far as tags and entities go; undefined when nothing does. */
export function xmlProblem(text: string): string | undefined {
  const open: string[] = [];
  const rest = text
    .replace(/<\?[^>]*\?>/g, '')
    .replace(/<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>/g, (...match) => {
      const [, closes, name, , isEmpty] = match as unknown as string[];
      if (closes === '/') {
        const last = open.pop();
        return last === name ? '' : `<!-- ${name} closes ${last} -->`;
      }
      if (isEmpty !== '/') open.push(name!);
      return '';
    });
  if (rest.includes('<')) return `a stray tag: ${rest.slice(rest.indexOf('<'), rest.indexOf('<') + 80)}`;
  if (/&(?!(?:amp|lt|gt|quot);)/.test(rest)) return 'an entity that is none';
  return open.length > 0 ? `never closed: ${open.join(' ')}` : undefined;
}
