import { beforeEach, describe, expect, it } from 'vitest';
import { type Address, formatAddress, parseNetwork } from '../../../src/core/address.ts';
import { ReverseNames, type ReverseNamesOptions } from '../../../src/identity/reverse-names.ts';
import { addressOf } from '../../support/observations.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const OPTIONS: ReverseNamesOptions = {
  insideNetworks: [parseNetwork('192.0.2.0/24')!, parseNetwork('2001:db8::/64')!],
  lifeMs: 3_600_000,
  noNameLifeMs: 600_000,
  inFlight: 2,
  waiting: 3,
  size: 10,
};

interface Question {
  readonly address: string;
  readonly answer: (names: readonly string[]) => Promise<void>;
  readonly fail: (code: string) => Promise<void>;
}

let clock: VirtualClock;
let log: RecordingLog;
let questions: Question[];
let names: ReverseNames;

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const ask = (address: Address) =>
  new Promise<readonly string[]>((resolve, reject) => {
    questions.push({
      address: formatAddress(address),
      answer: (found) => {
        resolve(found);
        return settled();
      },
      fail: (code) => {
        reject(Object.assign(new Error(code), { code }));
        return settled();
      },
    });
  });
const want = (text: string) => names.want(addressOf(text));
const nameOf = (text: string) => names.nameOf(addressOf(text));
const asked = () => questions.map(({ address }) => address);

beforeEach(() => {
  clock = new VirtualClock();
  log = new RecordingLog();
  questions = [];
  names = new ReverseNames(OPTIONS, ask, clock, log);
});

describe('a name', () => {
  it('is asked for once, and held as long as it lives', async () => {
    want('192.0.2.1');
    want('192.0.2.1');
    expect(nameOf('192.0.2.1')).toBeUndefined();
    await questions[0]!.answer(['pc.example.org', 'other.example.org']);
    expect(nameOf('192.0.2.1')).toBe('pc.example.org');
    clock.advance(3_599_999);
    want('192.0.2.1');
    expect(asked()).toEqual(['192.0.2.1']);
    clock.advance(1);
    want('192.0.2.1');
    expect(asked()).toEqual(['192.0.2.1', '192.0.2.1']);
    expect(nameOf('192.0.2.1')).toBe('pc.example.org');
    await questions[1]!.answer([]);
    expect(nameOf('192.0.2.1')).toBeUndefined();
    expect(names.counters.snapshot()).toEqual({ asked: 2, found: 1, 'no name': 1 });
  });

  it('that is not there is asked for again only later', async () => {
    want('192.0.2.1');
    await questions[0]!.answer([]);
    clock.advance(599_999);
    want('192.0.2.1');
    expect(questions).toHaveLength(1);
    clock.advance(1);
    want('192.0.2.1');
    expect(questions).toHaveLength(2);
  });

  it('stays when nobody answers, which is counted and said', async () => {
    want('192.0.2.1');
    await questions[0]!.answer(['pc.example.org']);
    clock.advance(3_600_000);
    want('192.0.2.1');
    await questions[1]!.fail('ETIMEOUT');
    expect(nameOf('192.0.2.1')).toBe('pc.example.org');
    expect(names.counters.get('failed')).toBe(1);
    expect(log.lines).toEqual([
      'warn: the name of a client cannot be asked for (ETIMEOUT): look at clients.resolver, or leave it out',
    ]);
    clock.advance(600_000);
    want('192.0.2.1');
    expect(questions).toHaveLength(3);
  });

  it('from a hostile zone is harmless', async () => {
    want('192.0.2.1');
    await questions[0]!.answer([`\u001b[31m${'x'.repeat(300)}`]);
    expect(nameOf('192.0.2.1')).toMatch(/^\\x1b\[31mx{245}$/);
  });

  it('is not asked for outside', () => {
    want('198.51.100.1');
    want('2001:db8:1::1');
    expect(questions).toEqual([]);
    want('2001:db8::1');
    expect(asked()).toEqual(['2001:db8::1']);
  });
});

describe('questions', () => {
  it('are so many under way, so many waiting, and no more', async () => {
    for (let host = 1; host <= 7; host++) want(`192.0.2.${host}`);
    expect(asked()).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(names.waiting).toBe(3);
    expect(names.counters.get('no room to ask')).toBe(2);
    await questions[0]!.answer([]);
    await questions[1]!.fail('ECONNREFUSED');
    expect(asked()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']);
    want('192.0.2.7');
    expect(names.waiting).toBe(2);
  });

  it('hold no more names than they may', async () => {
    names = new ReverseNames({ ...OPTIONS, inFlight: 100 }, ask, clock, log);
    for (let host = 1; host <= 12; host++) {
      want(`192.0.2.${host}`);
      await questions[host - 1]!.answer([`pc${host}.example.org`]);
    }
    expect([nameOf('192.0.2.2'), nameOf('192.0.2.3'), nameOf('192.0.2.12')]).toEqual([
      undefined,
      'pc3.example.org',
      'pc12.example.org',
    ]);
  });

  it('end with a stop, which is safe twice', async () => {
    for (let host = 1; host <= 3; host++) want(`192.0.2.${host}`);
    names.stop();
    names.stop();
    await questions[0]!.fail('ECANCELLED');
    want('192.0.2.9');
    expect(questions).toHaveLength(2);
    expect(log.lines).toEqual([]);
  });
});
