import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../../../src/core/address.ts';
import type { Name } from '../../../../src/dns/name.ts';
import {
  contextOf,
  readCountedName,
  readPacket,
  type WindowsPacket,
} from '../../../../src/querylog/readers/windows-packet.ts';
import { HOSTILE_NAMES } from '../../../support/store-rows.ts';

/** As Windows writes it. */
function composeName(name: Name): string {
  let text = '';
  let at = 0;
  while (name.charCodeAt(at) !== 0) {
    const length = name.charCodeAt(at);
    text += `(${length})${name.slice(at + 1, at + 1 + length)}`;
    at += 1 + length;
  }
  return `${text}(0)`;
}

function composePacket(packet: WindowsPacket): string {
  const { protocol, isSent, isResponse, remote, id, opcode, flags, type, name } = packet;
  const hex = (word: number) => word.toString(16).padStart(4, '0');
  const shown = hex(((flags & 0xff) << 8) | (flags >> 8));
  const way = `${isSent ? 'Snd' : 'Rcv'} ${formatAddress(remote).padEnd(15)}`;
  const kind = `${isResponse ? 'R' : ' '} ${opcode} [${shown} A DR  NOERROR]`;
  return `0FE0 PACKET  000002C53117D990 ${protocol} ${way} ${hex(id)} ${kind} ${String(type).padEnd(6)} ${composeName(name)}`;
}

const anyWord = fc.nat(0xffff);
const anyLabel = fc
  .uint8Array({ minLength: 1, maxLength: 63 })
  .map((octets) => `${String.fromCharCode(octets.length)}${String.fromCharCode(...octets)}`);
const anyName = fc.oneof(
  fc.constantFrom(...HOSTILE_NAMES),
  fc.array(anyLabel, { maxLength: 3 }).map((labels) => `${labels.join('')}\0` as Name),
);
const anyPacket: fc.Arbitrary<WindowsPacket> = fc.record({
  protocol: fc.constantFrom('UDP', 'TCP'),
  isSent: fc.boolean(),
  isResponse: fc.boolean(),
  remote: fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => parseAddress(text)!),
  id: anyWord,
  opcode: fc.constantFrom('Q', 'N', 'U', '?'),
  flags: anyWord,
  type: anyWord,
  name: anyName,
});

describe('readPacket', () => {
  it('gives back any packet', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat(40), (packet, at) => {
        expect(readPacket(`${'x'.repeat(at)}${composePacket(packet)}`, at)).toEqual(packet);
      }),
    );
  });

  it('reads no packet that is cut', () => {
    const [packet] = fc.sample(anyPacket, { numRuns: 1, seed: 1 });
    const line = composePacket(packet!);
    for (let cut = 0; cut < line.length; cut++)
      expect(readPacket(line.slice(0, cut), 0), `cut at ${cut}`).toBeTypeOf('string');
  });
});

describe('readCountedName', () => {
  it('gives back any name, with blanks behind it', () => {
    fc.assert(fc.property(anyName, (name) => void expect(readCountedName(`${composeName(name)}  `, 0)).toBe(name)));
  });

  it('gives a name or nothing, whatever stands there', () => {
    const piece = fc.oneof(
      fc.constantFrom('(', ')', '(0)', '(1)', '(63)', ' '),
      fc.string({ unit: 'binary', maxLength: 70 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const name = readCountedName(pieces.join(''), 0);
        if (name !== undefined) expect(readCountedName(composeName(name), 0)).toBe(name);
      }),
    );
  });
});

describe('contextOf', () => {
  it.each([
    ['1674 PACKET  00', 'PACKET'],
    ['1674 Note: got', 'Note'],
    ['16 74', undefined],
    ['XYZ PACKET', undefined],
    ['', undefined],
  ])('%j: %s', (line, context) => {
    expect(contextOf(line, 0)).toBe(context);
  });
});
