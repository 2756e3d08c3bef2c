import type { Address } from '../../core/address.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name, ROOT } from '../../dns/name.ts';
import { parseRecordType } from '../../dns/registry.ts';
import { readServer } from '../peer-text.ts';

/** What a PACKET line of the debug log says of one DNS message. */
export interface WindowsPacket {
  readonly protocol: string;
  /** By the server that writes. */
  readonly isSent: boolean;
  readonly isResponse: boolean;
  readonly remote: Address;
  readonly id: number;
  /** `Q` is a query; `N` notifies, `U` updates. */
  readonly opcode: string;
  /** The second word of the header. */
  readonly flags: number;
  readonly type: number;
  readonly name: Name;
}

/** Thread and what the line is about. */
const CONTEXT = /[\dA-Fa-f]{1,8} {1,8}([A-Za-z]\w{0,15})\b/y;
/** Behind the time; 32-bit servers write a shorter place, older ones none. */
const PACKET = new RegExp(
  [
    String.raw`[\dA-Fa-f]{1,8} {1,8}PACKET {1,8}`,
    String.raw`(?:[\dA-Fa-f]{8,16} {1,8})?`,
    String.raw`(UDP|TCP) (Rcv|Snd) {1,8}(\S{1,64}) {1,40}([\dA-Fa-f]{4}) {1,3}(R )? {0,3}([A-Z?]) {1,3}`,
    String.raw`\[([\dA-Fa-f]{4}) [^\]]{0,40}\] {1,8}([\w-]{1,24}) {1,24}(?=\()`,
  ].join(''),
  'y',
);

/** Types that Windows calls by names of its own. */
const OWN_TYPES: ReadonlyMap<string, number> = new Map([
  ['ALL', 255],
  ['WINS', 0xff01],
  ['WINSR', 0xff02],
  ['WINS-R', 0xff02],
]);

/** What the line is about that has its time before `at`, such as `PACKET` or `EVENT`; undefined when it does not say. */
export function contextOf(line: string, at: number): string | undefined {
  CONTEXT.lastIndex = at;
  return CONTEXT.exec(line)?.[1];
}

/** Reads the PACKET line (latin1) that has its time before `at`, or says what is wrong with it. */
export function readPacket(line: string, at: number): WindowsPacket | string {
  PACKET.lastIndex = at;
  const match = PACKET.exec(line);
  if (match === null) return 'a packet in a form that is not known, or cut';
  const [whole, protocol, way, remoteText, id, response, opcode, flags, typeText] = match;
  const remote = readServer(remoteText!);
  if (remote === undefined) return 'an address that is none';
  const type = readType(typeText!);
  if (type === undefined) return 'a record type that is not known';
  const name = readCountedName(line, at + whole.length);
  if (name === undefined) return 'a name that is cut, or none';
  return {
    protocol: protocol!,
    isSent: way === 'Snd',
    isResponse: response !== undefined,
    remote,
    id: Number.parseInt(id!, 16),
    opcode: opcode!,
    flags: swap(Number.parseInt(flags!, 16)),
    type,
    name,
  };
}

/** Flags are printed as a machine of Intel's has them in memory. */
function swap(word: number): number {
  return ((word & 0xff) << 8) | (word >> 8);
}

function readType(text: string): number | undefined {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 0xffff ? Number(text) : undefined;
  return OWN_TYPES.get(text) ?? parseRecordType(text);
}

const LENGTH = /\((\d{1,2})\)/y;

/** Reads `(3)www(7)example(3)com(0)`, to the end of the text. A label may hold any octets, brackets too. */
export function readCountedName(text: string, start: number): Name | undefined {
  let wire = '';
  let at = start;
  while (wire.length < MAX_NAME_OCTETS) {
    LENGTH.lastIndex = at;
    const match = LENGTH.exec(text);
    if (match === null) return undefined;
    const length = Number(match[1]);
    at += match[0].length;
    if (length === 0) return text.slice(at).trim() === '' ? ((wire + ROOT) as Name) : undefined;
    const label = text.slice(at, at + length);
    if (length > MAX_LABEL_OCTETS || label.length < length) return undefined;
    wire += String.fromCharCode(length) + label;
    at += length;
  }
  return undefined;
}
