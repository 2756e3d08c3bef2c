import { type EntryKind, PIPELINE } from '../../src/controller/pipeline.ts';

/** The tables of docs/architecture.md, made from the declaration of the pipeline. */
export function renderPipeline(): string {
  return Object.entries(PIPELINE)
    .map(([name, { id, about, matchFields, next, entries }]) => {
      const rows = Object.entries<EntryKind>(entries)
        .sort(([, a], [, b]) => b.priority - a.priority)
        .map(([kind, entry]) => `| ${priorities(entry)} | ${kind} | ${entry.rule} | ${entry.about} |`);
      const fields = matchFields.length === 0 ? 'nothing' : matchFields.map((field) => `\`${field}\``).join(', ');
      const leads = next.length === 0 ? 'nowhere' : next.join(', ');
      return [
        `**Table ${id}, ${name}.** ${about}. Matches on ${fields}; leads to ${leads}.`,
        '',
        '| Priority | Entry | Rule id | What it is for |',
        '| --- | --- | --- | --- |',
        ...rows,
      ].join('\n');
    })
    .join('\n\n');
}

function priorities({ priority, lowestPriority }: EntryKind): string {
  return lowestPriority === undefined ? String(priority) : `${priority} to ${lowestPriority}`;
}
