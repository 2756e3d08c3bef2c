import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_LINE_CHARACTERS, type ReplyLine, ReplyLines } from '../../../page/src/api/reply-lines.ts';

const ANSWER = '{"item":{"words":"größer ☃"}}\n\n{"item":2}\r\n{"ok":true,"result":{"id":"c1"}}\n';
const READ: readonly ReplyLine[] = [
  { kind: 'item', item: { words: 'größer ☃' } },
  { kind: 'item', item: 2 },
  { kind: 'result', result: { id: 'c1' } },
];

function readAll(pieces: readonly Uint8Array[]): ReplyLine[] {
  const lines = new ReplyLines();
  return [...pieces.flatMap((piece) => lines.push(piece)), ...lines.end()];
}

test('an answer is read alike wherever it is cut', () => {
  const octets = new TextEncoder().encode(ANSWER);
  for (let cut = 0; cut <= octets.length; cut++) {
    expect(readAll([octets.subarray(0, cut), octets.subarray(cut)])).toEqual(READ);
  }
  expect(readAll([...octets].map((octet) => Uint8Array.of(octet)))).toEqual(READ);
});

test('the last line needs no line feed, and half a line is nonsense', () => {
  const octets = new TextEncoder().encode(ANSWER);
  expect(readAll([octets.subarray(0, -1)])).toEqual(READ);
  expect(readAll([octets.subarray(0, -3)]).at(-1)?.kind).toBe('nonsense');
});

test.each([
  ['{"ok":false,"error":{"code":"no-case","message":"there is none"}}', { kind: 'refused', code: 'no-case' }],
  ['{"ok":false,"error":{"code":7,"message":"there is none"}}', { kind: 'nonsense' }],
  ['{"ok":false}', { kind: 'nonsense' }],
  ['{"ok":1}', { kind: 'nonsense' }],
  ['[]', { kind: 'nonsense' }],
  ['null', { kind: 'nonsense' }],
  ['<html>', { kind: 'nonsense' }],
])('the line %s is read for what it is', (line, wanted) => {
  expect(readAll([new TextEncoder().encode(line)])).toMatchObject([wanted]);
});

test('any octets are read without a throw, and every line by itself', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
      for (const { kind } of readAll(pieces)) expect(['item', 'result', 'refused', 'nonsense']).toContain(kind);
    }),
  );
});

test('a line without an end is given up', () => {
  const lines = new ReplyLines();
  const piece = new Uint8Array(1024 * 1024).fill(0x61);
  const read: ReplyLine[] = [];
  for (let pushed = 0; pushed <= MAX_LINE_CHARACTERS; pushed += piece.length) read.push(...lines.push(piece));
  expect(read).toMatchObject([{ kind: 'nonsense' }]);
});
