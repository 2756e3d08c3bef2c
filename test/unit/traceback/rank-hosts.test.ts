import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReportedHost, SourceReport } from '../../../src/traceback/messages.ts';
import { DEFAULT_MODEL } from '../../../src/traceback/node-options.ts';
import { rankHosts } from '../../../src/traceback/rank-hosts.ts';
import { reportFacts } from '../../../src/traceback/report-facts.ts';
import { randomFrom, randomWorld, type WorldOptions } from '../../support/bot-world.ts';
import { expectCalibrated } from '../../support/calibration.ts';

function hostOf(address: string, confidence: number, more: Partial<ReportedHost> = {}): ReportedHost {
  return {
    address,
    firstAt: '2026-11-20T12:00:01.000Z',
    lastAt: '2026-11-20T12:00:02.000Z',
    queries: 1,
    chance: 0.01,
    cases: [],
    confidence,
    ...more,
  };
}

function reportOf(source: string, hosts: readonly ReportedHost[], more: Partial<SourceReport> = {}): SourceReport {
  const numbers = { expected: 1, clients: 100, coveredMs: 86_400_000, otherCases: 0, withheld: 0 };
  return { path: ['destination.example', source], ...numbers, hosts: [...hosts], ...more };
}

function ranked(reports: readonly SourceReport[], silent = 0) {
  return rankHosts(reports, DEFAULT_MODEL, silent).map(({ address, confidence }) => ({ address, confidence }));
}

/** What the sources of a case may say. */
const unusual = reportOf('a', [hostOf('198.51.100.1', 0.999, { chance: 1e-6 })], { expected: 0.001 });
const usual = reportOf(
  'b',
  Array.from({ length: 12 }, (_, index) => hostOf(`203.0.113.${index}`, 0.046)),
  { expected: 12 },
);

describe('rankHosts', () => {
  it('nothing of no reports, or of empty ones', () => {
    expect(ranked([])).toEqual([]);
    expect(ranked([reportOf('a', [])], 3)).toEqual([]);
  });

  it('takes one source at its word', () => {
    expect(ranked([unusual])).toEqual([{ address: '198.51.100.1', confidence: expect.closeTo(0.999, 9) }]);
    for (const { confidence } of ranked([usual])) expect(confidence).toBeCloseTo(0.046, 9);
  });

  it('an unusual window weighs more than a usual one', () => {
    const [first, second] = ranked([usual, unusual]);
    expect(first).toEqual({ address: '198.51.100.1', confidence: expect.closeTo(0.99, 2) });
    expect(second!.confidence).toBeLessThan(0.001);
  });

  it('two sources that are alike share', () => {
    const other = reportOf('c', [hostOf('192.0.2.1', 0.999, { chance: 1e-6 })], { expected: 0.001 });
    for (const { confidence } of ranked([unusual, other])) expect(confidence).toBeCloseTo(0.4995, 3);
  });

  it('a source that did not answer may have the bot, too', () => {
    const weak = reportOf('a', [hostOf('198.51.100.1', 0.55)]);
    expect(ranked([weak], 1)[0]!.confidence).toBeCloseTo(0.55 / 2, 9);
    expect(ranked([weak], 9)[0]!.confidence).toBeCloseTo(0.55 / 10, 9);
    expect(ranked([unusual], 9)[0]!.confidence).toBeGreaterThan(0.9);
  });

  it('a host common to several replies rises (paper 1, 4.4.2)', () => {
    const many = (source: string, network: string) =>
      reportOf(
        source,
        [hostOf('192.0.2.66', 0.046), ...Array.from({ length: 11 }, (_, at) => hostOf(`${network}.${at}`, 0.046))],
        { expected: 12 },
      );
    const sources = [many('a', '198.51.100'), many('b', '203.0.113'), many('c', '198.18.0')];
    const one = ranked(sources.slice(0, 1)).find(({ address }) => address === '192.0.2.66')!;
    const two = ranked(sources.slice(0, 2));
    const three = ranked(sources);
    expect(two[0]!.address).toBe('192.0.2.66');
    expect(two[0]!.confidence).toBeGreaterThan(10 * one.confidence);
    expect(three[0]!.confidence).toBeGreaterThan(two[0]!.confidence);
    expect(three[1]!.confidence).toBeLessThan(0.01);
    const [host] = rankHosts(sources, DEFAULT_MODEL);
    expect(host!.paths.map((path) => path.at(-1)).toSorted()).toEqual(['a', 'b', 'c']);
    expect(host!.reasons).toContain('named by 3 sources: a, b, c');
  });

  it.each(['10.0.0.1', '172.31.0.1', '192.168.1.1', '100.64.0.1', '169.254.0.1', '127.0.0.1', 'fd00::1', 'fe80::1'])(
    '%s in two networks is not the same host',
    (address) => {
      const both = rankHosts(
        [reportOf('a', [hostOf(address, 0.5)]), reportOf('b', [hostOf(address, 0.5)])],
        DEFAULT_MODEL,
      );
      expect(both.map(({ paths }) => paths)).toEqual([[['destination.example', 'a']], [['destination.example', 'b']]]);
    },
  );

  it('the same address is the same host however it is written', () => {
    const both = [reportOf('a', [hostOf('2001:DB8::1', 0.5)]), reportOf('b', [hostOf('2001:db8:0::1', 0.5)])];
    expect(ranked(both)).toHaveLength(1);
    expect(ranked([reportOf('a', [hostOf('2001:DB8::1', 0.5), hostOf('2001:db8:0::1', 0.5)])])).toHaveLength(1);
  });

  it('a source that is reached by two ways counts once: nobody on a longer way speaks for it', () => {
    const forged = { ...reportOf('a', [hostOf('203.0.113.9', 0.99)]), path: ['destination.example', 'liar', 'a'] };
    for (const reports of [
      [unusual, forged],
      [forged, unusual],
    ]) {
      expect(ranked(reports)).toEqual(ranked([unusual]));
    }
  });

  it('nor can anybody silence a source that a forwarder asked, by speaking in its name', () => {
    const honest = { ...unusual, path: ['destination.example', 'forwarder', 'a'] };
    const forged = {
      ...reportOf('a', [hostOf('203.0.113.9', 1, { chance: 0 })]),
      path: ['destination.example', 'liar', 'a'],
    };
    for (const reports of [
      [honest, forged],
      [forged, honest],
    ]) {
      const bot = ranked(reports).find(({ address }) => address === '198.51.100.1')!;
      expect(bot.confidence).toBeGreaterThan(0.45);
    }
  });

  it('says who speaks for a source that was not asked here', () => {
    const far = { ...unusual, path: ['destination.example', 'forwarder', 'between', 'a'] };
    expect(rankHosts([far], DEFAULT_MODEL)[0]!.reasons).toContain('by the word of forwarder');
    expect(rankHosts([unusual], DEFAULT_MODEL)[0]!.reasons.join()).not.toContain('word');
  });

  it('adds up what several sources say of a host', () => {
    const early = {
      firstAt: '2026-11-20T11:59:59.000Z',
      queries: 2,
      name: 'printer',
      cases: [0.1],
    };
    const late = { lastAt: '2026-11-20T12:00:09.000Z', queries: 3 };
    const [host] = rankHosts(
      [
        reportOf('a', [hostOf('192.0.2.1', 0.3, late)], { expected: 7 }),
        reportOf('b', [hostOf('192.0.2.1', 0.6, early)], { otherCases: 2 }),
      ],
      DEFAULT_MODEL,
    );
    expect(host).toMatchObject({
      name: 'printer',
      expected: 1,
      queries: 5,
      firstAt: '2026-11-20T11:59:59.000Z',
      lastAt: '2026-11-20T12:00:09.000Z',
      cases: [0.1],
    });
  });

  it('says why in words', () => {
    const cases = [0.01, 0.01, 0.01, 0.01];
    const reports = [
      reportOf('a', [hostOf('192.0.2.1', 0.9, { cases, chance: 0.00002 })], {
        otherCases: 5,
        expected: 0.0123,
        withheld: 3,
      }),
    ];
    expect(rankHosts(reports, DEFAULT_MODEL)[0]!.reasons).toEqual([
      'one of 4 hosts that asked for the name in the window; 0.012 are expected by chance',
      'by chance this host asks in one of 50,000 such windows',
      'also asked in 4 of 5 other cases',
    ]);
    const young = [0, 1_740_000, 3_600_000].map((coveredMs) => {
      const [host] = rankHosts([reportOf('a', [hostOf('192.0.2.1', 0.9)], { coveredMs })], DEFAULT_MODEL);
      return host!.reasons[2];
    });
    expect(young).toEqual([
      'the log of its source has nothing before the window: what is usual is not known',
      'the log of its source has 29 min before the window: what is usual is not known',
      undefined,
    ]);
    const plain = rankHosts(
      [reportOf('a', [hostOf('192.0.2.1', 0.9, { chance: 0.4 })], { otherCases: 1 })],
      DEFAULT_MODEL,
    );
    expect(plain[0]!.reasons).toEqual([
      'the only host that asked for the name in the window; 1 is expected by chance',
      'by chance this host asks in 40 % of such windows',
      'in the 1 other case of its source it did not ask',
    ]);
  });
});

describe('numbers of peers', () => {
  it('sums over 1 are cut down', () => {
    const greedy = reportOf('liar', [hostOf('203.0.113.1', 1), hostOf('203.0.113.2', 1)]);
    const all = ranked([greedy]);
    for (const { confidence } of all) expect(confidence).toBeCloseTo(0.5, 9);
    expect(ranked([greedy, usual]).reduce((sum, { confidence }) => sum + confidence, 0)).toBeLessThanOrEqual(1);
  });

  it('one that is certain cannot make another that is nearly so vanish', () => {
    const liar = reportOf('liar', [hostOf('203.0.113.1', 1, { chance: 0 })], { expected: 0 });
    const honest = ranked([unusual, liar]).find(({ address }) => address === '198.51.100.1')!;
    expect(honest.confidence).toBeGreaterThan(0.04);
  });

  /** What a peer says in the names of sources that it made up. */
  const lies = (sources: number, addresses: readonly string[]) =>
    Array.from({ length: sources }, (_, index) => ({
      ...reportOf(
        `made-up${index}`,
        addresses.map((address) => hostOf(address, 1, { chance: 0 })),
        { expected: 0 },
      ),
      path: ['destination.example', 'liar', `made-up${index}`],
    }));
  const confidenceOf = (address: string, reports: readonly SourceReport[]) =>
    ranked(reports).find((host) => host.address === address)!.confidence;

  it.each([1, 2, 10, 200])('one peer that lies has one voice, with %i sources that it made up', (sources) => {
    const likely = reportOf('a', [hostOf('198.51.100.1', 0.99, { chance: 1e-5 })], { expected: 0.01 });
    expect(confidenceOf('198.51.100.1', [likely, ...lies(sources, ['203.0.113.9'])])).toBeGreaterThan(0.3);
    expect(confidenceOf('198.51.100.1', [unusual, ...lies(sources, ['203.0.113.9'])])).toBeGreaterThan(0.49);
  });

  it('nor does it weigh more where it names hosts that an honest source names as well', () => {
    const framed = Array.from({ length: 12 }, (_, index) => `203.0.113.${index}`);
    for (const addresses of [framed.slice(0, 1), framed]) {
      expect(confidenceOf('198.51.100.1', [unusual, usual, ...lies(10, addresses)])).toBeGreaterThan(0.4);
    }
  });

  it('a chance of 0 in several reports is no certainty', () => {
    const liars = ['x', 'y', 'z', 'u', 'v', 'w', 'q', 'r'].map((source) =>
      reportOf(source, [hostOf('203.0.113.1', 1, { chance: 0 })], { expected: 0, withheld: 1_000_000_000 }),
    );
    for (const { confidence } of ranked([...liars, unusual])) expect(confidence).toBeLessThanOrEqual(1);
  });

  it('whatever they are, confidences are probabilities, sorted, and make at most 1', () => {
    const share = fc.oneof(fc.constantFrom(0, 1, 5e-324, 1e-300), fc.double({ min: 0, max: 1, noNaN: true }));
    const address = fc.integer({ min: 0, max: 20 }).map((last) => (last < 10 ? `192.0.2.${last}` : `10.0.0.${last}`));
    const report = fc.record({
      source: fc.constantFrom('a', 'b', 'c', 'd'),
      hosts: fc.array(fc.tuple(address, share, share), { maxLength: 8 }),
      expected: fc.oneof(fc.constantFrom(0, 1e9), fc.double({ min: 0, max: 1e9, noNaN: true })),
      withheld: fc.integer({ min: 0, max: 1_000_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 8 }), share, share, fc.nat(50), (all, queryRate, sameBot, silent) => {
        const reports = all.map(({ source, hosts, expected, withheld }) =>
          reportOf(
            source,
            hosts.map(([address, confidence, chance]) => hostOf(address, confidence, { chance })),
            { expected, withheld },
          ),
        );
        const hosts = rankHosts(reports, { queryRate, sameBot }, silent);
        const confidences = hosts.map(({ confidence }) => confidence);
        for (const confidence of confidences) expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidences).toEqual(confidences.toSorted((one, other) => other - one));
        expect(confidences.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(1 + 1e-9);
        for (const { reasons } of hosts)
          for (const reason of reasons) expect(reason).not.toMatch(/NaN|Infinity|undefined/);
      }),
    );
  });
});

describe('calibration', () => {
  const SOURCES = 5;
  const world: WorldOptions = {
    clients: 100,
    leastExpected: 0.001,
    mostExpected: 10,
    slots: 1000,
    unlikeness: 0.7,
    otherCases: 0,
    model: DEFAULT_MODEL,
  };
  const report = { namedHosts: 10, minConfidence: 0.01, model: DEFAULT_MODEL };

  /** A case with sources of which one has the bot; each answers with `participation`. */
  function judgeCase(participation: number, random: () => number) {
    const home = Math.floor(random() * SOURCES);
    const reports: SourceReport[] = [];
    let bot: string | undefined;
    for (let source = 0; source < SOURCES; source++) {
      const isHome = source === home;
      const model = isHome ? DEFAULT_MODEL : { ...DEFAULT_MODEL, queryRate: 0 };
      const found = randomWorld({ ...world, model }, random);
      if (random() >= participation) continue;
      const names = (address: unknown) => (isHome && address === found.bot ? 'bot' : undefined);
      reports.push({ path: [`s${source}`], ...reportFacts({ path: ['d'], facts: found.facts }, [], report, names) });
      if (isHome) bot = `s${source}`;
    }
    const silent = SOURCES - reports.length;
    return rankHosts(reports, DEFAULT_MODEL, silent).map(({ confidence, name, paths }) => ({
      confidence,
      isBot: name === 'bot' && paths[0]!.at(-1) === bot,
    }));
  }

  it.each([
    [1, 21],
    [0.7, 23],
  ])('sources of which one has the bot, and of which a share of %d answers: seed %i', (participation, seed) => {
    const random = randomFrom(seed);
    const judgements = Array.from({ length: 700 }, () => judgeCase(participation, random)).flat();
    expectCalibrated(judgements);
  });
});
