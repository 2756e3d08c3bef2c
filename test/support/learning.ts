/** A learner and its history on virtual time, fed with observations in their object form. */
import { canonicalName } from '../../src/dns/name.ts';
import type { DnsObservation } from '../../src/dns/observation.ts';
import { ObservationWriter } from '../../src/dns/observation-writer.ts';
import type { HistoryOptions } from '../../src/nsdb/history-options.ts';
import { Learner } from '../../src/nsdb/learner.ts';
import type { LearnerOptions } from '../../src/nsdb/learner-options.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';
import { GLUES, type Glue, type NsTriple, TRUSTS, type Trust } from '../../src/nsdb/ns-triple.ts';
import type { Taking } from '../../src/nsdb/sighting.ts';
import { addressOf, nameOf } from './observations.ts';
import type { VirtualClock } from './virtual-clock.ts';

export const RESOLVER = '192.0.2.2';

export function historyOptions(options: Partial<HistoryOptions> = {}): HistoryOptions {
  const times = { ttlFloorSeconds: 60, ttlCapSeconds: 7 * 86_400, keepMs: 0, staleMs: 0 };
  return { ...times, size: 1000, isParentBound: true, ...options };
}

export function learnerOptions(options: Partial<LearnerOptions> = {}): LearnerOptions {
  return {
    teach: 'resolvers',
    trustUnmatched: false,
    trustedResolvers: new Set([addressOf(RESOLVER)]),
    resolverLinks: new Map(),
    insideNetworks: [],
    pending: { timeMs: 5000, size: 100 },
    glueWaitMs: 2000,
    clientQuota: 0,
    rulesOff: new Set(),
    ...options,
  };
}

export interface Learning {
  readonly history: NsHistory;
  readonly learner: Learner;
  /** The learner takes each of them in a batch of its own. */
  readonly observe: (...observations: readonly DnsObservation[]) => void;
}

export function startLearning(
  clock: VirtualClock,
  options: Partial<LearnerOptions> = {},
  history: Partial<HistoryOptions> = {},
): Learning {
  const held = new NsHistory(clock, historyOptions(history));
  const learner = new Learner(clock, held, learnerOptions(options));
  const writer = new ObservationWriter((batch) => learner.take(batch));
  const observe = (...observations: readonly DnsObservation[]) => {
    for (const observation of observations) {
      writer.write(observation);
      writer.flush();
    }
  };
  return { history: held, learner, observe };
}

/** The triples of an address that hold now. */
export function holding(history: NsHistory, address: string, nowMs: number): NsTriple[] {
  return [...history.ofAddress(addressOf(address))].filter(({ expiresAtMs }) => expiresAtMs > nowMs);
}

export interface SightingFields {
  readonly zone?: string;
  readonly nameServer?: string;
  /** `none` for an NS record without glue. */
  readonly address?: string;
  readonly nsTtlSeconds?: number;
  readonly glueTtlSeconds?: number;
  readonly trust?: Trust;
  readonly glue?: Glue;
  readonly isByParent?: boolean;
  readonly teacher?: string;
  /** NaN when the response was believed without its query. */
  readonly queryMs?: number;
  readonly queryId?: number;
  readonly queryName?: string;
  readonly seenMs?: number;
}

/**
 * The history takes in a sighting of a response that came at `atMs`, as the learner gives it: its names and addresses are taken
 * into the tables, and let go when nothing holds on to them. By default ns.example.org at 203.0.113.53 serves example.org for an
 * hour.
 */
export function learnAt(history: NsHistory, atMs: number, fields: SightingFields = {}): Taking {
  const { names, addresses } = history.rows;
  const nameId = (text: string) => names.internName(canonicalName(nameOf(text)));
  const sighting = {
    zone: nameId(fields.zone ?? 'example.org'),
    nameServer: nameId(fields.nameServer ?? 'ns.example.org'),
    address: fields.address === 'none' ? 0 : addresses.intern(addressOf(fields.address ?? '203.0.113.53')),
    nsTtlSeconds: fields.nsTtlSeconds ?? 3600,
    glueTtlSeconds: fields.glueTtlSeconds ?? fields.nsTtlSeconds ?? 3600,
    trust: TRUSTS.indexOf(fields.trust ?? 'referral'),
    glue: GLUES.indexOf(fields.glue ?? 'in-domain'),
    isByParent: fields.isByParent ?? false,
    teacher: addresses.intern(addressOf(fields.teacher ?? '198.51.100.53')),
    queryMs: fields.queryMs ?? atMs - 10,
    queryId: fields.queryId ?? 0x1234,
    queryOctets: Buffer.from(canonicalName(nameOf(fields.queryName ?? 'www.example.org')), 'latin1'),
    queryNameAt: 0,
    responseMs: atMs,
    seenMs: fields.seenMs ?? atMs,
    untilMs: Number.POSITIVE_INFINITY,
  };
  const taking = history.learn(sighting);
  for (const name of [sighting.zone, sighting.nameServer]) names.drop(name);
  for (const address of [sighting.address, sighting.teacher]) addresses.drop(address);
  return taking;
}
