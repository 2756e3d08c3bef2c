/** What a mail server asks a DNS server: quiet weeks, and attacks by backscatter of several shapes; the same for the same seed. */
import { parseAddress } from '../../src/core/address.ts';
import type { HostEvent } from '../../src/correlation/host-event.ts';
import { parseName } from '../../src/dns/name.ts';
import { RCODE, RECORD_TYPE } from '../../src/dns/registry.ts';
import { Random } from '../../src/simulation/random.ts';

export const MAIL_SERVER = '192.0.2.25';
export const LOCAL_DOMAIN = 'campus.example';

export const ATTACK_SHAPES = ['step', 'ramp', 'waves', 'pulses', 'gentle'] as const;

export interface Attack {
  readonly shape: (typeof ATTACK_SHAPES)[number];
  readonly fromMs: number;
  readonly toMs: number;
  /** Bounces a second at its height. */
  readonly perSecond: number;
}

/** What is no attack: mail to many, all names cold after a restart, a program that asks for one name that does not exist. */
export interface Disturbance {
  readonly kind: 'newsletter' | 'restart' | 'one-name';
  readonly fromMs: number;
  readonly toMs: number;
}

export interface MailTraffic {
  readonly seed: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Mails a second in the middle of the day; at night a fifth of them. */
  readonly perSecond?: number;
  readonly attacks?: readonly Attack[];
  readonly disturbances?: readonly Disturbance[];
}

export interface MailQuery {
  readonly atMs: number;
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'PTR' | 'MX' | 'TXT';
  readonly exists: boolean;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LOCAL_HOSTS = ['mail', 'www', 'ldap', 'ntp', 'imap'].map((host) => `${host}.${LOCAL_DOMAIN}`);

type Ask = (name: string, type: MailQuery['type'], exists?: boolean) => void;

/** All queries in the order of their times. */
export function* mailQueries(traffic: MailTraffic): Generator<MailQuery, void> {
  const random = new Random(traffic.seed);
  for (let minute = traffic.fromMs; minute < traffic.toMs; minute += MINUTE_MS) {
    const queries: MailQuery[] = [];
    const askAt = (atMs: number): Ask => {
      let at = atMs;
      return (name, type, exists = true) => {
        queries.push({ atMs: Math.floor(at), name, type, exists });
        at += random.between(1, 400);
      };
    };
    const happen = (perSecond: number, what: (random: Random, ask: Ask) => void) => {
      for (const at of random.moments(perSecond / 1000, minute, minute + MINUTE_MS)) what(random, askAt(at));
    };
    happen(mailsAt(traffic, minute), mail);
    happen(1 / 30, (_, ask) => ask(LOCAL_HOSTS[random.below(LOCAL_HOSTS.length)]!, 'A'));
    for (const attack of traffic.attacks ?? []) happen(bouncesAt(attack, minute), bounce);
    for (const { kind, fromMs, toMs } of traffic.disturbances ?? []) {
      if (minute >= fromMs && minute < toMs) happen(kind === 'one-name' ? 0.5 : 4, DISTURBANCES[kind]);
    }
    yield* queries.sort((one, other) => one.atMs - other.atMs);
  }
}

/** By day more than at night. */
function mailsAt({ perSecond = 0.2 }: MailTraffic, atMs: number): number {
  const hour = (atMs % DAY_MS) / 3_600_000;
  return perSecond * (0.6 + 0.4 * Math.sin(((hour - 9) / 24) * 2 * Math.PI));
}

function bouncesAt({ shape, fromMs, toMs, perSecond }: Attack, atMs: number): number {
  if (atMs < fromMs || atMs >= toMs) return 0;
  const minutes = (atMs - fromMs) / MINUTE_MS;
  switch (shape) {
    case 'step':
      return perSecond;
    case 'ramp':
      return perSecond * Math.min(1, (minutes + 1) / 10);
    case 'waves':
      return perSecond * (0.55 + 0.45 * Math.sin(minutes / 40));
    case 'pulses':
      return minutes % 10 < 5 ? perSecond : 0;
    case 'gentle':
      return perSecond / 4;
  }
}

function mail(random: Random, ask: Ask): void {
  const client = sender(random, 4000);
  ask(client.reverse, 'PTR', random.chance(0.85));
  ask(client.host, 'A');
  if (random.chance(0.3)) ask(`${client.octets.toReversed().join('.')}.list.blocked.example`, 'A', random.chance(0.2));
  if (random.chance(0.4)) ask(client.domain, 'MX');
  if (random.chance(0.2)) ask(client.domain, 'TXT');
  if (random.chance(0.06)) unresolvable(random, ask);
}

/** What came back because somebody used our addresses: from everywhere, by names that mostly lead nowhere. */
function bounce(random: Random, ask: Ask): void {
  ask(sender(random, 1_000_000).reverse, 'PTR', random.chance(0.5));
  unresolvable(random, ask);
  if (random.chance(0.5)) unresolvable(random, ask);
}

/** The resolver tries the name, and then with the local domain behind it. */
function unresolvable(random: Random, ask: Ask): void {
  const name = `mx${random.below(1_000_000)}.${word(random)}.com`;
  ask(name, 'A', false);
  ask(`${name}.${LOCAL_DOMAIN}`, 'A', false);
}

const DISTURBANCES: Readonly<Record<Disturbance['kind'], (random: Random, ask: Ask) => void>> = {
  newsletter: (random, ask) => {
    const domain = `${word(random)}.example`;
    ask(domain, 'MX', random.chance(0.97));
    if (random.chance(0.03)) unresolvable(random, ask);
    else ask(`mail.${domain}`, 'A');
  },
  restart: (random, ask) => {
    const client = sender(random, 4000);
    ask(client.reverse, 'PTR');
    ask(client.host, 'A');
  },
  'one-name': (_, ask) => {
    ask('printer.internal', 'A', false);
    ask(`printer.internal.${LOCAL_DOMAIN}`, 'A', false);
  },
};

function sender(random: Random, count: number) {
  const number = random.below(count);
  const octets = [198, 18 + (number & 1), (number >> 1) & 255, (number >> 9) & 255];
  const domain = `d${number}.example`;
  return { octets, reverse: `${octets.toReversed().join('.')}.in-addr.arpa`, domain, host: `out.${domain}` };
}

function word(random: Random): string {
  return Array.from({ length: 7 }, () => String.fromCharCode(97 + random.below(26))).join('');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The lines that syslogd writes of it to `local1`, as of BIND 9.2.3 in paper 4; with `responses` also those of the response log of BIND 9.20. */
export function* backscatterLog(traffic: MailTraffic, { responses = false } = {}): Generator<string, void> {
  for (const query of mailQueries(traffic)) {
    const { atMs, name, type, exists } = query;
    const port = 1024 + (atMs % 60_000);
    const front = `${syslogTime(atMs)} tdns named[312]: client ${MAIL_SERVER}#${port}`;
    if (!responses) {
      yield `${front}: query: ${name} IN ${type} +`;
      continue;
    }
    yield `${front} (${name}): query: ${name} IN ${type} + (192.0.2.53)`;
    yield `${front} (${name}): response: ${name} IN ${type} ${exists ? 'NOERROR 1' : 'NXDOMAIN 0'} 1 0 + (192.0.2.53)`;
  }
}

/** As host events; with `codes` also the responses. */
export function* backscatterEvents(traffic: MailTraffic, { codes = false } = {}): Generator<HostEvent, void> {
  const host = parseAddress(MAIL_SERVER)!;
  for (const { atMs, name: text, type, exists } of mailQueries(traffic)) {
    const name = parseName(text)!;
    const of = { atMs, host, mac: undefined, server: undefined, isDirect: false, name, type: RECORD_TYPE[type] };
    yield { kind: 'query', ...of, recursionDesired: true };
    if (!codes) continue;
    const addresses = exists && type === 'A' ? [parseAddress('198.51.100.7')!] : [];
    const responseCode = exists ? RCODE.NOERROR : RCODE.NXDOMAIN;
    yield { kind: 'answer', ...of, responseCode, addresses, ttlSeconds: undefined };
  }
}

/** RFC 3164 §4.1.2, UTC. */
function syslogTime(atMs: number): string {
  const date = new Date(atMs);
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`;
}
