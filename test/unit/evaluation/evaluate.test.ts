import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMet, summaryOf, TARGETS, tableOf } from '../../../evaluation/report.ts';
import { type Outcome, runScenario } from '../../../evaluation/run-scenario.ts';
import { BOT_KINDS } from '../../../evaluation/scenario/bots.ts';
import { makeScenario, type Scenario } from '../../../evaluation/scenario/make-scenario.ts';
import { openScenario, writeScenario } from '../../../evaluation/scenario-folder.ts';
import { addScores, scoreOutcome } from '../../../evaluation/score.ts';
import type { Truth } from '../../../evaluation/truth.ts';
import { formatAddress, networkContains, parseAddress, parseNetwork } from '../../../src/core/address.ts';
import type { BotGroup, Candidate } from '../../../src/correlation/bot-group.ts';
import { composeEventLine, type EventLine, parseEventLine } from '../../../src/correlation/events/event-line.ts';
import { parseName } from '../../../src/dns/name.ts';
import type { Found } from '../../../src/findings/finding.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-evaluate-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function linesOf({ portions }: Scenario): Promise<EventLine[]> {
  const lines: EventLine[] = [];
  for await (const portion of portions()) lines.push(...portion);
  return lines;
}

/** As the scenario, but for what comes after two hours. */
function firstHours(scenario: Scenario): Scenario {
  const portions = async function* () {
    let count = 0;
    for await (const portion of scenario.portions()) {
      if (count++ === 24) return;
      yield portion;
    }
  };
  return { ...scenario, portions };
}

const DOCUMENTATION = ['198.18.0.0/15', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'].map(
  (text) => parseNetwork(text)!,
);

describe('scenarios that are made up', () => {
  it('are the same for the same seed, and others for others', async () => {
    const texts = async (seed: number) => (await linesOf(makeScenario(seed, 50))).slice(0, 5000).map(composeEventLine);
    expect(await texts(3)).toEqual(await texts(3));
    expect(await texts(3)).not.toEqual(await texts(4));
  });

  it('come in order of time, with addresses for documentation alone', async () => {
    const lines = await linesOf(makeScenario(8, 60));
    expect(lines.length).toBeGreaterThan(10_000);
    const addresses = new Set(
      lines.flatMap((line) => {
        if (line.event === 'syn') return [line.source, line.destination];
        return line.event === 'dns' ? [line.client, line.server!, ...line.answers] : [line.client, line.server];
      }),
    );
    for (const address of addresses) {
      expect(DOCUMENTATION.some((network) => networkContains(network, address))).toBe(true);
    }
    expect(lines.every(({ atMs }, index) => index === 0 || atMs >= lines[index - 1]!.atMs)).toBe(true);
  });

  it('hold all kinds of bots, in groups that have somebody who commands them', () => {
    const truths = Array.from({ length: 16 }, (_, seed) => makeScenario(seed, 50).truth);
    const kinds = new Set(truths.flatMap(({ hosts }) => hosts.filter((one) => one.isInfected).map(({ kind }) => kind)));
    expect([...kinds].sort()).toEqual([...BOT_KINDS].sort());
    for (const { hosts, groups } of truths) {
      expect(hosts).toHaveLength(50);
      for (const { id, masters } of groups) {
        expect(hosts.filter(({ group }) => group === id).length).toBeGreaterThanOrEqual(2);
        expect(masters.addresses.length + masters.names.length).toBeGreaterThan(0);
      }
    }
  });
});

describe('a scenario in a folder', () => {
  it('is read as it was written', async () => {
    const place = join(folder, 'written');
    const scenario = firstHours(makeScenario(5, 50));
    await writeScenario(scenario, place);
    const read = openScenario(place);
    expect(read.truth).toEqual(scenario.truth);
    const wanted = (await linesOf(firstHours(makeScenario(5, 50)))).map(composeEventLine);
    const texts = (await linesOf(read)).map(composeEventLine);
    expect(texts).toHaveLength(wanted.length);
    expect(texts.every((text, index) => text === wanted[index])).toBe(true);
  });

  it('may be spread over files that overlap', async () => {
    const line = (second: number) =>
      `{"time": ${second * 1000}, "event": "syn", "source": "192.0.2.1", "destination": "198.51.100.1", "port": 443}`;
    const place = write('spread', { hosts: [] }, [0, 4, 2].map(line).join('\n'));
    writeFileSync(join(place, 'more.jsonl'), [1, 5, 3].map(line).join('\r\n'));
    expect((await linesOf(openScenario(place))).map(({ atMs }) => atMs)).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
  });

  it('says file, line and column of a mistake', async () => {
    const good = '{"time": 1, "event": "syn", "source": "192.0.2.1", "destination": "192.0.2.2", "port": 1}';
    const lines = (text: string) => linesOf(openScenario(write('wrong', { hosts: [] }, `${good}\n\n${text}`)));
    await expect(lines('{"time": 1, "event": "syn", "source": "192.0.2"}')).rejects.toMatchObject({
      code: 'event-file',
      message: expect.stringMatching(/events\.jsonl:3:39: "source": want an IPv4/),
    });
    await expect(lines('{"time": 1, "event"}')).rejects.toMatchObject({
      message: expect.stringMatching(/events\.jsonl:3:20: want ":"/),
    });
    await expect(lines('x'.repeat(70_000))).rejects.toMatchObject({
      message: expect.stringMatching(/events\.jsonl:3: is longer/),
    });
  });

  it('says what is wrong with its truth', () => {
    const open = (truth: unknown) => () => openScenario(write('truth', truth, ''));
    expect(open({ hosts: [{ address: '192.0.2' }] })).toThrow(/truth\.json:1:\d+: hosts\.0\.address: want an IPv4/);
    expect(open({ hosts: [{ infected: true }] })).toThrow(/"address" is missing/);
    expect(open({ hosts: [], groups: [{ id: 'g', c2: ['bad name..'] }] })).toThrow(/groups\.0\.c2\.0: want an address/);
    expect(open({ inside: ['192.0.2.1/24'], hosts: [] })).toThrow(/inside\.0: want a network/);
    expect(() => openScenario(join(folder, 'nowhere'))).toThrow(/there is no such file/);
  });

  it('may say of groups which hosts they have, and leave out what it likes', () => {
    const groups = [{ id: 'g', hosts: ['192.0.2.1', '192.0.2.2'], c2: ['c2.example'] }];
    const { truth } = openScenario(write('short', { hosts: [{ address: '192.0.2.1' }], groups, note: 'x' }, ''));
    const one = { isInfected: true, group: 'g' };
    expect(truth.hosts).toMatchObject([one, one]);
    expect(truth).toMatchObject({ inside: [], resolvers: [], mailServers: [] });
  });
});

function write(name: string, truth: unknown, events: string): string {
  const place = mkdtempSync(join(folder, name));
  writeFileSync(join(place, 'truth.json'), JSON.stringify(truth));
  writeFileSync(join(place, 'events.jsonl'), events);
  return place;
}

describe('the example in the docs', () => {
  const text = readFileSync(new URL('../../../docs/evaluation.md', import.meta.url), 'utf8');
  const block = (language: string) => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text)![1]!;

  it('is read, and told right when it goes on for some hours', async () => {
    const lines = block('jsonl').trim().split('\n');
    expect(lines).toHaveLength(5);
    const parsed = lines.map((line) => parseEventLine(line));
    for (const line of parsed) expect(line).not.toHaveProperty('problem');
    const place = write('documented', JSON.parse(block('json')), moreOf(parsed as EventLine[]));
    const scenario = openScenario(place);
    const score = scoreOutcome(scenario.truth, await runScenario(scenario));
    expect(summaryOf(score, 1)).toMatchObject({
      botPrecision: 1,
      botRecall: 1,
      c2Top3Share: 1,
      foreignResolverFalseFindings: 0,
    });
  });
});

/** The example as it goes on: both bots, both servers, other names. */
function moreOf(lines: readonly EventLine[]): string {
  const minutes = Array.from({ length: 180 }, (_, minute) => minute);
  const letters = (number: number) =>
    Array.from(
      { length: 16 },
      (_, index) => 'bcdfghjkmnpqrtvwxz23456789'[(number * (7 + index) + index * index) % 26],
    ).join('');
  const all = minutes.flatMap((minute) =>
    lines.flatMap((line): EventLine[] => {
      const atMs = line.atMs + minute * 60_000 + (minute % 7) * 3000;
      if (line.event === 'syn' || line.name?.includes('feed') !== true) return [{ ...line, atMs }];
      return ['192.0.2.10', '192.0.2.11'].map((text, bot) => ({
        ...line,
        atMs: atMs + bot * 9000,
        client: parseAddress(text)!,
        server: parseAddress(`198.51.100.${7 + (minute % 2)}`)!,
        name: parseName(`${letters(minute * 2 + bot)}.feed.example`)!,
      }));
    }),
  );
  return all.map(composeEventLine).join('\n');
}

describe('the score', () => {
  const address = (text: string) => parseAddress(text)!;
  const host = (text: string, kind: string, group?: string) => ({
    ...{ addresses: [address(text)], kind, group, isInfected: group !== undefined },
  });
  const truth: Truth = {
    inside: [],
    resolvers: [],
    mailServers: [],
    hosts: [
      host('192.0.2.1', 'spam', 'one'),
      host('192.0.2.2', 'spam', 'one'),
      host('192.0.2.3', 'beacon', 'two'),
      host('192.0.2.4', 'beacon', 'two'),
      host('192.0.2.5', 'foreign-resolver'),
      host('192.0.2.6', 'user'),
    ],
    groups: [
      { id: 'one', hosts: [], masters: { addresses: [address('198.51.100.1')], names: [] } },
      { id: 'two', hosts: [], masters: { addresses: [], names: [parseName('c2.example')!] } },
    ],
  };
  const found = (kind: Found['kind'], subject: string, hosts: readonly string[] = [subject]): Found => ({
    ...{ kind, subject, hosts, score: 1, reasons: [], firstAtMs: 0, lastAtMs: 0 },
  });
  const candidate = (place: Partial<Candidate>): Candidate => ({
    ...{ role: 'c2', address: undefined, name: undefined, ports: [], score: 1, contactedBy: [] },
    ...{ suspects: 2, others: 0, firstAtMs: 0, lastAtMs: 0, reasons: [], ...place },
  });
  const group = (id: string, hosts: readonly string[], candidates: readonly Candidate[]): BotGroup => ({
    ...{ id, sinceMs: 0, lastAtMs: 0, score: 1, features: [], matches: [], victims: [], changes: [], candidates },
    hosts: hosts.map((text) => ({ host: address(text), score: 1, matches: 1 })),
  });
  const outcome = (all: readonly Found[], groups: readonly BotGroup[] = []): Outcome => ({
    ...{ events: 0, tooLate: 0, firstAtMs: 0, lastAtMs: 0, spentMs: 0, found: all, groups },
  });

  it('is refused of a scenario in which nothing happens', async () => {
    const portions = function* (): Generator<readonly EventLine[], void> {};
    const scenario = { title: 'a folder', truth, portions };
    await expect(runScenario(scenario)).rejects.toMatchObject({
      code: 'event-file',
      message: expect.stringMatching(/^a folder: there is no event of a host; want/),
    });
  });

  it('counts who was found, missed and wronged', () => {
    const score = scoreOutcome(
      truth,
      outcome([
        found('infected-host', '192.0.2.1'),
        found('infected-host', '192.0.2.6'),
        found('infected-host', '192.0.2.99'),
        found('foreign-resolver', '192.0.2.5'),
      ]),
    );
    expect(score).toMatchObject({ precision: { hits: 1, of: 3 }, recall: { hits: 1, of: 4 } });
    expect(score.foreignResolverFalseFindings).toBe(0);
    expect(score.falseBots.get('user')).toEqual({ hits: 1, of: 1 });
    expect(score.bots.get('spam')).toEqual({ hits: 1, of: 2 });
  });

  it('holds any other finding against a user of a foreign resolver, a group with him, too', () => {
    const groups = [found('bot-group', 'G-1', ['192.0.2.1', '192.0.2.5'])];
    expect(scoreOutcome(truth, outcome(groups)).foreignResolverFalseFindings).toBe(1);
    expect(scoreOutcome(truth, outcome([found('answer-flood', '192.0.2.5')])).foreignResolverFalseFindings).toBe(1);
  });

  it('wants a C&C among the first three of the group that holds most of its hosts', () => {
    const others = ['a', 'b', 'c'].map((label) => candidate({ name: parseName(`${label}.example`)! }));
    const first = group(
      'G-1',
      ['192.0.2.1', '192.0.2.2'],
      [others[0]!, others[1]!, candidate({ address: address('198.51.100.1') })],
    );
    const second = group(
      'G-2',
      ['192.0.2.3', '192.0.2.4'],
      [...others, candidate({ name: parseName('x.c2.example')! })],
    );
    const third = group('G-3', ['192.0.2.3'], [candidate({ name: parseName('c2.example')! })]);
    expect(scoreOutcome(truth, outcome([], [first, second, third])).c2Top3).toEqual({ hits: 1, of: 2 });
    expect(scoreOutcome(truth, outcome([], [first, second, third])).split).toBe(1);
    expect(scoreOutcome(truth, outcome([], [first, third])).c2Top3).toEqual({ hits: 2, of: 2 });
  });

  it('is met or missed, and says so', () => {
    const good = scoreOutcome(
      { ...truth, groups: [] },
      outcome(truth.hosts.slice(0, 4).map(({ addresses }) => found('infected-host', formatAddress(addresses[0]!)))),
    );
    expect(TARGETS.map((target) => isMet(target, good))).toEqual([true, true, true, true]);
    const bad = scoreOutcome(truth, outcome([found('infected-host', '192.0.2.5')]));
    expect(TARGETS.map((target) => isMet(target, bad))).toEqual([false, false, false, false]);
    expect(tableOf(bad).join('\n')).toMatch(/botRecall +0\.000 +>= 0\.9 +MISSED +0 of 4/);
    expect(addScores([good, bad])).toMatchObject({ recall: { hits: 4, of: 8 }, precision: { hits: 4, of: 5 } });
  });
});
