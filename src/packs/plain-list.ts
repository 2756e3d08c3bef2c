/** Lists of one entry a line, and hosts files. */
import { parseAddress } from '../core/address.ts';
import { MAX_LINE_CHARACTERS, parseEntry, quote } from './entry.ts';
import { type Finding, type ListTimes, TIMELESS } from './list-finding.ts';
import { textLines } from './text-lines.ts';

/** Addresses to which hosts files send the names that they block; what they look like is all that is needed of them. */
const SINKS = new Set([
  '0.0.0.0',
  '127.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::0',
  'fe80::1%lo0',
  'ff00::0',
  'ff02::1',
  'ff02::2',
  'ff02::3',
]);
/** Names that hosts files have of the host itself. */
const OWN_NAMES =
  /^(?:localhost|localhost\.localdomain|localhost[46]|localhost[46]\.localdomain[46]|local|broadcasthost|ip6-\w+|0\.0\.0\.0)$/i;

/**
 * Reads a plain list: an address, a network or a name a line, or a hosts file line, whose names count when its address is one that
 * leads nowhere. `#` and `;` begin comments. A name stands for itself and all below it.
 */
export function* readPlainList(octets: Buffer): Generator<Finding, ListTimes> {
  for (const { number, text, isLong } of textLines(octets, MAX_LINE_CHARACTERS)) {
    const at = `line ${number}`;
    if (isLong) {
      yield { kind: 'bad', at, problem: `is longer than ${MAX_LINE_CHARACTERS} octets` };
      continue;
    }
    const words = text
      .replace(/(?<!\\)[#;].*$/s, '')
      .split(/[ \t]+/)
      .filter((word) => word !== '');
    if (words.length === 0) continue;
    if (words.length === 1) yield findingOf(words[0]!, at);
    else yield* hostsLine(words, at);
  }
  return TIMELESS;
}

function* hostsLine([address = '', ...names]: readonly string[], at: string): Generator<Finding, void> {
  if (!SINKS.has(address.toLowerCase())) {
    const isHosts = parseAddress(address) !== undefined;
    const problem = isHosts
      ? `sends names to ${quote(address)}, which is no way to block them`
      : 'has more than one word';
    yield { kind: 'bad', at, problem };
    return;
  }
  for (const name of names) {
    if (OWN_NAMES.test(name)) yield { kind: 'unused', what: 'names of the host itself' };
    else yield findingOf(name, at);
  }
}

function findingOf(text: string, at: string): Finding {
  const entry = parseEntry(text);
  if (typeof entry === 'string') return { kind: 'bad', at, problem: entry };
  return { kind: 'entry', entry, passes: false, at };
}
