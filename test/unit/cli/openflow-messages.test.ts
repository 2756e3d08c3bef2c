import { describe, expect, it } from 'vitest';
import { type StreamMessage, streamMessages } from '../../../src/cli/openflow-messages.ts';

const ECHO = Buffer.from('0402000800000001', 'hex');
/** An octet of a flow_mod's cookie is missing. */
const SHORT = Buffer.from('040e000f0000000200000000000000', 'hex');
const HELLO_OF_1_5 = Buffer.from('0600001000000003' + '0001000800000070', 'hex');

async function read(...chunks: readonly Buffer[]): Promise<readonly StreamMessage[]> {
  const found: StreamMessage[] = [];
  for await (const message of streamMessages(arriving(chunks))) found.push(message);
  return found;
}

async function* arriving(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void> {
  yield* chunks;
}

const summary = (found: readonly StreamMessage[]) =>
  found.map((one) => [one.offset, 'error' in one ? one.error.codeName : one.message.type]);

describe('streamMessages', () => {
  const stream = Buffer.concat([ECHO, SHORT, HELLO_OF_1_5, ECHO]);
  const expected = [
    [0, 'echoRequest'],
    [8, 'OFPBRC_BAD_LEN'],
    [23, 'hello'],
    [39, 'echoRequest'],
  ];

  it('gives each message with its place, the one that cannot be read as its error', async () => {
    const found = await read(stream);
    expect(summary(found)).toEqual(expected);
    expect(found[1]).toMatchObject({ error: { offset: 8, path: 'flowMod.cookie' } });
    expect(found[2]).toMatchObject({ version: 6, message: { elements: [{ bitmaps: [0x70] }] } });
  });

  it('gives the same whatever the chunks are', async () => {
    for (let cut = 1; cut < stream.length; cut++) {
      expect(summary(await read(stream.subarray(0, cut), stream.subarray(cut)))).toEqual(expected);
    }
    expect(summary(await read(...Array.from(stream, (octet) => Buffer.from([octet]))))).toEqual(expected);
  });

  it('says where a message that is cut off begins, for every cut', async () => {
    for (let length = 1; length < ECHO.length; length++) {
      const found = await read(ECHO, ECHO.subarray(0, length));
      expect(summary(found)).toEqual([
        [0, 'echoRequest'],
        [8, 'OFPBRC_BAD_LEN'],
      ]);
      expect(found[1]).toMatchObject({
        error: {
          offset: length,
          detail: `the end comes after ${length} ${length === 1 ? 'octet' : 'octets'} of this message`,
        },
      });
    }
  });

  it.each([
    ['all of it at once', [Buffer.from('root:x:0:0')]],
    ['octet by octet, behind a message', [ECHO, ...[...Buffer.from('root')].map((octet) => Buffer.from([octet]))]],
  ])('says that text is no OpenFlow: %s', async (_how, chunks) => {
    const found = await read(...chunks);
    expect(found.at(-1)).toMatchObject({
      error: { detail: 'its first octet, 0x72, is no OpenFlow version: is this OpenFlow?' },
    });
  });

  it('takes messages of other versions for what they are, and goes on', async () => {
    const ofVersion1 = Buffer.from('0105000800000001', 'hex');
    expect(summary(await read(ofVersion1, ECHO))).toEqual([
      [0, 'OFPBRC_BAD_VERSION'],
      [8, 'echoRequest'],
    ]);
  });

  it('stops at a header that cannot be followed, and reads no further', async () => {
    let isEnded = false;
    const endless = async function* () {
      try {
        yield ECHO;
        for (;;) yield Buffer.alloc(1000);
      } finally {
        isEnded = true;
      }
    };
    const found: StreamMessage[] = [];
    for await (const message of streamMessages(endless())) found.push(message);
    expect(summary(found)).toEqual([
      [0, 'echoRequest'],
      [8, 'OFPBRC_BAD_LEN'],
    ]);
    expect(isEnded).toBe(true);
  });

  it('gives nothing for nothing', async () => {
    expect(await read()).toEqual([]);
  });
});
