/** The dashboard of the docs: that its expressions ask for what there is, in a way that Prometheus understands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { metricList } from '../../../src/metrics/metric-list.ts';
import { describeIf } from '../../support/describe-if.ts';
import { metricNames, namesIn } from '../../support/metric-names.ts';
import { promtool } from '../../support/promtool.ts';

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'metrics', 'grafana-dashboard.json');
const dashboard = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets: own = [] }) => own.map((target) => ({ title, ...target })));

/** As Prometheus gets it, with Grafana's own words filled in. */
const filled = (expression: string) => expression.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*');

describe('the dashboard', () => {
  it('has panels with something to show, side by side', () => {
    expect(targets.length).toBeGreaterThan(30);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { type, title, targets: own = [] } of dashboard.panels) {
      if (type !== 'row') expect(own.length, title).toBeGreaterThan(0);
    }
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it('asks for metrics that there are, of the chosen instances', () => {
    const known = metricNames();
    for (const { title, expr } of targets) {
      const names = namesIn(filled(expr));
      expect(names.length, title).toBeGreaterThan(0);
      for (const name of names) expect(known, title).toContain(name);
      expect(expr.match(/\{/g)?.length, title).toBe(expr.match(/instance=~"\$instance"/g)?.length);
    }
    const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(variables.map((definition) => /^label_values\((\w+), instance\)$/.exec(definition)?.[1])).toEqual([
      'gluewall_switches_connected',
    ]);
    expect(known).toContain('gluewall_switches_connected');
  });

  it('takes the rate of what only grows, and of nothing else', () => {
    const types = new Map(metricList().map(({ name, type }) => [name, type]));
    for (const { title, expr } of targets) {
      const rated = [...filled(expr).matchAll(/(?:rate|increase)\((\w+)/g)].map(([, name]) => name!);
      for (const name of namesIn(filled(expr))) {
        const type = types.get(name.replace(/_bucket$/, ''));
        if (type !== undefined) expect(rated.includes(name), `${title}: ${name}`).toBe(type !== 'gauge');
      }
    }
  });

  it('names in its legends labels that the metrics have', () => {
    const labels = new Map(metricList().map((metric) => [metric.name, metric.labels as readonly string[]]));
    for (const { title, expr, legendFormat } of targets) {
      const own = namesIn(filled(expr)).flatMap((name) => labels.get(name) ?? []);
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      for (const label of shown) expect([...own, 'instance'], `${title}: ${expr}`).toContain(label);
      const grouping = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(', ');
      if (grouping !== undefined) for (const label of shown) expect(grouping, `${title}: ${expr}`).toContain(label);
    }
  });
});

describe('namesIn', () => {
  it('finds metrics and neither functions, labels, ranges nor words of PromQL', () => {
    expect(namesIn('sum by (instance, le) (rate(a_total{x="b_c", y=~"d|e"}[5m])) > 0.5 and on (f) g_h')).toEqual([
      'a_total',
      'g_h',
    ]);
    expect(namesIn('histogram_quantile(0.99, sum(rate(a_bucket[5m]))) unless b == 1')).toEqual(['a_bucket', 'b']);
  });
});

describeIf(['promtool'], 'promtool', () => {
  it('understands every expression', () => {
    const rules = targets.map(({ expr }, index) => ({ record: `gluewall:dashboard:${index}`, expr: filled(expr) }));
    const groups = stringify({ groups: [{ name: 'dashboard', rules }] });
    const { status, text } = promtool(['check', 'rules', 'rules.yaml'], { 'rules.yaml': groups });
    expect(text).toContain(`SUCCESS: ${targets.length} rules found`);
    expect(status).toBe(0);
  });

  it('would tell of one that it does not', () => {
    const groups = stringify({ groups: [{ name: 'dashboard', rules: [{ record: 'a:b', expr: 'rate(x)' }] }] });
    expect(promtool(['check', 'rules', 'rules.yaml'], { 'rules.yaml': groups }).status).not.toBe(0);
  });
});
