import type { Address } from '../../core/address.ts';
import { beatsOf, countOf, MARK, marksOf } from './contact.ts';
import { eachPair, type SuspectFeatures } from './host-profiles.ts';
import { COMMANDS, type Nature, natureOf, periodOf } from './nature.ts';
import type { PairTable } from './pair-table.ts';
import type { Suspect } from './suspect.ts';

/** What members of a group had to do with one feature. */
export interface MemberFeature {
  readonly feature: number;
  /** Indexes of the members. */
  readonly members: number[];
}

/** What one member had to do with one server. */
export interface ServerUse {
  firstAtMs: number;
  lastAtMs: number;
  contacts: number;
  nature: Nature;
  isBlocked: boolean;
  periodSeconds: number | undefined;
}

/** What members of a group had to do with one server. */
export interface GroupServer {
  readonly unit: number;
  /** By index of the member. */
  readonly uses: Map<number, ServerUse>;
  readonly features: Set<number>;
}

/** What members of a group sent to somebody they attacked. */
export interface Attacked {
  readonly address: Address;
  /** Indexes of the members. */
  readonly members: Set<number>;
  syns: number;
  firstAtMs: number;
  lastAtMs: number;
}

/** All that the members of a group did, as far as others of it did so, too; and whom they attacked. */
export interface GroupContacts {
  readonly features: ReadonlyMap<number, MemberFeature>;
  readonly servers: ReadonlyMap<number, GroupServer>;
  readonly victims: ReadonlyMap<Address, Attacked>;
  /** By member: when it attacked first. */
  readonly firstAttackAtMs: ReadonlyMap<number, number>;
}

/** Features, and victims, of a group that are held at once; a net of scanners may have millions. */
const MAX_HELD = 200_000;
const MAX_VICTIMS_HELD = 20_000;
/** Features that are kept of one server: fast flux may give a name any number of addresses. */
const MAX_SERVER_FEATURES = 64;

/** Looks through the pairs of all members. */
export function* memberContacts(
  pairs: PairTable,
  members: readonly Suspect[],
  known: SuspectFeatures,
): Generator<void, GroupContacts> {
  const features = new Map<number, MemberFeature>();
  const servers = new Map<number, GroupServer>();
  const victims = new Map<Address, Attacked>();
  const firstAttackAtMs = new Map<number, number>();
  for (const [index, member] of members.entries()) {
    eachPair(pairs, member, (pair) => {
      const nature = natureOf(pairs, pair);
      const isTarget = noteVictim(pairs, pair, index, nature, victims);
      if (isTarget || nature === 'probe') {
        const before = firstAttackAtMs.get(index) ?? Number.POSITIVE_INFINITY;
        firstAttackAtMs.set(index, Math.min(before, pairs.firstAtMs(pair)));
      }
      if (known.rarity(pairs.featureOf(pair)) > 0) noteFeature(pairs, pair, index, features);
    });
    yield;
  }
  for (const [index, member] of members.entries()) {
    eachPair(pairs, member, (pair) => {
      const feature = pairs.featureOf(pair);
      if (known.rarity(feature) > 0) noteServer(pairs, pair, index, known.units.unitOf(feature), servers);
    });
    yield;
  }
  for (const [unit, { uses }] of servers) if (uses.size < 2) servers.delete(unit);
  for (const [feature, { members: having }] of features) if (having.length < 2) features.delete(feature);
  return { features, servers, victims, firstAttackAtMs };
}

function noteFeature(pairs: PairTable, pair: number, index: number, features: Map<number, MemberFeature>): void {
  const feature = pairs.featureOf(pair);
  const found = features.get(feature);
  if (found !== undefined) found.members.push(index);
  else if (features.size < MAX_HELD) features.set(feature, { feature, members: [index] });
}

/** Notes a destination that was attacked; returns whether it was. */
function noteVictim(
  pairs: PairTable,
  pair: number,
  index: number,
  nature: Nature,
  victims: Map<Address, Attacked>,
): boolean {
  const address = pairs.features.addressOf(pairs.featureOf(pair));
  if (address === undefined || (nature !== 'attack' && nature !== 'mail')) return false;
  let victim = victims.get(address);
  if (victim === undefined) {
    if (victims.size >= MAX_VICTIMS_HELD) return true;
    victim = { address, members: new Set(), syns: 0, firstAtMs: Number.POSITIVE_INFINITY, lastAtMs: 0 };
    victims.set(address, victim);
  }
  victim.members.add(index);
  victim.syns += countOf(pairs.useOf(pair));
  victim.firstAtMs = Math.min(victim.firstAtMs, pairs.firstAtMs(pair));
  victim.lastAtMs = Math.max(victim.lastAtMs, pairs.lastAtMs(pair));
  return true;
}

function noteServer(
  pairs: PairTable,
  pair: number,
  index: number,
  unit: number,
  servers: Map<number, GroupServer>,
): void {
  let server = servers.get(unit);
  if (server === undefined) {
    if (servers.size >= MAX_HELD) return;
    server = { unit, uses: new Map(), features: new Set() };
    servers.set(unit, server);
  }
  if (server.features.size < MAX_SERVER_FEATURES) server.features.add(pairs.featureOf(pair));
  const seen = useOf(pairs, pair);
  const use = server.uses.get(index);
  server.uses.set(index, use === undefined ? seen : joined(use, seen));
}

function useOf(pairs: PairTable, pair: number): ServerUse {
  return {
    firstAtMs: pairs.firstAtMs(pair),
    lastAtMs: pairs.lastAtMs(pair),
    contacts: Math.max(countOf(pairs.useOf(pair)), beatsOf(pairs.useOf(pair))),
    nature: natureOf(pairs, pair),
    isBlocked: (marksOf(pairs.useOf(pair)) & MARK.blocked) !== 0,
    periodSeconds: periodOf(pairs, pair),
  };
}

function joined(a: ServerUse, b: ServerUse): ServerUse {
  return {
    firstAtMs: Math.min(a.firstAtMs, b.firstAtMs),
    lastAtMs: Math.max(a.lastAtMs, b.lastAtMs),
    contacts: Math.max(a.contacts, b.contacts),
    nature: natureOfBoth(a.nature, b.nature),
    isBlocked: a.isBlocked || b.isBlocked,
    periodSeconds: a.periodSeconds ?? b.periodSeconds,
  };
}

/** Who is attacked at one port commands at none, and a host to which mail goes is asked for by name first. */
function natureOfBoth(a: Nature, b: Nature): Nature {
  if (a === 'attack' || b === 'attack') return 'attack';
  const likelier = COMMANDS[a] >= COMMANDS[b] ? a : b;
  const isMail = (a === 'mail' || b === 'mail') && likelier !== 'odd' && likelier !== 'regular';
  return isMail ? 'mail' : likelier;
}
