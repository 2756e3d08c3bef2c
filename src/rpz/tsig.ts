/** Transaction signatures (RFC 8945): made and checked over messages whose TSIG record is the last. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalName, type Name, parseName } from '../dns/name.ts';
import { RECORD_CLASS, RECORD_TYPE } from '../dns/registry.ts';
import { TSIG_ALGORITHMS, type TsigAlgorithm, type TsigKey } from './tsig-key.ts';

/** Error codes of the record itself (§3). */
export const TSIG_ERROR = { NONE: 0, BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** A TSIG record as it was read. Names are canonical. */
export interface TsigRecord {
  readonly keyName: Name;
  readonly algorithm: Name;
  /** Seconds since the epoch. */
  readonly signedAt: number;
  readonly fudgeSeconds: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

/** What came of a check. `key`: an answer is signed with it, else it goes without a MAC. */
export type TsigCheck =
  | { readonly error: typeof TSIG_ERROR.NONE | typeof TSIG_ERROR.BADTIME; readonly key: TsigKey }
  | {
      readonly error: typeof TSIG_ERROR.BADKEY | typeof TSIG_ERROR.BADSIG | typeof TSIG_ERROR.BADTRUNC;
      readonly key: undefined;
    };

const FUDGE_SECONDS = 300;
const NO_OCTETS = Buffer.alloc(0);

const ALGORITHM_NAMES = new Map<TsigAlgorithm, Name>(
  (['hmac-sha256', 'hmac-sha512'] as const).map((algorithm) => [algorithm, parseName(algorithm)!]),
);

/** The RDATA of a TSIG record that begins at `at` and fills `length` octets; undefined when it does not. Never over-reads. */
export function parseTsigData(octets: Buffer, at: number, length: number): Omit<TsigRecord, 'keyName'> | undefined {
  const end = at + length;
  const nameEnd = plainNameEnd(octets, at, end);
  const FIXED_OCTETS = 10;
  if (nameEnd === undefined || nameEnd + FIXED_OCTETS > end) return undefined;
  const macAt = nameEnd + FIXED_OCTETS;
  const macEnd = macAt + octets.readUInt16BE(nameEnd + 8);
  if (macEnd + 6 > end) return undefined;
  const otherAt = macEnd + 6;
  if (otherAt + octets.readUInt16BE(macEnd + 4) !== end) return undefined;
  return {
    algorithm: canonicalName(octets.toString('latin1', at, nameEnd) as Name),
    signedAt: octets.readUIntBE(nameEnd, 6),
    fudgeSeconds: octets.readUInt16BE(nameEnd + 6),
    mac: octets.subarray(macAt, macEnd),
    originalId: octets.readUInt16BE(macEnd),
    error: octets.readUInt16BE(macEnd + 2),
    other: octets.subarray(otherAt, end),
  };
}

/** Behind a name without pointers (RFC 8945 §4.2 forbids them here); undefined when there is none. */
function plainNameEnd(octets: Buffer, start: number, end: number): number | undefined {
  for (let at = start; at < end && at - start < 255; at += octets[at]! + 1) {
    if (octets[at]! === 0) return at + 1;
    if (octets[at]! > 63) return undefined;
  }
  return undefined;
}

/**
 * Checks the message `signed`, which ends before its TSIG record and whose ARCOUNT still has it, in the order of §5.2. `priorMac`: of
 * the request that it answers.
 */
export function checkTsig(
  signed: Buffer,
  record: TsigRecord,
  keys: readonly TsigKey[],
  nowMs: number,
  priorMac?: Buffer,
): TsigCheck {
  const key = keys.find(
    ({ name, algorithm }) => name === record.keyName && ALGORITHM_NAMES.get(algorithm) === record.algorithm,
  );
  if (key === undefined) return { error: TSIG_ERROR.BADKEY, key: undefined };
  const whole = Buffer.from(signed);
  whole.writeUInt16BE(record.originalId, 0);
  whole.writeUInt16BE((whole.readUInt16BE(10) - 1) & 0xffff, 10);
  const { macOctets } = TSIG_ALGORITHMS[key.algorithm];
  const mac = macOf(key, priorMac, whole, record);
  if (record.mac.length > macOctets) return { error: TSIG_ERROR.BADSIG, key: undefined };
  const isRight = record.mac.length > 0 && timingSafeEqual(record.mac, mac.subarray(0, record.mac.length));
  if (!isRight) return { error: TSIG_ERROR.BADSIG, key: undefined };
  // Secondaries sign in full; a few octets of a MAC could be guessed.
  if (record.mac.length < macOctets) return { error: TSIG_ERROR.BADTRUNC, key: undefined };
  const isInTime = Math.abs(Math.floor(nowMs / 1000) - record.signedAt) <= record.fudgeSeconds;
  return { error: isInTime ? TSIG_ERROR.NONE : TSIG_ERROR.BADTIME, key };
}

function macOf(key: TsigKey, priorMac: Buffer | undefined, message: Buffer, record: Variables): Buffer {
  const hmac = createHmac(TSIG_ALGORITHMS[key.algorithm].hash, key.secret);
  if (priorMac !== undefined) hmac.update(uint16(priorMac.length)).update(priorMac);
  return hmac.update(message).update(variablesOf(key.name, record)).digest();
}

type Variables = Pick<TsigRecord, 'algorithm' | 'signedAt' | 'fudgeSeconds' | 'error' | 'other'>;

/** §4.3.3: names uncompressed and in lower case. */
function variablesOf(keyName: Name, { algorithm, ...rest }: Variables): Buffer {
  const classAndTtl = Buffer.from([0, RECORD_CLASS.ANY, 0, 0, 0, 0]);
  const error = Buffer.alloc(4);
  error.writeUInt16BE(rest.error, 0);
  error.writeUInt16BE(rest.other.length, 2);
  return Buffer.concat([
    Buffer.from(keyName, 'latin1'),
    classAndTtl,
    Buffer.from(algorithm, 'latin1'),
    timers(rest),
    error,
    rest.other,
  ]);
}

function timers({ signedAt, fudgeSeconds }: Pick<TsigRecord, 'signedAt' | 'fudgeSeconds'>): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeUIntBE(signedAt, 0, 6);
  octets.writeUInt16BE(fudgeSeconds, 6);
  return octets;
}

function uint16(value: number): Buffer {
  const octets = Buffer.alloc(2);
  octets.writeUInt16BE(value);
  return octets;
}

/** A message with its TSIG record behind it, and the MAC of it. */
export interface SignedMessage {
  readonly message: Buffer;
  readonly mac: Buffer;
}

/** Signs a query or NOTIFY of ours. */
export function signRequest(message: Buffer, key: TsigKey, nowMs: number): SignedMessage {
  return signed(message, key, undefined, { error: 0, signedAt: Math.floor(nowMs / 1000), other: NO_OCTETS });
}

/**
 * Signs the messages of one answer, the first after the request, each further one after the one before (§5.3.1). A wrong time is
 * answered with ours (§5.2.3).
 */
export class AnswerSigner {
  readonly #key: TsigKey;
  readonly #request: Pick<TsigRecord, 'signedAt'>;
  #priorMac: Buffer;
  #isFirst = true;

  constructor(key: TsigKey, request: TsigRecord) {
    this.#key = key;
    this.#request = request;
    this.#priorMac = request.mac;
  }

  sign(message: Buffer, error: 0 | 18, nowMs: number): Buffer {
    const now = Math.floor(nowMs / 1000);
    const isBadTime = error === TSIG_ERROR.BADTIME;
    const other = isBadTime ? timers({ signedAt: now, fudgeSeconds: 0 }).subarray(0, 6) : NO_OCTETS;
    const signedAt = isBadTime ? this.#request.signedAt : now;
    const made = this.#isFirst
      ? signed(message, this.#key, this.#priorMac, { error, signedAt, other })
      : followingSigned(message, this.#key, this.#priorMac, signedAt);
    this.#isFirst = false;
    this.#priorMac = made.mac;
    return made.message;
  }
}

/** An answer that says what is wrong with the record of the request has no MAC (§5.2). */
export function withoutMac(message: Buffer, record: TsigRecord, error: number): Buffer {
  return withRecord(message, { ...record, mac: NO_OCTETS, error, other: NO_OCTETS });
}

interface SignedFacts {
  readonly error: number;
  readonly signedAt: number;
  readonly other: Buffer;
}

function signed(message: Buffer, key: TsigKey, priorMac: Buffer | undefined, facts: SignedFacts): SignedMessage {
  const variables = { ...facts, fudgeSeconds: FUDGE_SECONDS, algorithm: ALGORITHM_NAMES.get(key.algorithm)! };
  const mac = macOf(key, priorMac, message, variables);
  return { message: withRecord(message, { ...variables, keyName: key.name, mac }), mac };
}

function followingSigned(message: Buffer, key: TsigKey, priorMac: Buffer, signedAt: number): SignedMessage {
  const times = { signedAt, fudgeSeconds: FUDGE_SECONDS };
  const hmac = createHmac(TSIG_ALGORITHMS[key.algorithm].hash, key.secret);
  const mac = hmac.update(uint16(priorMac.length)).update(priorMac).update(message).update(timers(times)).digest();
  const algorithm = ALGORITHM_NAMES.get(key.algorithm)!;
  return {
    message: withRecord(message, { ...times, algorithm, keyName: key.name, mac, error: 0, other: NO_OCTETS }),
    mac,
  };
}

/** The message with the record behind it, its ARCOUNT one more. */
function withRecord(message: Buffer, record: Omit<TsigRecord, 'originalId'>): Buffer {
  const tail = Buffer.alloc(6);
  message.copy(tail, 0, 0, 2);
  tail.writeUInt16BE(record.error, 2);
  tail.writeUInt16BE(record.other.length, 4);
  const data = Buffer.concat([
    Buffer.from(record.algorithm, 'latin1'),
    timers(record),
    uint16(record.mac.length),
    record.mac,
    tail,
    record.other,
  ]);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(RECORD_TYPE.TSIG, 0);
  head.writeUInt16BE(RECORD_CLASS.ANY, 2);
  head.writeUInt16BE(data.length, 8);
  const made = Buffer.concat([message, Buffer.from(record.keyName, 'latin1'), head, data]);
  made.writeUInt16BE(made.readUInt16BE(10) + 1, 10);
  return made;
}
