/** The alerting rules of the docs: that each can fire, and does not when it should not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ALERT_CASES, type AlertCase } from '../../support/alert-cases.ts';
import { describeIf } from '../../support/describe-if.ts';
import { metricNames, namesIn } from '../../support/metric-names.ts';
import { promtool } from '../../support/promtool.ts';

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '..', '..', '..');
const text = readFileSync(join(root, 'docs', 'metrics', 'gluewall-alerts.yaml'), 'utf8');
const rules = (parse(text) as { readonly groups: readonly { readonly rules: readonly AlertRule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const ruleOf = (alert: string) => rules.find((rule) => rule.alert === alert)!;

/** What promtool is to find: the alert with all its labels and texts, or nothing. */
function expected({ alert, labels }: AlertCase) {
  const rule = ruleOf(alert);
  const fill = (template: string) => template.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label) => labels[label] ?? '');
  const annotations = Object.fromEntries(Object.entries(rule.annotations).map(([name, one]) => [name, fill(one)]));
  return { exp_labels: { ...rule.labels, ...labels }, exp_annotations: annotations };
}

function testOf(one: AlertCase, series: AlertCase['fires'], found: readonly object[]) {
  return {
    interval: '1m',
    input_series: series.map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: `${one.atMinutes}m`, alertname: one.alert, exp_alerts: found }],
  };
}

const runTests = (tests: readonly object[], alerts = text) =>
  promtool(['test', 'rules', 'tests.yaml'], {
    'alerts.yaml': alerts,
    'tests.yaml': stringify({ rule_files: ['alerts.yaml'], evaluation_interval: '1m', tests }),
  });

describe('the alerting rules', () => {
  it('have a name, a severity, a summary and what to do, each', () => {
    expect(rules.length).toBeGreaterThan(15);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^Gluewall[A-Z][A-Za-z]+$/);
      expect(['critical', 'warning', 'info'], alert).toContain(labels.severity);
      expect(annotations.summary, alert).toMatch(/\{\{ \$labels\.(instance|switch) \}\}/);
      expect(annotations.description?.length, alert).toBeGreaterThan(20);
    }
  });

  it('ask for metrics that there are', () => {
    const known = new Set([...metricNames(), 'up']);
    for (const { alert, expr } of rules) {
      const names = namesIn(expr);
      expect(names.length, alert).toBeGreaterThan(0);
      for (const name of names) expect([...known], alert).toContain(name);
    }
  });

  it('ask for places of losses that there are', () => {
    const figures = readFileSync(join(root, 'src', 'cli', 'figures.ts'), 'utf8');
    const places = rules.flatMap(({ expr }) =>
      [...expr.matchAll(/place=~?"([^"]+)"/g)].flatMap(([, words]) => words!.split('|')),
    );
    expect(places.length).toBeGreaterThan(5);
    for (const place of places) expect(figures).toContain(`['${place}', `);
  });

  it('have a case each', () => {
    const named = new Set(ALERT_CASES.map(({ alert }) => alert));
    expect([...named].sort()).toEqual(rules.map(({ alert }) => alert).sort());
    for (const { alert, fires, quiet } of ALERT_CASES) expect([fires.length, quiet.length], alert).not.toContain(0);
  });
});

/** It takes some hundred milliseconds for each case, and more on a machine that is busy. */
const LIMIT_MS = 60_000;

describeIf(['promtool'], 'promtool', () => {
  it('takes the rules', () => {
    const { status, text: said } = promtool(['check', 'rules', 'alerts.yaml'], { 'alerts.yaml': text });
    expect(said).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(status).toBe(0);
  });

  it(
    'sees each alert fire where it should',
    () => {
      const { status, text: said } = runTests(ALERT_CASES.map((one) => testOf(one, one.fires, [expected(one)])));
      expect(said).toContain('SUCCESS');
      expect(status, said).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'sees no alert fire where it should not',
    () => {
      const { status, text: said } = runTests(
        ALERT_CASES.flatMap((one) => one.quiet.map((series) => testOf(one, series, []))),
      );
      expect(said).toContain('SUCCESS');
      expect(status, said).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'would tell of an alert that does not fire, and of one that does',
    () => {
      const [one] = ALERT_CASES;
      expect(runTests([testOf(one!, one!.quiet[0]!, [expected(one!)])]).status).not.toBe(0);
      expect(runTests([testOf(one!, one!.fires, [])]).status).not.toBe(0);
    },
    LIMIT_MS,
  );
});
