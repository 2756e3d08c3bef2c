/** Kinds of configuration values that rules and groups are made of; the forms are those of policy/rule-text.ts. */
import { z } from 'zod';
import { canonicalName, formatName, type Name, parseName } from '../dns/name.ts';
import { formatRecordType, parseRecordType } from '../dns/registry.ts';
import type { GroupClient } from '../policy/client-group.ts';
import type { ClientSelector, DestinationSelector } from '../policy/rule.ts';
import {
  formatClientSelector,
  formatDestinationSelector,
  isRuleWord,
  misunderstood,
  parseClientSelector,
  parseDestinationSelector,
  WANT_CLIENT,
  WANT_DESTINATION,
} from '../policy/rule-text.ts';
import { IPV4_NETWORK, IPV6_NETWORK, MAC_ADDRESS, refuse, written } from './fields.ts';

const WORD = '[0-9A-Za-z_.-]{1,63}';
const PORT = '[!-~]{1,63}';
const PLACES = [{ format: 'ipv4' }, { format: 'ipv6' }, pattern(`${IPV4_NETWORK}|${IPV6_NETWORK}`)];
const MEMBERS = [...PLACES, pattern(`mac:${MAC_ADDRESS}`), pattern(`port:${PORT}`)];

function pattern(of: string) {
  return { pattern: `^(?:${of})$` };
}

/** A text that `parse` reads and `format` writes, in one of the `forms` of a JSON Schema. */
function textual<T>(
  want: string,
  forms: readonly object[],
  parse: (text: string) => T | undefined,
  format: (value: T) => string,
) {
  return z.codec(z.string({ error: want }).meta({ anyOf: forms }), z.custom<T>(), {
    decode: (text, context) => parse(text) ?? refuse(context, text, misunderstood(text, want)),
    encode: format,
  });
}

export const client = textual<ClientSelector>(
  WANT_CLIENT,
  [...MEMBERS, pattern(`group:${WORD}`)],
  parseClientSelector,
  formatClientSelector,
);

/** A client of a group, which is no group. */
export const member = textual<GroupClient>(
  'want an address, a network, mac:02:00:00:00:00:01 or port:NAME',
  MEMBERS,
  (text) => {
    const selector = parseClientSelector(text);
    return selector?.kind === 'group' ? undefined : selector;
  },
  formatClientSelector,
);

export const destination = textual<DestinationSelector>(
  WANT_DESTINATION,
  [...PLACES, pattern(`pack:${WORD}`), pattern('name:.+')],
  parseDestinationSelector,
  formatDestinationSelector,
);

/** Canonical. */
export const domainName = textual<Name>(
  'want a domain name; odd octets as \\DDD (RFC 1035 §5.1)',
  [pattern('[^\\0]+')],
  (text) => {
    const name = parseName(text);
    return name === undefined ? undefined : canonicalName(name);
  },
  formatName,
);

export const recordType = textual<number>(
  'want an RR type such as A, TXT or TYPE65280',
  [pattern('[A-Za-z0-9]+')],
  parseRecordType,
  formatRecordType,
);

/** The name of a group or a list. */
export const word = z
  .string()
  .refine(isRuleWord, { error: 'want letters, digits, `_`, `.` and `-`, at most 63' })
  .meta(written(WORD, 'want letters, digits, `_`, `.` and `-`, at most 63'));

/** A time with its zone; its value is milliseconds since the epoch. */
export const instant = z.codec(
  z.iso.datetime({ offset: true, error: 'want a time with its zone, such as 2027-01-31T18:00:00Z' }),
  z.number(),
  { decode: (text) => Date.parse(text), encode: (atMs) => new Date(atMs).toISOString() },
);
