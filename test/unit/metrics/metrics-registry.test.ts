import { describe, expect, it } from 'vitest';
import { DurationHistogram } from '../../../src/core/duration-histogram.ts';
import { metricList } from '../../../src/metrics/metric-list.ts';
import type { MetricSources } from '../../../src/metrics/metric-sources.ts';
import { createRegistry } from '../../../src/metrics/metrics-registry.ts';
import { metricFigures, SWITCH_ID } from '../../support/metric-figures.ts';

/** The lines of one scrape that have a value, and what was complained of. */
async function scrape(changes: Partial<MetricSources> = {}) {
  const problems: string[] = [];
  const registry = createRegistry(
    metricList(),
    metricFigures(changes),
    (metric, problem) => problems.push(`${metric}: ${problem}`),
    false,
  );
  const text = await registry.metrics();
  return { problems, lines: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')) };
}

const sample = metricFigures();

describe('the registry', () => {
  it('has every metric once, with a help text, a name of ours and base units', () => {
    const list = metricList();
    expect(list.length).toBeGreaterThan(60);
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
    for (const { name, help, type } of list) {
      expect(name).toMatch(/^gluewall_[a-z0-9_]+$/);
      expect(help, name).toMatch(/^[A-Z].*\.$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(name, 'base units are seconds and bytes').not.toMatch(/_(ms|milliseconds|minutes|octets|kb)(_|$)/);
    }
  });

  it('gives a sample of every metric when every part is there', async () => {
    const { lines, problems } = await scrape();
    expect(problems).toEqual([]);
    const named = new Set(lines.map((line) => /^[a-z_]+/.exec(line)![0].replace(/_(bucket|sum|count)$/, '')));
    for (const { name } of metricList()) expect([...named], name).toContain(name);
  });

  it('reads the figures at each scrape', async () => {
    let triples = 1;
    const registry = createRegistry(
      metricList(),
      metricFigures({ history: () => ({ ...sample.history(), triples }) }),
      () => {},
      false,
    );
    expect(await registry.metrics()).toContain('\ngluewall_history_triples 1\n');
    triples = 2;
    expect(await registry.metrics()).toContain('\ngluewall_history_triples 2\n');
  });

  it('has no sample of what is not there', async () => {
    const learning = {
      ...sample.learning(),
      capture: undefined,
      isDnstapConnected: undefined,
      lastLearnedAtMs: undefined,
    };
    const { lines, problems } = await scrape({
      version: undefined,
      learning: () => learning,
      policy: () => ({ rules: [], packs: undefined }),
      walk: () => ({ ...sample.walk(), verdictTimes: undefined }),
    });
    expect(problems).toEqual([]);
    expect(lines.filter((line) => /^gluewall_(capture|dnstap|build|rule_hits|rules|pack_)/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('gluewall_learning_last'))).toEqual([]);
    expect(lines).toContain('gluewall_learning_queries_total 100');
    expect(lines).toContain('gluewall_verdict_duration_seconds_count 0');
  });

  it('forgets a switch that has gone', async () => {
    let isThere = true;
    const registry = createRegistry(
      metricList(),
      metricFigures({
        controller: () => ({ ...sample.controller(), switches: isThere ? sample.controller().switches : [] }),
      }),
      () => {},
      false,
    );
    expect(await registry.metrics()).toContain(`gluewall_packet_ins_total{switch="${SWITCH_ID}"} 70`);
    isThere = false;
    const text = await registry.metrics();
    expect(text).not.toContain('gluewall_packet_ins_total{');
    expect(text).toContain('\ngluewall_switches_connected 0\n');
  });

  it('writes a histogram in seconds, each bucket with those below it', async () => {
    const times = new DurationHistogram();
    for (const durationMs of [0.05, 0.06, 40, 9000]) times.observe(durationMs);
    const { lines } = await scrape({ walk: () => ({ ...sample.walk(), verdictTimes: times.figures() }) });
    const own = lines.filter((line) => line.startsWith('gluewall_verdict_duration_seconds'));
    expect(own).toHaveLength(times.figures().boundsMs.length + 3);
    expect(own[0]).toBe('gluewall_verdict_duration_seconds_bucket{le="0.00005"} 1');
    expect(own).toContain('gluewall_verdict_duration_seconds_bucket{le="0.05"} 3');
    expect(own.slice(-4)).toEqual([
      'gluewall_verdict_duration_seconds_bucket{le="5"} 3',
      'gluewall_verdict_duration_seconds_bucket{le="+Inf"} 4',
      'gluewall_verdict_duration_seconds_sum 9.04011',
      'gluewall_verdict_duration_seconds_count 4',
    ]);
  });

  it('tells the outcomes of holds from what was begun', async () => {
    const { lines } = await scrape();
    expect(lines.filter((line) => line.startsWith('gluewall_holds_total'))).toEqual([
      'gluewall_holds_total{outcome="allowed"} 5',
      'gluewall_holds_total{outcome="blocked"} 3',
      'gluewall_holds_total{outcome="merged"} 4',
      'gluewall_holds_total{outcome="no_room"} 1',
    ]);
  });

  it('goes on without a part that fails, counts it and says which', async () => {
    const { lines, problems } = await scrape({
      history() {
        throw new Error('no history today');
      },
    });
    expect(problems).toHaveLength(8);
    expect(problems[0]).toBe('gluewall_history_triples: no history today');
    expect(lines.filter((line) => line.startsWith('gluewall_history'))).toEqual([]);
    expect(lines).toContain('gluewall_switches_capacity 64');
    expect(lines).toContain('gluewall_metrics_problems_total 8');
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('leaves a counter of %s out', async (refused) => {
    const { lines, problems } = await scrape({ history: () => ({ ...sample.history(), refused }) });
    expect(problems).toEqual([`gluewall_history_refused_total: ${refused} is no value of it`]);
    expect(lines.filter((line) => line.startsWith('gluewall_history_refused'))).toEqual([]);
  });

  it('says that warm-up waits by infinity', async () => {
    const mode = { ...sample.mode(), warmupLeftMs: Number.POSITIVE_INFINITY };
    expect((await scrape({ mode: () => mode })).lines).toContain('gluewall_warmup_remaining_seconds +Inf');
  });

  it('bounds the series of a metric and the length of a label, whatever a source gives', async () => {
    const refused = Array.from({ length: 10_050 }, (_, index) => [`${index}-${'x'.repeat(500)}`, 1] as const);
    const { lines, problems } = await scrape({ learning: () => ({ ...sample.learning(), refused }) });
    const own = lines.filter((line) => line.startsWith('gluewall_learning_refused_total'));
    expect(own).toHaveLength(10_000);
    expect(Math.max(...own.map((line) => line.length))).toBeLessThan(200);
    expect(problems).toEqual(['gluewall_learning_refused_total: 50 series were left out']);
  });

  it('keeps what stands in a label inside it', async () => {
    const name = 'a"} 1\ngluewall_evil{x="\\';
    const mode = { ...sample.mode(), groups: [{ name, configured: 'enforce', inForce: 'enforce' } as const] };
    const { lines } = await scrape({ mode: () => mode });
    expect(lines.filter((line) => line.startsWith('gluewall_evil'))).toEqual([]);
    expect(lines).toContain('gluewall_enforce_in_force{group="a\\"} 1\\ngluewall_evil{x=\\"\\\\"} 1');
  });

  it('has the metrics of the process, save those that break the conventions', async () => {
    const text = await createRegistry(metricList(), metricFigures(), () => {}).metrics();
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    for (const [, name] of text.matchAll(/^# TYPE (\S+) gauge$/gm)) expect(name).not.toMatch(/_total$/);
  });
});
