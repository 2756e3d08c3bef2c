import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { captureFilter } from '../../../src/capture/capture-filter.ts';
import { pcapFile } from '../../support/capture-file-builder.ts';
import { describeIf } from '../../support/describe-if.ts';
import { composeFragments, composeFrame, composeSegment, type FrameFields } from '../../support/frames.ts';

const V6 = { source: '2001:db8::1', destination: '2001:db8::2' };
const BEGIN: FrameFields = { transport: 'tcp', tcpFlags: 0x02, destinationPort: 80 };
const TAGS: readonly (readonly number[])[] = [[], [0x8100], [0x88a8, 0x8100]];

interface Sample {
  readonly what: string;
  readonly frame: Buffer;
  /** Whether it passes with `syns`, and without. */
  readonly passes: readonly [boolean, boolean];
}

function samplesOn(tags: readonly number[]): readonly Sample[] {
  const made = (what: string, passes: readonly [boolean, boolean], fields: FrameFields): Sample => {
    return { what: `${what}, ${tags.length} tags`, frame: composeFrame(Buffer.alloc(8), { ...fields, tags }), passes };
  };
  const fragments = composeFragments(composeSegment(Buffer.alloc(64), BEGIN), [32], { ...BEGIN, tags });
  return [
    made('SYN', [true, false], BEGIN),
    made('SYN+ACK', [true, false], { ...BEGIN, tcpFlags: 0x12, sourcePort: 80 }),
    made('SYN with IPv4 options', [true, false], { ...BEGIN, options: Buffer.alloc(8, 1) }),
    made('ACK', [false, false], { ...BEGIN, tcpFlags: 0x10 }),
    made('RST', [false, false], { ...BEGIN, tcpFlags: 0x04 }),
    made('SYN over IPv6', [true, false], { ...BEGIN, ...V6 }),
    made('SYN+ACK over IPv6', [true, false], { ...BEGIN, ...V6, tcpFlags: 0x12 }),
    made('ACK over IPv6', [false, false], { ...BEGIN, ...V6, tcpFlags: 0x10 }),
    made('UDP over IPv6', [false, false], { ...V6, destinationPort: 80 }),
    made('extension header over IPv6', [true, true], {
      ...BEGIN,
      ...V6,
      firstHeader: 0,
      options: Buffer.from('0600010400000000', 'hex'),
    }),
    made('UDP', [false, false], { destinationPort: 80 }),
    made('DNS', [true, true], {}),
    made('DNS over TCP', [true, true], { transport: 'tcp' }),
    { what: `first fragment of SYN, ${tags.length} tags`, frame: fragments[0]!, passes: [true, false] },
    { what: `later fragment of SYN, ${tags.length} tags`, frame: fragments[1]!, passes: [true, true] },
  ];
}

/** Prints which frames of a capture pass a filter of libpcap's, by their numbers. */
const READER = `
const pcap = require(process.argv[1]);
const session = pcap.createOfflineSession(process.argv[2], { filter: process.argv[3] });
session.on('packet', ({ header }) => console.log(header.readUInt32LE(0)));
`;

const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The numbers of the frames that libpcap lets pass; it runs in a process of its own. */
function passing(frames: readonly Buffer[], filter: string): Set<number> {
  const file = join(folder, 'frames.pcap');
  writeFileSync(file, pcapFile(frames.map((octets, seconds) => ({ seconds, ticks: 0, octets }))));
  const module = createRequire(import.meta.url).resolve('pcap');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', READER, module, file, filter], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`libpcap: ${stderr}`);
  return new Set(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
  );
}

/** The numbers of the frames that tshark takes for the beginning or acceptance of a connection. */
function synsByTshark(): Set<number> {
  const args = [
    '-n',
    '-o',
    'ip.defragment:FALSE',
    '-r',
    join(folder, 'frames.pcap'),
    '-Y',
    'tcp.flags.syn==1',
    '-T',
    'fields',
  ];
  const { status, stdout, stderr } = spawnSync('tshark', [...args, '-e', 'frame.time_epoch'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tshark: ${stderr}`);
  return new Set(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Math.round(Number(line))),
  );
}

const SAMPLES = TAGS.flatMap(samplesOn);

describe('captureFilter with syns, in libpcap', () => {
  it.each([true, false])('lets pass what it should, frame by frame: %s', (syns) => {
    const passed = passing(
      SAMPLES.map(({ frame }) => frame),
      captureFilter('both', 'usual', syns),
    );
    const found = SAMPLES.map(({ what }, index) => `${what}: ${passed.has(index)}`);
    expect(found).toEqual(SAMPLES.map(({ what, passes }) => `${what}: ${passes[syns ? 0 : 1]}`));
  });

  it('compiles for every direction and size', () => {
    const frames = SAMPLES.map(({ frame }) => frame);
    for (const size of ['usual', 'large'] as const) {
      for (const direction of ['outbound', 'inbound', 'both'] as const) {
        const undirected = captureFilter(direction, size, true).replace(/^(out|in)bound and /, '');
        expect(passing(frames, undirected).size > 0, `${direction} ${size}`).toBe(size === 'usual');
      }
    }
  });
});

describeIf(['tshark'], 'captureFilter with syns, against tshark', () => {
  it('lets every SYN and SYN+ACK pass that tshark finds', () => {
    const passed = passing(
      SAMPLES.map(({ frame }) => frame),
      captureFilter('both', 'usual', true),
    );
    const syns = synsByTshark();
    expect(syns.size).toBe(7 * TAGS.length);
    expect([...syns].filter((index) => !passed.has(index)).map((index) => SAMPLES[index]!.what)).toEqual([]);
  });
});
