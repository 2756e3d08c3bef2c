import { type Address, parseAddress } from '../../core/address.ts';
import { MAX_ANSWERS } from '../log-entry.ts';
import type { LogFormat } from '../log-reader.ts';
import { BindReader } from './bind.ts';
import { type MessageParser, matchAt, tell } from './bind-line.ts';

/** The response log of Infoblox NIOS, whose named also writes what BIND writes. */
export const infobloxFormat: LogFormat = {
  name: 'infoblox',
  title: 'Infoblox NIOS response log',
  framing: 'lines',
  create: (parts) => new BindReader(parts, parseResponse),
};

const RESPONSE =
  /(?:UDP|TCP): query: (\S{1,1024}) ([\w-]{1,16}) ([\w-]{1,16}) response: ([\w-]{1,16}) ([+-])[A-Za-z]{0,32}(?: |$)/y;
/** Owner, TTL, class, type and what follows. */
const RECORD = /^ *(\S{1,1024}) \d{1,10} [\w-]{1,16} (A|AAAA|CNAME) (\S{1,1024}) *$/i;

const parseResponse: MessageParser = (line, at, sender) => {
  const match = matchAt(RESPONSE, line, at);
  if (match === undefined) return undefined;
  const [text, name, dnsClass, type, code, flag] = match;
  const outcome = tell('response', sender, { name, dnsClass, type, code, flag, local: undefined });
  if ('refused' in outcome) return outcome;
  const answers = answersTo(name!, line.slice(at + text.length));
  return { ...outcome, entry: { ...outcome.entry, answers } };
};

/** The addresses of the name, and of what it stands for: `owner ttl class type rdata; …`. */
function answersTo(name: string, text: string): Address[] {
  const owners = new Set([plain(name)]);
  const answers = new Set<Address>();
  for (const record of recordsOf(text)) {
    const [, owner, type, data] = RECORD.exec(record) ?? [];
    if (owner === undefined || !owners.has(plain(owner))) continue;
    const address = parseAddress(data!);
    if (type!.toUpperCase() === 'CNAME') owners.add(plain(data!));
    else if (address !== undefined && answers.size < MAX_ANSWERS) answers.add(address);
  }
  return [...answers];
}

/** Each ends in a semicolon; one within quotes or behind a `\` belongs to the data. What was cut off has none. */
function* recordsOf(text: string): Generator<string, void> {
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === ';' && !isQuoted) {
      yield text.slice(start, at);
      start = at + 1;
    }
  }
}

/** For comparing: RFC 4343, and a final dot may be there. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
