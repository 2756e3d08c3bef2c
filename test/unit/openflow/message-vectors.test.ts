import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { describeIf } from '../../support/describe-if.ts';
import { loxigenVectors, notVerbatim, readable, refused, type Vector, vectors } from './vectors.ts';

function decoded(bytes: Buffer): Message {
  const result = decodeMessage(bytes);
  if (!result.ok) throw result.error;
  return result.message;
}

function expectVerbatim({ name, bytes }: Vector): void {
  const message = decoded(bytes);
  expect(message.type, name).not.toBe('unknown');
  expect(message.xid).toBe(bytes.readUInt32BE(4));
  expect(encodeMessage(message).toString('hex')).toBe(bytes.toString('hex'));
}

describe('recorded messages', () => {
  it('are all here', () => {
    expect(vectors.length).toBe(165);
    const types = new Set(readable.map(({ bytes }) => bytes[1]));
    expect(types.size).toBe(30);
  });

  const verbatim = readable.filter(({ name }) => !notVerbatim.has(name));
  it.each(verbatim.map((vector) => [vector.name, vector] as const))('%s comes back unchanged', (_name, vector) => {
    expectVerbatim(vector);
  });

  it.each([...notVerbatim])('%s comes back with zero padding: %s', (name) => {
    const { bytes } = vectors.find((vector) => vector.name === name)!;
    const message = decoded(bytes);
    const again = encodeMessage(message);
    expect(again.equals(bytes)).toBe(false);
    expect(again.length).toBe(bytes.length);
    expect(decoded(again)).toEqual(message);
  });

  it.each([...refused])('%s is refused with %s', (name, codeName) => {
    const vector = vectors.find((candidate) => candidate.name === name)!;
    const result = decodeMessage(vector.bytes);
    expect(result.ok ? undefined : result.error.codeName).toBe(codeName);
    if (vector.decodeError !== undefined) expect(codeName).toBe(vector.decodeError);
  });

  it('name every message that Open vSwitch refuses', () => {
    const refusedThere = vectors.filter(({ decodeError }) => decodeError !== undefined).map(({ name }) => name);
    expect(refusedThere.length).toBe(2);
    expect(refusedThere.filter((name) => !refused.has(name))).toEqual([]);
  });
});

describeIf(['shared'], "loxigen's messages", () => {
  it('come back unchanged', () => {
    const messages = loxigenVectors();
    expect(messages.length).toBe(31);
    for (const vector of messages) expectVerbatim(vector);
  });
});

/** The message at an odd place among other octets, which must not show in the result. */
function amongOthers(bytes: Buffer, filler: number): Buffer {
  const around = Buffer.alloc(bytes.length + 40, filler);
  bytes.copy(around, 7);
  return around.subarray(7, 7 + bytes.length);
}

function withLength(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length >= 4) copy.writeUInt16BE(copy.length, 2);
  return copy;
}

/** Whatever the bytes are: no throw, the same answer wherever they lie, and a value that can be written and read. */
function expectSafe(bytes: Buffer): boolean {
  const result = decodeMessage(bytes);
  if (!result.ok) {
    expect(result.error.offset).toBeLessThanOrEqual(bytes.length);
    expect(result.error.path).not.toBe('');
    return false;
  }
  const written = encodeMessage(result.message);
  const again = decodeMessage(written);
  if (!again.ok || !encodeMessage(again.message).equals(written)) expect(again).toEqual(result);
  return true;
}

describe('damaged messages', () => {
  it('cut at every octet are refused while the header says more', () => {
    for (const { name, bytes } of readable) {
      for (let end = 0; end < bytes.length; end++) {
        expect(decodeMessage(bytes.subarray(0, end)).ok, `${name} cut at ${end}`).toBe(false);
      }
    }
  });

  it('cut at every octet with a header that agrees are read or refused', () => {
    let refusals = 0;
    for (const { bytes } of readable) {
      const step = bytes.length > 2000 ? 29 : 1;
      for (let end = 0; end < bytes.length; end += step) {
        const cut = withLength(bytes.subarray(0, end));
        const here = decodeMessage(amongOthers(cut, 0));
        const there = decodeMessage(amongOthers(cut, 0xff));
        if (here.ok !== there.ok || (here.ok && there.ok && !sameBytes(here.message, there.message))) {
          expect(here).toEqual(there);
        }
        if (!expectSafe(cut)) refusals++;
      }
    }
    expect(refusals).toBeGreaterThan(5000);
  }, 60_000);

  it('with one octet changed are read or refused', () => {
    let refusals = 0;
    for (const { bytes } of readable) {
      const step = bytes.length > 2000 ? 113 : 1;
      const copy = Buffer.from(bytes);
      for (let at = 0; at < bytes.length; at += step) {
        for (const value of changedValues(bytes[at]!, bytes.length)) {
          copy[at] = value;
          if (!expectSafe(copy)) refusals++;
        }
        copy[at] = bytes[at]!;
      }
    }
    expect(refusals).toBeGreaterThan(5000);
  }, 120_000);

  it('with octets too many are refused where nothing may follow', () => {
    for (const { name, bytes } of readable) {
      const longer = withLength(Buffer.concat([bytes, Buffer.from([1, 2, 3])]));
      const result = decodeMessage(longer);
      if (result.ok)
        expect(
          [
            'error',
            'echoRequest',
            'echoReply',
            'experimenter',
            'packetIn',
            'packetOut',
            'multipartRequest',
            'multipartReply',
          ],
          name,
        ).toContain(result.message.type);
    }
  });
});

function sameBytes(one: Message, other: Message): boolean {
  return encodeMessage(one).equals(encodeMessage(other));
}

/** Every other value in short messages; in long ones each single bit, zero and all ones. */
function changedValues(octet: number, messageBytes: number): number[] {
  const values = messageBytes <= 32 ? [...Array(256).keys()] : [...Array(8).keys()].map((bit) => octet ^ (1 << bit));
  return [...values, 0, 0xff].filter((value) => value !== octet);
}
