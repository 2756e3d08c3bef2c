/**
 * Loaded into gluewall before its own program (`node --import`): how long it took from the sending of each marked response
 * (bench/frame-sender.c) until the history knew its address. Answers the message `take` with a Marks, and begins anew.
 */
import type { Ipv6Address } from '../../src/core/address.ts';
import { ADDRESS_WORDS, KIND, NS_WORDS, WORD } from '../../src/dns/observation-layout.ts';
import { nextRecord } from '../../src/dns/observation-records.ts';
import { Learner } from '../../src/nsdb/learner.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';

/** What became of the marked responses since the last time. */
export interface Marks {
  readonly known: number;
  /** Came, and were not learned. */
  readonly unknown: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

const MARK_PREFIX = 0x20010db8;
const STAMP_AT = 4;

let history: NsHistory | undefined;
let delaysMs: number[] = [];
let unknown = 0;

/** The address that a record carries when it is of a marked response, in octets from the start of the batch. */
function markAt(words: Int32Array, octets: Buffer, at: number): number | undefined {
  if ((words[at + WORD.KIND]! & 0xff) !== KIND.RESPONSE || (words[at + WORD.MORE_COUNTS]! & 0xffff) !== 1)
    return undefined;
  const nameCount = words[at + WORD.MORE_COUNTS]! >>> 16;
  const nameServerCount = words[at + WORD.COUNTS]! & 0xffff;
  const answerCount = words[at + WORD.COUNTS]! >>> 16;
  const address = at + WORD.NAMES + nameCount + NS_WORDS * nameServerCount + ADDRESS_WORDS * answerCount + 2;
  return octets.readUInt32BE(address * 4) === MARK_PREFIX ? address * 4 : undefined;
}

function account(batch: Uint8Array): void {
  const now = process.hrtime.bigint();
  const { buffer, byteOffset, byteLength } = batch;
  const words = new Int32Array(buffer, byteOffset, byteLength >> 2);
  const octets = Buffer.from(buffer, byteOffset, byteLength);
  for (let at = 0; at < words.length; at = nextRecord(words, at)) {
    const mark = markAt(words, octets, at);
    if (mark === undefined) continue;
    const address = octets.toString('latin1', mark, mark + 16) as Ipv6Address;
    if (history?.standing(address) === undefined) unknown++;
    else delaysMs.push(Number(now - octets.readBigUInt64BE(mark + STAMP_AT)) / 1e6);
  }
}

function takeMarks(): Marks {
  const sorted = delaysMs.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  const marks = { known: sorted.length, unknown, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1) };
  delaysMs = [];
  unknown = 0;
  return marks;
}

const { take } = Learner.prototype;
Learner.prototype.take = function (batch, ...rest) {
  take.call(this, batch, ...rest);
  account(batch);
};

const { subscribe } = NsHistory.prototype;
NsHistory.prototype.subscribe = function (...args) {
  history = this;
  subscribe.apply(this, args);
};

process.on('message', (word) => {
  if (word === 'take') process.send?.(takeMarks());
});
// The channel must not keep the program from its end.
process.channel?.unref();
