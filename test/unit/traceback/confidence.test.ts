import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/core/clock.ts';
import { parseName } from '../../../src/dns/name.ts';
import { chancesOf, hostConfidences } from '../../../src/traceback/confidence.ts';
import { DEFAULT_MODEL } from '../../../src/traceback/node-options.ts';
import type { AskedCase, WindowFacts, WindowHost } from '../../../src/traceback/window-facts.ts';
import { clientAddress } from '../../support/bot-world.ts';

const { queryRate } = DEFAULT_MODEL;
const SLOT_MS = 5000;
const SLOTS = DAY_MS / SLOT_MS;

function host(client: number, slots = 0): WindowHost {
  return { address: clientAddress(client), firstAtMs: 1000, lastAtMs: 1000, queries: 1, slots };
}

function factsOf(hosts: readonly WindowHost[], more: Partial<WindowFacts> = {}): WindowFacts {
  return {
    name: parseName('www.example.org')!,
    fromMs: 0,
    toMs: SLOT_MS,
    expected: 0,
    slots: SLOTS,
    coveredMs: DAY_MS,
    askers: 0,
    askedOnce: 0,
    clients: 1000,
    hosts,
    ...more,
  };
}

/** A name that is asked for so often, each time by somebody who is rarely seen. */
function popular(hosts: number, expected: number, clients = 10_000_000): WindowFacts {
  const queries = Math.round(expected * SLOTS);
  return factsOf(
    Array.from({ length: hosts }, (_, client) => host(client)),
    { expected, askers: queries, askedOnce: queries, clients },
  );
}

/** By whom a case was asked about: by the same, where nothing else is said. */
function asked(facts: WindowFacts, path: readonly string[] = ['node.example']): AskedCase {
  return { path, facts };
}

function confidences(facts: WindowFacts, others: readonly WindowFacts[] = [], model = DEFAULT_MODEL): number[] {
  return hostConfidences(
    asked(facts),
    others.map((one) => asked(one)),
    model,
  ).map(({ confidence }) => confidence);
}

describe('one case', () => {
  it("the paper's example: 200,000 queries a day and a window of 5 s: 11.6 by chance, and none of 13 stands out", () => {
    const expected = (200_000 * SLOT_MS) / DAY_MS;
    expect(expected).toBeCloseTo(11.574, 3);
    const all = confidences(popular(13, expected));
    for (const confidence of all) {
      expect(confidence).toBeCloseTo(queryRate / (queryRate * 13 + (1 - queryRate) * expected), 3);
      expect(confidence).toBeLessThan(0.05);
    }
  });

  it('twelve where twelve are expected have 5 % each', () => {
    expect(confidences(popular(12, 12))[0]).toBeCloseTo(0.046, 2);
  });

  it('one host of a name that nobody asked for in a day is nearly certain, and not quite', () => {
    const [confidence] = confidences(factsOf([host(1)]));
    expect(confidence).toBeGreaterThan(0.9999);
    expect(confidence).toBeLessThan(1);
  });

  it('the shorter the log, the less is known of the rate of a name that it never saw', () => {
    const bySlots = [0, 10, 1000, SLOTS].map((slots) => confidences(factsOf([host(1)], { slots }))[0]!);
    expect(bySlots[0]).toBeLessThan(0.75);
    for (let index = 1; index < bySlots.length; index++) expect(bySlots[index]).toBeGreaterThan(bySlots[index - 1]!);
  });

  it('a log that has nothing before the window knows neither who is usual nor how many there are: 71 %', () => {
    const oneLine = factsOf([host(1)], { slots: 0, coveredMs: 0, clients: 1 });
    expect(confidences(oneLine)[0]).toBeCloseTo(0.71, 2);
    const tenSeconds = factsOf([host(1)], { slots: 2, coveredMs: 10_000, clients: 1 });
    expect(confidences(tenSeconds)[0]).toBeLessThan(0.9);
    // Of a day it is known that there is nobody else.
    expect(confidences(factsOf([host(1)], { clients: 1 }))[0]).toBeCloseTo(1, 9);
  });

  it('many new hosts at once share what one would have', () => {
    const all = confidences(factsOf([host(1), host(2), host(3), host(4)]));
    for (const confidence of all) expect(confidence).toBeCloseTo(0.25, 2);
  });

  it('who asks all day is hardly suspected beside one who never asked', () => {
    const regular = [host(1, SLOTS / 2), host(2, SLOTS / 3), host(3, SLOTS)];
    const expected = 1 / 2 + 1 / 3 + 1;
    const all = confidences(factsOf([...regular, host(4)], { expected, askers: 3 }));
    expect(all[3]).toBeGreaterThan(0.999);
    for (const confidence of all.slice(0, 3)) expect(confidence).toBeLessThan(0.001);
  });

  it('a host that asks in every window is as likely the bot as before it was looked at; the others are less', () => {
    const all = confidences(factsOf([host(1, SLOTS)], { expected: 1, askers: 1 }));
    expect(all[0]).toBeCloseTo(1 / (1 + 999 * (1 - queryRate)), 6);
  });

  it('nobody in the window', () => {
    expect(confidences(factsOf([]))).toEqual([]);
  });

  it('bots that never ask, and that always do', () => {
    const facts = popular(5, 5);
    const always = confidences(facts, [], { queryRate: 1, sameBot: 0.5 });
    expect(always.reduce((sum, one) => sum + one)).toBeCloseTo(1, 9);
    for (const confidence of confidences(facts, [], { queryRate: 0, sameBot: 0.5 }))
      expect(confidence).toBeLessThan(1e-6);
  });
});

describe('several cases', () => {
  /** A name that 12 of 2000 clients ask for in a window, each as often as the next. */
  function otherCase(index: number, clients: readonly number[]): WindowFacts {
    const hosts = clients.map((client) => host(client, (12 / 2000) * SLOTS));
    const name = parseName(`victim${index}.example`)!;
    return factsOf(hosts, { name, expected: 12, askers: 2000, clients: 2000 });
  }

  const busy = otherCase(99, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

  /** Strangers to all other cases, and host 3. */
  function withHost3(index: number): WindowFacts {
    return otherCase(index, [3, ...Array.from({ length: 11 }, (_, at) => 100 * (index + 1) + at)]);
  }

  it('a host common to them rises above the others, more with each', () => {
    const rising = [0, 1, 2, 4, 8].map((count) =>
      confidences(
        busy,
        Array.from({ length: count }, (_, index) => withHost3(index)),
      ),
    );
    for (const [index, all] of rising.entries()) {
      expect(all.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(1);
      if (index === 0) continue;
      expect(all[3]).toBeGreaterThan(rising[index - 1]![3]!);
      expect(all[3]).toBeGreaterThan(5 * all[4]!);
    }
    expect(rising[1]![3]).toBeGreaterThan(0.5);
    expect(rising.at(-1)![3]).toBeGreaterThan(0.99);
  });

  it('as counted by hand: one other case', () => {
    const [facts, other] = [busy, withHost3(0)];
    const clients = 2000;
    const ratio = (one: WindowFacts) => queryRate / chancesOf(one)[0]! + 1 - queryRate;
    const alone = (inWindow: boolean) => {
      const all = 12 * ratio(other) + (clients - 12) * (1 - queryRate);
      return (inWindow ? ratio(other) : 1 - queryRate) / all;
    };
    const prior = (inWindow: boolean) => 0.5 / clients + 0.5 * alone(inWindow);
    const inside = prior(true) + 11 * prior(false);
    const all = (prior(true) + 11 * prior(false)) * ratio(facts) + (1 - inside) * (1 - queryRate);
    expect(confidences(facts, [other])[3]).toBeCloseTo((prior(true) * ratio(facts)) / all, 9);
    expect(confidences(facts, [other])[4]).toBeCloseTo((prior(false) * ratio(facts)) / all, 9);
  });

  it('a bot of other cases that is not in this window takes little from a lone host that is', () => {
    const sole = factsOf([host(7)], { expected: 0.001, askers: 17, askedOnce: 17 });
    const elsewhere = Array.from({ length: 60 }, (_, index) => otherCase(index, [500]));
    expect(confidences(sole, elsewhere)[0]).toBeGreaterThan(0.6);
    expect(confidences(sole)[0]).toBeGreaterThan(0.99);
  });

  it('without any hope of the same bot, other cases say nothing', () => {
    const model = { queryRate, sameBot: 0 };
    const [alone, compared] = [confidences(busy, [], model), confidences(busy, [withHost3(0)], model)];
    for (const [index, confidence] of compared.entries()) expect(confidence).toBeCloseTo(alone[index]!, 9);
  });

  it('were there one bot only, other cases say all', () => {
    const all = confidences(busy, [withHost3(0), withHost3(1)], { queryRate, sameBot: 1 });
    expect(all[3]).toBeGreaterThan(0.95);
  });
});

describe('cases that others asked about', () => {
  /** The window of an honest peer: twelve of 2,000 clients, of which twelve are expected; 0 is the bot, 1 is framed. */
  const window = twelve('www.victim.example', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const MIN_CONFIDENCE = 0.01;

  function twelve(name: string, clients: readonly number[]): WindowFacts {
    const hosts = clients.map((client) => host(client, (12 / 2000) * SLOTS));
    return factsOf(hosts, { name: parseName(name)!, expected: 12, askers: 2000, clients: 2000 });
  }

  /** A name that the host alone was made to ask for, in a window of a moment. */
  function lure(client: number, index = 0): WindowFacts {
    const name = parseName(`x${index}.evil.example`)!;
    return factsOf([host(client)], { name, expected: 0.0001, slots: 86_400_000, askers: 5, clients: 2000 });
  }

  function judge(others: readonly AskedCase[], facts = window): number[] {
    return hostConfidences(asked(facts, ['a.example']), others, DEFAULT_MODEL).map(({ confidence }) => confidence);
  }

  it.each([
    ['one request', 1, [['evil']], 5],
    ['sixteen', 16, [['evil']], 5],
    [
      'ways that it made up',
      16,
      [
        ['x', 'evil'],
        ['y', 'evil'],
      ],
      5,
    ],
    ['by itself, and by a forwarder', 2, [['evil', 'f'], ['evil']], 6.4],
    ['by itself, and as a forwarder of nobody', 2, [['nobody', 'evil', 'f'], ['evil']], 6.4],
    ['by sixteen forwarders', 16, Array.from({ length: 16 }, (_, index) => ['evil', `f${index}`]), 9],
  ])('a peer that made a host ask for its name frames it little: %s', (_, lures, paths, times) => {
    const plain = judge([]);
    const framed = judge(
      Array.from({ length: lures }, (_, index) => asked(lure(1, index), paths[index % paths.length])),
    );
    const odds = (confidence: number) => confidence / (1 - confidence);
    expect(odds(framed[1]!)).toBeLessThan(1.01 * times * odds(plain[1]!));
    expect(framed[1]).toBeLessThan(0.3);
    expect(framed[0]).toBeGreaterThan(3 * MIN_CONFIDENCE);
  });

  it('nor where there are few clients', () => {
    for (const clients of [2, 8, 12, 16, 20, 50, 500]) {
      const facts = factsOf([host(0, SLOTS / 2), host(1, SLOTS / 2)], { clients, askers: 2 });
      const odds = (others: readonly AskedCase[]) => judge(others, facts)[1]! / judge(others, facts)[0]!;
      const evil = asked({ ...lure(1), clients, askers: 1 }, ['evil']);
      expect(odds([evil])).toBeLessThan(6.4 * odds([]));
    }
  });

  it('nor does it hide a bot behind other hosts', () => {
    const elsewhere = Array.from({ length: 16 }, (_, index) => asked(lure(500 + index, index), ['evil.example']));
    for (const facts of [window, factsOf([host(0)], { expected: 0.01, askers: 50, askedOnce: 20, clients: 2000 })]) {
      expect(judge(elsewhere, facts)[0]).toBeGreaterThan(0.9 * judge([], facts)[0]!);
    }
  });

  it('one that says the same as an honest peer adds no more than another honest one', () => {
    const honest = asked(twelve('www.b.example', [1, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110]), ['b']);
    const second = asked(twelve('www.c.example', [1, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210]), ['c']);
    const evil = asked(lure(1), ['evil.example']);
    expect(judge([honest, evil])[1]).toBeLessThanOrEqual(judge([honest, second])[1]! + 0.02);
  });

  it('the host common to three destinations is the attacker (paper 1, 4.4.1)', () => {
    const others = ['b', 'c'].map((peer, at) =>
      asked(twelve(`www.${peer}.example`, [0, ...Array.from({ length: 11 }, (_, one) => 100 * (at + 1) + one)]), [
        peer,
      ]),
    );
    const [alone, two, three] = [[], others.slice(0, 1), others].map((known) => judge(known));
    expect(alone![0]).toBeLessThan(0.05);
    expect(two![0]).toBeGreaterThan(3 * alone![0]!);
    expect(three![0]).toBeGreaterThan(0.7);
  });

  it('who asks by one path is believed of its own cases', () => {
    const own = asked(twelve('www.b.example', [0, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110]), [
      'a.example',
    ]);
    expect(judge([own])[0]).toBeGreaterThan(0.5);
    expect(judge([asked(own.facts, ['b.example'])])[0]).toBeLessThan(0.25);
  });
});

describe('whatever the log says', () => {
  const count = fc.integer({ min: 0, max: 1_000_000 });
  const anyFacts = fc
    .record({
      clients: count,
      slots: count,
      coveredMs: fc.integer({ min: 0, max: DAY_MS }),
      askers: count,
      askedOnce: count,
      expected: fc.double({ min: 0, max: 1e6, noNaN: true }),
    })
    .chain((numbers) =>
      fc
        .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 60 }), count), {
          maxLength: 40,
          selector: ([client]) => client,
        })
        .map((clients) =>
          factsOf(
            clients.map(([client, slots]) => host(client, slots)),
            numbers,
          ),
        ),
    );
  const anyCase = fc.record({
    path: fc.constantFrom(['node.example'], ['a', 'f'], ['b', 'f'], ['c']),
    facts: anyFacts,
  });
  const rate = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));

  it('confidences are probabilities, and make at most 1', () => {
    fc.assert(
      fc.property(anyFacts, fc.array(anyCase, { maxLength: 8 }), rate, rate, (facts, others, queryRate, sameBot) => {
        const all = hostConfidences(
          asked(facts),
          others.map(({ path, facts }) => asked(facts, path)),
          { queryRate, sameBot },
        );
        for (const { confidence, chance } of all) {
          expect(confidence).toBeGreaterThanOrEqual(0);
          expect(chance).toBeGreaterThan(0);
          expect(chance).toBeLessThanOrEqual(1);
        }
        expect(all.reduce((sum, { confidence }) => sum + confidence, 0)).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  it('the more often a host asked before, the less it is suspected', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer({ min: 1, max: 1000 }), (facts, more) => {
        fc.pre(facts.hosts.length > 1 && facts.slots > 0 && facts.hosts[0]!.slots > 0);
        const hosts = facts.hosts.with(0, { ...facts.hosts[0]!, slots: facts.hosts[0]!.slots + more });
        expect(confidences({ ...facts, hosts })[0]).toBeLessThanOrEqual(confidences(facts)[0]! + 1e-12);
      }),
    );
  });

  it('a million clients and 64 cases that all point at one host', () => {
    const clients = 1_000_000;
    const facts = (index: number) =>
      factsOf([host(7), host(1000 + index)], { clients, name: parseName(`v${index}.example`)! });
    const all = confidences(
      facts(0),
      Array.from({ length: 64 }, (_, index) => facts(index + 1)),
    );
    expect(all[0]).toBeGreaterThan(0.999);
    expect(all[0]).toBeLessThanOrEqual(1);
    expect(all[1]).toBeGreaterThan(0);
  });
});
