import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SyslogFramer } from '../../../src/querylog/syslog-framer.ts';

function frame(octets: Buffer, cuts: readonly number[] = []) {
  const framer = new SyslogFramer();
  const messages: string[] = [];
  const refused: string[] = [];
  const beginnings: string[] = [];
  const sink = {
    record: (part: Buffer, start: number, end: number) => messages.push(part.toString('latin1', start, end)),
    refused: (reason: string, part: Buffer, start: number, end: number) => {
      refused.push(reason);
      beginnings.push(part.toString('latin1', start, Math.min(end, start + 8)));
    },
  };
  let at = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), octets.length]) {
    framer.push(octets.subarray(at, cut), sink);
    at = cut;
  }
  const isBetween = framer.isBetweenMessages;
  framer.end(sink);
  return { messages, refused, beginnings, isBetween };
}

const LONG = ['a message of over 65536 octets'];

describe('SyslogFramer', () => {
  it('takes messages with their length and messages that end with a line, also in turn', () => {
    const text = '11 <30>one two5 <30>x<30>a line\n\n<30>and one with CR\r\n17 <30>of\ntwo lines!\n<30>last';
    const { messages, isBetween } = frame(Buffer.from(text));
    expect(messages).toEqual([
      '<30>one two',
      '<30>x',
      '<30>a line',
      '<30>and one with CR',
      '<30>of\ntwo lines!',
      '<30>last',
    ]);
    expect(isBetween).toBe(false);
  });

  it('takes a line that only begins like a length', () => {
    expect(frame(Buffer.from('2026-11-21T10:00:00Z host\n12<x\n')).messages).toEqual([
      '2026-11-21T10:00:00Z host',
      '12<x',
    ]);
    expect(frame(Buffer.from('1234567890 x\n')).messages).toEqual(['1234567890 x']);
  });

  it('gives the same whatever the cuts', () => {
    const message = fc.string({ unit: fc.constantFrom('a', ' ', '7', '<', '\xff'), minLength: 1, maxLength: 30 });
    const part = fc.tuple(fc.boolean(), message);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(500)), (parts, cuts) => {
        const whole = parts.map(([isCounted, text]) => {
          const content = `<1>${text}`;
          return isCounted ? `${content.length} ${content}` : `${content}\n`;
        });
        const octets = Buffer.from(whole.join(''), 'latin1');
        const within = cuts.filter((cut) => cut <= octets.length);
        const framed = frame(octets, within);
        expect(framed.messages).toEqual(parts.map(([, text]) => `<1>${text}`));
        expect(framed.isBetween).toBe(true);
      }),
    );
  });

  it('refuses what is too long once, and goes on behind it', () => {
    const long = 'x'.repeat(70_000);
    for (const text of [`70000 ${long}6 <30>ok`, `<30>${long}\n<30>ok\n`]) {
      for (const cuts of [[], [3], [10, 40_000, 66_000], [69_999]]) {
        const { messages, refused } = frame(Buffer.from(text), cuts);
        expect(messages).toEqual(['<30>ok']);
        expect(refused).toHaveLength(1);
      }
    }
    expect(frame(Buffer.from(`70000 ${long}`)).refused).toEqual(LONG);
    expect(frame(Buffer.from(`70000 <30>${long}`), [5, 6, 50]).beginnings).toEqual(['<30>xxxx']);
  });

  it('holds no more than a message, however small its parts are', () => {
    const text = Buffer.from(`60000 ${'y'.repeat(60_000)}`);
    const cuts = Array.from({ length: 20_000 }, (_, at) => 6 + 3 * at);
    expect(frame(text, cuts).messages.map(({ length }) => length)).toEqual([60_000]);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300)), (octets, cuts) => {
        const within = cuts.filter((cut) => cut <= octets.length);
        frame(Buffer.from(octets), within);
      }),
    );
  });
});
