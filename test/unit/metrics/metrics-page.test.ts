/** docs/metrics.md: that its samples work, and that it names what there is. Its tables are made: test/docs.test.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { metricList } from '../../../src/metrics/metric-list.ts';
import { createRegistry } from '../../../src/metrics/metrics-registry.ts';
import { describeIf } from '../../support/describe-if.ts';
import { metricFigures } from '../../support/metric-figures.ts';
import { registeredMetrics } from '../../support/metric-names.ts';
import { promtool } from '../../support/promtool.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'docs');
const page = readFileSync(join(folder, 'metrics.md'), 'utf8');
const alerts = readFileSync(join(folder, 'metrics', 'gluewall-alerts.yaml'), 'utf8');
const samples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

describe('docs/metrics.md', () => {
  it('has a configuration that loads', () => {
    expect(samples).toHaveLength(2);
    expect(parseConfig(samples[0]!, 'metrics.md').metrics.listen).toEqual({ host: '127.0.0.1', port: 9653 });
  });

  it('names every alert, and no other', () => {
    const known = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
    const named = [...page.matchAll(/`(Gluewall\w+)`/g)].map(([, name]) => name!);
    expect([...named].sort()).toEqual([...known].sort());
  });

  it('names no metric that there is not', () => {
    const known = registeredMetrics(true).map(({ name }) => name);
    for (const [, name] of page.matchAll(/`((?:gluewall|nodejs|process)_\w+)`/g)) expect(known).toContain(name);
  });
});

describeIf(['promtool'], 'promtool', () => {
  it('takes the scrape of docs/metrics.md with the alerts', () => {
    const files = { 'prometheus.yaml': samples[1]!, 'gluewall-alerts.yaml': alerts };
    const { status, text } = promtool(['check', 'config', 'prometheus.yaml'], files);
    expect(text).toContain('1 rule files found');
    expect(status, text).toBe(0);
  });

  it('takes metrics as they are exported, and would complain of one against the conventions', async () => {
    const text = await createRegistry(metricList(), metricFigures(), () => {}).metrics();
    expect(promtool(['check', 'metrics'], {}, text)).toEqual({ status: 0, text: '' });
    const metric = '# HELP x_milliseconds Time.\n# TYPE x_milliseconds counter\nx_milliseconds 1\n';
    expect(promtool(['check', 'metrics'], {}, metric).status).not.toBe(0);
  });
});
