/**
 * The fields of the search language: what parser, completion, help and docs say of them. As everything that a browser loads,
 * it imports nothing that needs Node.
 */
import type { VerdictReason } from '../policy/verdict.ts';
import type { ENTRY_STATES, SEVERITIES } from './entry.ts';

export const MAX_SEARCH_CHARACTERS = 1000;
export const MAX_SEARCH_TERMS = 50;
/** Of all terms together. */
export const MAX_SEARCH_VALUES = 100;

/** Where a search is made: of the entries of the inbox, or of single events. */
export type SearchPage = 'inbox' | 'events';

export interface SearchField {
  readonly name: string;
  /** What is looked at. */
  readonly about: string;
  /** What a value is; follows `want`. */
  readonly wanted: string;
  /** Values, as they are written behind the colon. */
  readonly examples: readonly string[];
  /** The values where they are a fixed set, with what each means. */
  readonly values?: Readonly<Record<string, string>>;
  /** Left out: both. */
  readonly onlyOn?: SearchPage;
}

/** Why a query was let through or blocked, in the order of how often people ask. */
const REASONS: Readonly<Record<VerdictReason, string>> = {
  unknown: 'not in the history, or not any more',
  denyRule: 'denied by a rule',
  denyPack: 'on a list of what is denied',
  notServed: 'known, but not for this name',
  tooYoung: 'known, but not for long enough',
  tooFewZones: 'known, but for too few zones',
  tooFewTeachers: 'known, but from too few servers',
  recursionDesired: 'an authoritative server asked to recurse',
  unreadable: 'the message could not be read',
  history: 'let through: in the history',
  allowRule: 'let through: by a rule',
  stale: 'let through: expired, and the time of grace is not over',
  rootHints: 'let through: a root server',
  seed: 'let through: in the configuration',
};

const SEVERITY_WORDS = {
  high: 'denied by name, or an unknown server asked to recurse',
  medium: 'an unknown server',
  low: 'known but expired, or not known well enough',
} as const satisfies Record<(typeof SEVERITIES)[number], string>;

const STATE_WORDS = {
  open: 'nobody has looked after it',
  escalated: 'taken for true, and to be acted on',
  acknowledged: 'looked after, for now',
} as const satisfies Record<(typeof ENTRY_STATES)[number], string>;

/** In the order in which help and completion show them. */
export const SEARCH_FIELDS: readonly SearchField[] = [
  {
    name: 'client',
    about: 'who asked: an address, a network, or what the client is called',
    wanted: 'an address, a network, or a name, where * stands for any part',
    examples: ['192.0.2.7', '10.0.0.0/8,2001:db8::/32', 'printer*'],
  },
  {
    name: 'destination',
    about: 'the server that was asked',
    wanted: 'an address or a network',
    examples: ['198.51.100.53', '198.51.100.0/24'],
  },
  {
    name: 'name',
    about: 'the name that was asked for; *. in front takes what lies below it, too',
    wanted: 'a domain name, *.NAME, or none',
    examples: ['www.example.org', '*.example.org', 'none'],
  },
  {
    name: 'type',
    about: 'the type that was asked for',
    wanted: 'an RR type such as A, AAAA, TXT or TYPE65280',
    examples: ['A,AAAA', 'TXT'],
  },
  {
    name: 'verdict',
    about: 'what became of the query',
    wanted: 'blocked, allowed or "would block"',
    examples: ['blocked', '"would block"'],
    values: {
      blocked: 'it was dropped',
      '"would block"': 'monitor mode let it pass',
      allowed: 'it was let through (events only)',
    },
  },
  {
    name: 'reason',
    about: 'why it was judged so',
    wanted: 'a reason such as unknown or denyRule',
    examples: ['unknown', 'denyRule,denyPack'],
    values: REASONS,
  },
  {
    name: 'severity',
    about: 'how bad it is',
    wanted: 'high, medium or low',
    examples: ['high', 'high,medium'],
    values: SEVERITY_WORDS,
    onlyOn: 'inbox',
  },
  {
    name: 'state',
    about: 'what people made of it; left out, open and escalated are shown',
    wanted: 'open, escalated or acknowledged',
    examples: ['open', 'escalated', 'acknowledged'],
    values: STATE_WORDS,
    onlyOn: 'inbox',
  },
  {
    name: 'protocol',
    about: 'how it was sent',
    wanted: 'udp or tcp',
    examples: ['udp', 'tcp'],
    values: { udp: 'over UDP', tcp: 'over TCP' },
  },
  {
    name: 'rd',
    about: 'whether recursion was desired (RD)',
    wanted: 'yes or no',
    examples: ['yes', 'no'],
    values: { yes: 'RD was set', no: 'RD was not set' },
  },
  {
    name: 'group',
    about: 'the group of the client',
    wanted: 'the name of a group',
    examples: ['office', 'default'],
  },
  {
    name: 'mac',
    about: 'the MAC address of the client',
    wanted: 'a MAC address such as 02:00:00:00:00:01',
    examples: ['02:00:00:00:00:01'],
  },
  {
    name: 'switch',
    about: 'the datapath id of the switch',
    wanted: 'a datapath id, 16 hexadecimal digits',
    examples: ['0000000000000001'],
  },
  {
    name: 'port',
    about: 'the switch port on which it came in',
    wanted: 'the number of a switch port',
    examples: ['3'],
  },
  { name: 'rule', about: 'the rule that decided', wanted: 'the id of a rule', examples: ['r-1'] },
  {
    name: 'since',
    about: 'seen then or later',
    wanted: 'how long ago, such as 15m, 2h or 7d, or a time with its zone such as 2026-11-21T08:00:00Z',
    examples: ['2h', '2026-11-21T08:00:00Z'],
  },
  {
    name: 'until',
    about: 'seen before then',
    wanted: 'how long ago, such as 15m, 2h or 7d, or a time with its zone such as 2026-11-21T08:00:00Z',
    examples: ['1h', '2026-11-21T09:00:00+09:00'],
  },
];

export function fieldsOf(page: SearchPage): readonly SearchField[] {
  return SEARCH_FIELDS.filter(({ onlyOn }) => onlyOn === undefined || onlyOn === page);
}
