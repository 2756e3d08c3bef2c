import { describe, expect, it } from 'vitest';
import { RECORD_TYPE } from '../../../../src/dns/registry.ts';
import { HOST, name, outside, verdict } from '../../../support/host-events.ts';
import { series, watch } from '../../../support/watched-host.ts';

const KIND = 'blocked-queries';

describe('BlockedQueries', () => {
  it('says nothing of queries that were allowed', () => {
    const { evidence } = watch(series(50, 1000, (atMs) => verdict(atMs, { verdict: 'allow', reason: 'history' })));
    expect(evidence.has(KIND)).toBe(false);
  });

  it('weighs ordinary queries little, however many', () => {
    const few = watch(series(2, 1000, (atMs) => verdict(atMs))).weight(KIND);
    const many = watch(series(5000, 1000, (atMs) => verdict(atMs))).weight(KIND);
    expect(few).toBeGreaterThan(0);
    expect(many).toBeGreaterThan(few);
    expect(many).toBeLessThan(0.3);
  });

  it('weighs queries for TXT much', () => {
    const { weight, evidence } = watch(
      series(42, 60_000, (atMs, index) =>
        verdict(atMs, { type: RECORD_TYPE.TXT, name: name(`k${index}.example`), server: outside(index % 3) }),
      ),
    );
    expect(weight(KIND)).toBeGreaterThan(0.6);
    const { line, samples, events } = evidence.get(KIND)!;
    expect(line).toEqual(
      expect.stringMatching(/^42 direct query packets to 3 servers \(198\.18\.0\.\d.*\) blocked, about 4\d of them/),
    );
    expect(events).toBe(42);
    expect(samples).toHaveLength(5);
    expect(samples[0]!.text).toBe('asked 198.18.0.2 for TXT k41.example: blocked, unknown');
  });

  it('weighs an authoritative server that is asked to recurse more', () => {
    const plain = watch(series(20, 1000, (atMs) => verdict(atMs))).weight(KIND);
    const recursing = watch(series(20, 1000, (atMs) => verdict(atMs, { reason: 'recursionDesired' }))).weight(KIND);
    expect(recursing).toBeGreaterThan(plain + 0.1);
  });

  it('takes a verdict without a question, and packets in any number', () => {
    for (const packets of [0, -5, 1e15, 2 ** 53]) {
      const { weight } = watch([verdict(0, { name: undefined, type: undefined, reason: 'unreadable', packets })]);
      expect(weight(KIND)).toBeGreaterThan(0);
      expect(weight(KIND)).toBeLessThan(0.3);
    }
  });

  it('shows nothing of a name that could steer a terminal', () => {
    const { evidence } = watch([verdict(0, { name: name('\\027[31m.example'), host: HOST })]);
    expect(evidence.get(KIND)!.samples[0]!.text).toBe('asked 198.51.100.7 for A \\027[31m.example: blocked, unknown');
  });
});
