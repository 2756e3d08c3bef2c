import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeBatchHead, composeMessage, FrameReader } from '../../../src/capture/capture-wire.ts';
import { BATCH_OCTETS } from '../../../src/dns/observation-writer.ts';

function setUp() {
  const heard: unknown[] = [];
  const reader = new FrameReader({
    onMessage: (value) => heard.push(value),
    onBatch: (batch, sentAtMs) => heard.push([sentAtMs, batch.byteOffset % 8, ...batch]),
  });
  return { reader, heard };
}

const batchFrame = (batch: Uint8Array, sentAtMs = 12.5) => Buffer.concat([composeBatchHead(batch, sentAtMs), batch]);
const header = (length: number, ...rest: number[]) => {
  const octets = Buffer.from([0, 0, 0, 0, ...rest]);
  octets.writeUInt32BE(length);
  return octets;
};
const STREAM = Buffer.concat([
  composeMessage({ kind: 'hello', name: 'ä' }),
  batchFrame(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
  composeMessage({ kind: 'ready' }),
]);
const HEARD = [{ kind: 'hello', name: 'ä' }, [12.5, 0, 1, 2, 3, 4, 5, 6, 7, 8], { kind: 'ready' }];

describe('FrameReader', () => {
  it('is as the page says, on a machine with the least significant octet first', () => {
    const octets = composeMessage({ a: 1 });
    expect(Buffer.from(octets).toString('hex')).toBe(`00000007010102${'01'}${Buffer.from('{"a":1}').toString('hex')}`);
    expect(Buffer.from(composeBatchHead(Uint8Array.of(9), 1)).toString('hex')).toBe('0000000901020201000000000000f03f');
  });

  it('gives what was sent, in one piece or cut anywhere', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      const { reader, heard } = setUp();
      expect(reader.push(STREAM.subarray(0, cut))).toBeUndefined();
      expect(reader.push(STREAM.subarray(cut))).toBeUndefined();
      expect(heard).toEqual(HEARD);
    }
    const { reader, heard } = setUp();
    for (const octet of STREAM) reader.push(Uint8Array.of(octet));
    expect(heard).toEqual(HEARD);
  });

  it('takes the largest batch', () => {
    const { reader, heard } = setUp();
    expect(reader.push(batchFrame(new Uint8Array(BATCH_OCTETS)))).toBeUndefined();
    expect(heard.length).toBe(1);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['another version', header(5, 2, 1, 2, 1), /does not speak version 1/],
    ['something else altogether', Buffer.from('GET / HTTP/1.1\r\n'), /does not speak version 1/],
    ['another octet order', header(5, 1, 2, 1, 2), /another octet order/],
    ['an unknown kind', header(5, 1, 3, 2, 1), /kind 3/],
    ['a message of nothing', header(0, 1, 1, 2, 1), /0 octets/],
    ['a message too long', header(262_145, 1, 1, 2, 1), /262145 octets, where 262144 is the most/],
    ['a batch too long', header(BATCH_OCTETS + 9, 1, 2, 2, 1), /is the most/],
    ['a batch of nothing', header(8, 1, 2, 2, 1), /8 octets/],
    ['a batch that claims all there is', header(0xffffffff, 1, 2, 2, 1), /4294967295 octets/],
    ['a message that is no JSON', Buffer.concat([header(2, 1, 1, 2, 1), Buffer.from('{]')]), /no JSON/],
    ['no time', batchFrame(Uint8Array.of(1), Number.NaN), /no time/],
    ['an endless time', batchFrame(Uint8Array.of(1), Number.POSITIVE_INFINITY), /no time/],
  ])('refuses %s, and reads nothing after it', (_what, octets, problem) => {
    const { reader, heard } = setUp();
    expect(reader.push(octets)).toMatch(problem);
    expect(reader.push(STREAM)).toMatch(problem);
    expect(heard).toEqual([]);
  });

  it('throws on no octets', () => {
    for (let at = 0; at < STREAM.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const octets = Buffer.from(STREAM);
        octets[at] = value;
        setUp().reader.push(octets);
      }
    }
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        const { reader } = setUp();
        for (const chunk of chunks) reader.push(chunk);
      }),
    );
  });
});
