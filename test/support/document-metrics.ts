import { registeredMetrics } from './metric-names.ts';

/** The tables of docs/metrics.md, made from the registry: our metrics, then those of the process. */
export function renderMetrics(): string {
  const all = registeredMetrics(true);
  const ours = all.filter(({ name }) => name.startsWith('gluewall_'));
  const others = all.filter(({ name }) => !name.startsWith('gluewall_'));
  return [...table(ours), '', 'Of the process, by prom-client:', '', ...table(others)].join('\n');
}

function table(metrics: ReturnType<typeof registeredMetrics>): readonly string[] {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const shown = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${shown} | ${help.replaceAll('|', '\\|')} |`;
  });
  return ['| Metric | Type | Labels | What it says |', '| --- | --- | --- | --- |', ...rows];
}
