import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as dnsPacket from 'dns-packet';
import { afterAll, describe, expect, it } from 'vitest';
import { GluewallError } from '../../../src/core/errors.ts';
import type { RootHint } from '../../../src/nsdb/root-hints.ts';
import { LINK_TYPE } from '../../../src/packet/link-layer.ts';
import { CaptureLearner } from '../../../src/services/learn-capture.ts';
import { tripleRow, viewTriple } from '../../../src/services/triple-view.ts';
import { PcapngBlocks, pcapFile } from '../../support/capture-file-builder.ts';
import { composeQuery, REFERRAL } from '../../support/dns-messages.ts';
import { composeFrame } from '../../support/frames.ts';
import { historyOptions, learnerOptions } from '../../support/learning.ts';
import { addressOf, nameOf } from '../../support/observations.ts';

const NAME = REFERRAL.questions![0]!.name;
const CLIENT = '192.0.2.7';
const SERVER = '198.51.100.7';
const QUERY = composeFrame(composeQuery(NAME, REFERRAL.id!), {
  source: CLIENT,
  destination: SERVER,
  sourcePort: 4000,
  destinationPort: 53,
});
const RESPONSE = composeFrame(dnsPacket.encode(REFERRAL), {
  source: SERVER,
  destination: CLIENT,
  sourcePort: 53,
  destinationPort: 4000,
});
const SECONDS = 1_700_000_000;
const RECORDS = [
  { seconds: SECONDS, ticks: 1000, octets: QUERY },
  { seconds: SECONDS, ticks: 250_000, octets: RESPONSE },
];
const TRIPLES = [
  'example.org ns.example.net 198.51.100.1',
  'example.org ns1.example.org 192.0.2.1',
  'example.org ns1.example.org 2001:db8::1',
];
const RESOLUTION = 9;
const OFFSET = 14;
const blocks = new PcapngBlocks();

function learnerFor(options: { trustUnmatched?: boolean; rootHints?: readonly RootHint[] } = {}): CaptureLearner {
  const { trustUnmatched = false, rootHints = [] } = options;
  return new CaptureLearner([], {
    learner: learnerOptions({ teach: 'matched', trustUnmatched, trustedResolvers: new Set() }),
    history: historyOptions(),
    rootHints,
  });
}

const folder = mkdtempSync(join(tmpdir(), 'gluewall-captures-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The path of a file that holds these octets. */
function fileOf(octets: Buffer): string {
  const path = join(folder, 'made.pcap');
  writeFileSync(path, octets);
  return path;
}

function listed(learner: CaptureLearner): string[] {
  const views = [...learner.triples()].map(viewTriple);
  return views.map(({ zone, nameServer, address }) => `${zone} ${nameServer} ${address}`).sort();
}

/** A pcapng whose only interface has `options`, with the exchange at two ticks. */
function pcapngOf(options: readonly Buffer[], ticks: readonly [bigint, bigint]): Buffer {
  const packets = [blocks.packet(0, ticks[0], QUERY), blocks.packet(0, ticks[1], RESPONSE)];
  return Buffer.concat([blocks.section(), blocks.interface(LINK_TYPE.ETHERNET, options), ...packets]);
}

function seconds(value: bigint): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigInt64LE(value);
  return octets;
}

describe('CaptureLearner', () => {
  it('learns from an exchange, and says what was in the capture', async () => {
    const learner = learnerFor();
    const file = pcapFile(RECORDS);
    const progress: number[] = [];
    await learner.read(fileOf(file), (bytesRead) => void progress.push(bytesRead));
    const summary = await learner.finish();
    expect(listed(learner)).toEqual(TRIPLES);
    expect(summary).toEqual({
      packets: 2,
      firstPacket: '2023-11-14T22:13:20.001Z',
      lastPacket: '2023-11-14T22:13:20.250Z',
      queries: 1,
      responsesMatched: 1,
      responsesUnmatched: 0,
      refused: {},
      notRead: {},
      zones: 1,
      nameServers: 2,
      addresses: 3,
      triples: 3,
      damage: [],
    });
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(file.length);
  });

  it('believes a response without its query only when told to', async () => {
    const file = pcapFile([RECORDS[1]!]);
    for (const trustUnmatched of [false, true]) {
      const learner = learnerFor({ trustUnmatched });
      await learner.read(fileOf(file));
      const summary = await learner.finish();
      expect(listed(learner)).toEqual(trustUnmatched ? TRIPLES : []);
      expect(summary).toMatchObject({ responsesMatched: 0, responsesUnmatched: 1 });
    }
  });

  it('matches across files, in the time of the captures', async () => {
    const late = { ...RECORDS[1]!, seconds: SECONDS + 6 };
    for (const [response, triples] of [
      [RECORDS[1]!, TRIPLES],
      [late, []],
    ] as const) {
      const learner = learnerFor();
      await learner.read(fileOf(pcapFile([RECORDS[0]!])));
      await learner.read(fileOf(pcapFile([response])));
      await learner.finish();
      expect(listed(learner)).toEqual(triples);
    }
  });

  it('lists what expired while the capture went on, and survives a clock that jumps back', async () => {
    const years = 5 * 365 * 86_400;
    const records = [0, years, -years].flatMap((jump) =>
      RECORDS.map((record) => ({ ...record, seconds: record.seconds + jump })),
    );
    const learner = learnerFor();
    await learner.read(fileOf(pcapFile(records)));
    const summary = await learner.finish();
    expect(listed(learner)).toEqual(TRIPLES);
    expect(summary).toMatchObject({
      firstPacket: '2018-11-15T22:13:20.001Z',
      lastPacket: '2028-11-12T22:13:20.250Z',
      responsesMatched: 3,
    });
  });

  it('counts root hints only when the capture confirms them', async () => {
    const priming = { ...REFERRAL, questions: [{ name: '.', type: 'NS' as const }], authorities: [], additionals: [] };
    const nameServer = nameOf('a.test');
    const rootHints = ['203.0.113.1', '203.0.113.2'].map((address) => ({ nameServer, address: addressOf(address) }));
    const response = dnsPacket.encode({
      ...priming,
      answers: [{ name: '.', type: 'NS', ttl: 172_800, data: 'a.test' }],
      additionals: [{ name: 'a.test', type: 'A', ttl: 172_800, data: '203.0.113.1' }],
    });
    const learner = learnerFor({ rootHints });
    await learner.read(fileOf(pcapFile(RECORDS)));
    expect(await learner.finish()).toMatchObject({ triples: 3 });
    const fields = { source: SERVER, destination: CLIENT, sourcePort: 53, destinationPort: 4000 };
    const trusting = learnerFor({ rootHints, trustUnmatched: true });
    await trusting.read(fileOf(pcapFile([{ ...RECORDS[1]!, octets: composeFrame(response, fields) }])));
    await trusting.finish();
    expect(listed(trusting)).toEqual(['. a.test 203.0.113.1']);
  });

  it.each<readonly [string, readonly Buffer[], readonly [bigint, bigint]]>([
    ['after all calendars', [blocks.option(OFFSET, seconds(2n ** 63n - 1n))], [0n, 1n]],
    ['before all calendars', [blocks.option(OFFSET, seconds(-(2n ** 63n)))], [0n, 1n]],
    ['in a year of five digits', [blocks.option(OFFSET, seconds(316_516_204_800n))], [0n, 1n]],
    ['before the epoch', [blocks.option(OFFSET, seconds(-1n))], [0n, 1n]],
    ['in whole seconds beyond reach', [blocks.option(RESOLUTION, Buffer.from([0]))], [2n ** 64n - 2n, 2n ** 64n - 1n]],
  ])('passes over packets with a time %s', async (_, options, ticks) => {
    const learner = learnerFor({ trustUnmatched: true });
    await learner.read(fileOf(pcapngOf(options, ticks)));
    const summary = await learner.finish();
    expect(summary).toMatchObject({
      packets: 0,
      firstPacket: null,
      lastPacket: null,
      notRead: { 'time that cannot be': 2 },
      triples: 0,
    });
  });

  it('reads a capture whose times are too small to tell apart', async () => {
    const learner = learnerFor();
    await learner.read(fileOf(pcapngOf([blocks.option(RESOLUTION, Buffer.from([0x7f]))], [1n, 2n])));
    await learner.finish();
    expect(listed(learner)).toEqual(TRIPLES);
  });

  it('refuses a capture of which no link type is read, and names the types of that capture alone', async () => {
    const learner = learnerFor();
    const message = async (linkField: number) => {
      const reading = learner.read(fileOf(pcapFile(RECORDS, { linkField })));
      return reading.then(
        () => 'read',
        (error: GluewallError) => `${error.code}: ${error.message}`,
      );
    };
    expect(await message(129)).toContain('made.pcap: link type 129 is not read here');
    expect(await message(192)).toContain('made.pcap: link type 192 is not read here');
    expect(await message(LINK_TYPE.ETHERNET)).toBe('read');
    expect((await learner.finish()).notRead).toEqual({ 'link type 129': 2, 'link type 192': 2 });
  });

  it('counts link types that are not read beside those that are, the first sixteen by number', async () => {
    const types = Array.from({ length: 300 }, (_, index) => 1000 + index);
    const file = Buffer.concat([
      blocks.section(),
      blocks.interface(LINK_TYPE.ETHERNET),
      ...types.map((type) => blocks.interface(type)),
      ...types.flatMap((_, index) => [blocks.packet(index + 1, 0n, QUERY), blocks.packet(index + 1, 0n, QUERY)]),
      blocks.packet(0, 1n, QUERY),
      blocks.packet(0, 2n, RESPONSE),
    ]);
    const learner = learnerFor();
    await learner.read(fileOf(file));
    const summary = await learner.finish();
    const { notRead, triples } = summary;
    expect(triples).toBe(3);
    expect(Object.keys(notRead)).toHaveLength(17);
    expect(notRead).toMatchObject({ 'link type 1000': 2, 'link type 1015': 2, 'other link types': 568 });
  });

  it('keeps what came before the damage, and tells of it', async () => {
    const learner = learnerFor();
    const file = pcapFile([...RECORDS, { ...RECORDS[0]!, claimedOctets: 0xffff_ffff }]);
    await learner.read(fileOf(file));
    const summary = await learner.finish();
    expect(listed(learner)).toEqual(TRIPLES);
    expect(summary.damage).toEqual([expect.stringContaining('made.pcap')]);
  });

  it('lets others run while it reads', async () => {
    const learner = learnerFor();
    let turns = 0;
    let isOver = false;
    const other = (async () => {
      while (!isOver) {
        await setImmediate();
        turns++;
      }
    })();
    // Of several chunks of a megabyte.
    await learner.read(fileOf(pcapFile(Array.from({ length: 20_000 }, () => RECORDS).flat())));
    isOver = true;
    await other;
    expect(turns).toBeGreaterThan(5);
  });

  it.each([
    ['pcap', pcapFile(RECORDS)],
    [
      'pcapng',
      pcapngOf([blocks.option(RESOLUTION, Buffer.from([6]))], [1_700_000_000_000_000n, 1_700_000_000_000_001n]),
    ],
  ])(
    'survives every change of one octet of a %s: it is refused, or what it teaches can be listed',
    async (_, file) => {
      for (let at = 0; at < file.length; at++) {
        for (const change of [0x01, 0x80, 0xff]) {
          const changed = Buffer.from(file);
          changed[at]! ^= change;
          const learner = learnerFor({ trustUnmatched: true });
          try {
            await learner.read(fileOf(changed));
          } catch (error) {
            expect(error).toBeInstanceOf(GluewallError);
          }
          const summary = await learner.finish();
          const views = [...learner.triples()].map(viewTriple);
          for (const view of views) expect(tripleRow.safeParse(view).success, `octet ${at}`).toBe(true);
          expect(summary.triples).toBe(views.length);
        }
      }
    },
    30_000,
  );
});
