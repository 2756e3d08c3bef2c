import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/core/log.ts';
import { LOG_FORMATS } from '../../../src/querylog/readers/list.ts';
import { SourceIntake } from '../../../src/querylog/source-intake.ts';
import { sourceOptions } from '../../support/source-options.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const PORTION = 1024 * 1024;
const MANY = 200;
const FEW = 4;

/** Octets that look the same in each run. */
function noise(octets: number, alphabet: string): Buffer {
  const portion = Buffer.alloc(octets);
  let seed = 12_345;
  for (let at = 0; at < octets; at++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const drawn = seed >>> 16;
    portion[at] = alphabet === '' ? drawn & 255 : alphabet.charCodeAt(drawn % alphabet.length);
  }
  return portion;
}

const LINES = 'abc 0123456789:#./@[]()"\'=-\n';
const kinds: readonly (readonly [string, Buffer])[] = [
  ['octets of any kind', noise(PORTION, '')],
  ['text of any kind', noise(PORTION, LINES)],
  ['one line without an end', Buffer.alloc(PORTION, 'x')],
  ['zeros', Buffer.alloc(PORTION)],
  ['empty lines', Buffer.alloc(PORTION, '\n')],
];

async function push(format: (typeof LOG_FORMATS)[number], portion: Buffer, count: number) {
  const clock = new VirtualClock();
  let batches = 0;
  let samples = 0;
  const store = {
    append: async (batch: { readonly quarantined: readonly unknown[] }) => {
      batches++;
      samples = Math.max(samples, batch.quarantined.length);
    },
    position: async () => undefined,
  };
  const intake = new SourceIntake(sourceOptions({ format }), store, clock, silentLog);
  intake.begin('0:');
  let most = 0;
  for (let at = 0; at < count; at++) {
    await intake.push(portion);
    clock.advance(1000);
    if (at % 10 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  await intake.end();
  return { figures: intake.figures(), batches, samples, most };
}

describe('a source that brings garbage', () => {
  it.each(kinds)(
    'stays bounded in memory and kept samples: 200 MB of %s',
    async (_, portion) => {
      const bind = LOG_FORMATS.find(({ name }) => name === 'bind')!;
      const before = process.memoryUsage().heapUsed;
      const { figures, samples, most } = await push(bind, portion, MANY);
      expect(figures.bytes).toBe(MANY * PORTION);
      expect(figures.entries).toBe(0);
      expect(samples).toBeLessThanOrEqual(8);
      expect(most - before).toBeLessThan(150 * 1024 * 1024);
      const refused = Object.values(figures.refused).reduce((sum, count) => sum + count, 0);
      expect(figures.taken + figures.other + refused).toBe(figures.records);
    },
    60_000,
  );

  it.each(LOG_FORMATS)(
    'is counted whatever its format is: $name',
    async (format) => {
      for (const [, portion] of kinds) {
        const { figures } = await push(format, portion, FEW);
        const refused = Object.values(figures.refused).reduce((sum, count) => sum + count, 0);
        expect(figures.taken + figures.other + refused).toBe(figures.records);
        expect(figures.bytes).toBe(FEW * PORTION);
      }
    },
    60_000,
  );
});
