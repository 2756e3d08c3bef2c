import { beatsOf, countOf, deviationSeconds, intervalSeconds, isOdd, MARK, MAX_BEATS, marksOf } from './contact.ts';
import type { PairTable } from './pair-table.ts';

/**
 * What a contact looks like:
 * - `odd`: DNS straight to a server, for types that no browser asks for
 * - `regular`: again and again at one interval
 * - `steady`: again and again for hours, at intervals that vary less than a person's
 * - `repeated`: some times over ten minutes and more
 * - `once`: less than that
 * - `failed`: a name that does not exist
 * - `attack`: many connections at once, or many that nobody accepted
 * - `mail`: a mail server that mail goes to, or the domain it is of
 * - `probe`: one or few connections that nobody accepted
 * - `resolver`: DNS straight to a server as a person's programs use one
 */
export type Nature =
  | 'odd'
  | 'regular'
  | 'steady'
  | 'repeated'
  | 'once'
  | 'failed'
  | 'attack'
  | 'mail'
  | 'probe'
  | 'resolver';

/** How much it joins two hosts that both do it and hardly anybody else does. */
export const JOINS: Readonly<Record<Nature, number>> = {
  odd: 1,
  regular: 0.9,
  steady: 0.7,
  repeated: 0.3,
  once: 0.15,
  failed: 0.35,
  attack: 0.5,
  mail: 0.15,
  probe: 0.1,
  resolver: 0.1,
};

/** How much it looks like what hosts do with those who command them. */
export const COMMANDS: Readonly<Record<Nature, number>> = {
  odd: 1,
  regular: 1,
  steady: 0.9,
  repeated: 0.7,
  once: 0.4,
  failed: 0.15,
  attack: 0.03,
  mail: 0.05,
  probe: 0.05,
  resolver: 0.1,
};

const DNS_PORT = 53;
const MAIL_PORT = 25;
/** Ports that worms look for (paper 5 §5): NetBIOS, SMB, SSH, Telnet, remote desktops. */
const SCANNED_PORTS: ReadonlySet<number> = new Set([22, 23, 135, 136, 137, 138, 139, 445, 2323, 3389, 5900]);
const REGULAR = { beats: 4, leastSeconds: 10, mostDeviation: 0.35 } as const;
/** Contacts that come to several servers in turn, or whose programs draw their times. */
const STEADY = { beats: 10, leastSeconds: 30, mostDeviation: 0.8, spanSeconds: 7200 } as const;
const REPEATED = { contacts: 3, seconds: 600 } as const;
/** So many, and so many of them at once, are nobody's browser, unless the server accepts them. */
const BURST = { contacts: 30, acceptedContacts: 100, atOnce: 12 } as const;
const UNANSWERED_MANY = 10;

export function natureOf(pairs: PairTable, pair: number): Nature {
  const use = pairs.useOf(pair);
  const feature = pairs.featureOf(pair);
  const marks = marksOf(use);
  if (pairs.features.isName(feature)) {
    if ((marks & MARK.mail) !== 0) return 'mail';
    // Who asks servers directly shows names that the others' resolver hides: that few ask for them says nothing.
    if ((marks & MARK.direct) !== 0 && !isOdd(use)) return 'resolver';
    if ((marks & MARK.failed) !== 0 && (marks & MARK.answered) === 0) return 'failed';
    return timing(pairs, pair);
  }
  const port = pairs.features.port(feature);
  if (port === DNS_PORT && (marks & MARK.direct) !== 0) return isOdd(use) ? 'odd' : 'resolver';
  if (port === MAIL_PORT) return 'mail';
  const isAnswered = (marks & MARK.answered) !== 0;
  const count = countOf(use);
  if (SCANNED_PORTS.has(port) && !isAnswered) return 'probe';
  if (isBurst(pairs, pair, isAnswered)) return 'attack';
  const beat = timing(pairs, pair);
  if (isAnswered || beat === 'regular') return beat;
  return count >= UNANSWERED_MANY ? 'attack' : beat;
}

function isBurst(pairs: PairTable, pair: number, isAnswered: boolean): boolean {
  const count = countOf(pairs.useOf(pair));
  const beats = beatsOf(pairs.useOf(pair));
  if (count < (isAnswered ? BURST.acceptedContacts : BURST.contacts)) return false;
  // Where beats cannot be counted any more, they are taken from the interval.
  const seconds = (pairs.lastAtMs(pair) - pairs.firstAtMs(pair)) / 1000;
  const times = beats < MAX_BEATS ? 1 + beats : 1 + seconds / Math.max(1, intervalSeconds(pairs.rhythmOf(pair)));
  return count / times >= BURST.atOnce;
}

/** The interval of a contact that comes regularly, seconds; undefined: it does not. */
export function periodOf(pairs: PairTable, pair: number): number | undefined {
  const rhythm = pairs.rhythmOf(pair);
  const seconds = intervalSeconds(rhythm);
  const isRegular =
    beatsOf(pairs.useOf(pair)) >= REGULAR.beats &&
    seconds >= REGULAR.leastSeconds &&
    deviationSeconds(rhythm) <= REGULAR.mostDeviation * seconds;
  return isRegular ? seconds : undefined;
}

function timing(pairs: PairTable, pair: number): Nature {
  if (periodOf(pairs, pair) !== undefined) return 'regular';
  const spanSeconds = (pairs.lastAtMs(pair) - pairs.firstAtMs(pair)) / 1000;
  if (isSteady(pairs, pair, spanSeconds)) return 'steady';
  return countOf(pairs.useOf(pair)) >= REPEATED.contacts && spanSeconds >= REPEATED.seconds ? 'repeated' : 'once';
}

function isSteady(pairs: PairTable, pair: number, spanSeconds: number): boolean {
  const rhythm = pairs.rhythmOf(pair);
  const seconds = intervalSeconds(rhythm);
  return (
    beatsOf(pairs.useOf(pair)) >= STEADY.beats &&
    seconds >= STEADY.leastSeconds &&
    spanSeconds >= STEADY.spanSeconds &&
    deviationSeconds(rhythm) <= STEADY.mostDeviation * seconds
  );
}
