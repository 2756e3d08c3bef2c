import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { parseName } from '../../../src/dns/name.ts';
import { MAX_HOSTS, tracebackAnswer } from '../../../src/traceback/messages.ts';
import { DEFAULT_MODEL } from '../../../src/traceback/node-options.ts';
import { reportFacts } from '../../../src/traceback/report-facts.ts';
import type { WindowFacts } from '../../../src/traceback/window-facts.ts';
import { clientAddress } from '../../support/bot-world.ts';

const OPTIONS = { namedHosts: 10, minConfidence: 0.01, model: DEFAULT_MODEL };
const AT_MS = Date.UTC(2026, 10, 20, 12);

/** Hosts that asked in so many windows before; 10,000 are looked at. */
function factsOf(slots: readonly number[], more: Partial<WindowFacts> = {}): WindowFacts {
  return {
    name: parseName('www.example.org')!,
    fromMs: AT_MS - 5000,
    toMs: AT_MS + 1000,
    expected: slots.reduce((sum, count) => sum + count, 0) / 10_000,
    slots: 10_000,
    coveredMs: 86_400_000,
    askers: slots.filter((count) => count > 0).length,
    askedOnce: 0,
    clients: 500,
    hosts: slots.map((count, client) => ({
      address: clientAddress(client),
      firstAtMs: AT_MS - 4000 + client,
      lastAtMs: AT_MS - 1000,
      queries: client + 1,
      slots: count,
    })),
    ...more,
  };
}

const asked = (facts: WindowFacts) => ({ path: ['destination.example'], facts });

function report(facts: WindowFacts, others: readonly WindowFacts[] = [], options = OPTIONS, names = () => undefined) {
  return { path: ['source.example'], ...reportFacts(asked(facts), others.map(asked), options, names) };
}

describe('reportFacts', () => {
  it('names hosts, the most likely first, with what the log says of them', () => {
    const found = report(factsOf([2000, 0, 5000]));
    expect(found.hosts.map(({ address }) => address)).toEqual([formatAddress(clientAddress(1))]);
    expect(found).toMatchObject({ expected: 0.7, clients: 500, coveredMs: 86_400_000, otherCases: 0, withheld: 2 });
    expect(found.hosts[0]).toEqual({
      address: '10.0.0.1',
      firstAt: '2026-11-20T11:59:56.001Z',
      lastAt: '2026-11-20T11:59:59.000Z',
      queries: 2,
      chance: expect.closeTo(0.5 / 10_001 / 498, 9),
      cases: [],
      confidence: expect.closeTo(1, 3),
    });
  });

  it('sorts by confidence and cuts by how many may be named, and counts the rest', () => {
    const options = { ...OPTIONS, namedHosts: 3, minConfidence: 0 };
    const found = report(factsOf([50, 40, 30, 20, 10]), [], options);
    expect(found.hosts.map(({ address }) => address)).toEqual(['10.0.0.4', '10.0.0.3', '10.0.0.2']);
    expect(found.withheld).toBe(2);
  });

  it('a popular name: all low, and none is named', () => {
    const found = report(factsOf(new Array<number>(200).fill(4000)));
    expect(found.hosts).toEqual([]);
    expect(found.withheld).toBe(200);
    expect(found.expected).toBe(80);
  });

  it('tells the other cases of a host, and lets it rise by them', () => {
    const others = ['a', 'b'].map((name) => factsOf([60, 60], { name: parseName(`${name}.example`)! }));
    const window = factsOf([60, 60, 60, 60, 60, 60]);
    const options = { ...OPTIONS, minConfidence: 0 };
    const [alone, compared] = [report(window, [], options), report(window, others, options)];
    expect(compared.otherCases).toBe(2);
    // Whose cases these are is not told: only how likely it was to be in their windows.
    expect(compared.hosts[0]!.cases).toEqual([0.006, 0.006]);
    expect(compared.hosts[0]!.confidence).toBeGreaterThan(2 * alone.hosts[0]!.confidence);
    expect(compared.hosts.at(-1)!.cases).toEqual([]);
  });

  it('tells of other cases no number that could tell which they are', () => {
    const others = [1234, 57].map((slots, at) => factsOf([slots, 1], { name: parseName(`n${at}.example`)! }));
    const found = report(factsOf([60]), others, { ...OPTIONS, minConfidence: 0 });
    expect(found.hosts[0]!.cases).toEqual([0.006, 0.1]);
  });

  it('calls hosts by their names, as far as a message takes them', () => {
    const found = reportFacts(asked(factsOf([0])), [], OPTIONS, () => 'x'.repeat(300));
    expect(found.hosts[0]!.name).toBe('x'.repeat(255));
    expect(report(factsOf([0])).hosts[0]).not.toHaveProperty('name');
  });

  it('fits the message, whatever the facts are', () => {
    const many = factsOf(new Array<number>(1000).fill(0), { clients: 1e12, expected: 1e12 });
    const others = Array.from({ length: 64 }, (_, index) => factsOf([0, 0, 1], { name: parseName(`n${index}`)! }));
    const wide = { namedHosts: 1000, minConfidence: 0, model: DEFAULT_MODEL };
    for (const facts of [many, factsOf([]), factsOf([0, 1e6], { slots: 0, clients: 0 })]) {
      const found = report(facts, others, wide);
      const answer = { kind: 'traceback', case: crypto.randomUUID(), reports: [found], gaps: [] };
      expect(tracebackAnswer.safeParse(answer).error).toBeUndefined();
      expect(found.hosts.length + found.withheld).toBe(facts.hosts.length);
      expect(found.hosts.length).toBeLessThanOrEqual(MAX_HOSTS);
    }
  });
});
