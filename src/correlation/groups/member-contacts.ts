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
interface ServerUse {
  firstAtMs: number;
  lastAtMs: number;
  contacts: number;
  nature: Nature;
  isBlocked: boolean;
  periodSeconds: number | undefined;
}

/** What members of a group had to do with one server. */
export interface GroupServer {
  /** Indexes of the members. */
  readonly members: number[];
  /** MAX_SERVER_FEATURES at most. */
  readonly features: number[];
  /** How many members used it in which way. */
  readonly natures: Map<Nature, number>;
  readonly periodsSeconds: number[];
  /** Members that contacted it once or a few times. */
  brief: number;
  blocked: number;
  /** Of the members that attacked somebody: those that contacted it before, and the others. */
  early: number;
  late: number;
  firstAtMs: number;
  lastAtMs: number;
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
}

/** Features, and victims, of a group that are held at once; a net of scanners may have millions. */
const MAX_HELD = 200_000;
const MAX_VICTIMS_HELD = 20_000;
/** Features that are kept of one server: fast flux may give a name any number of addresses. */
const MAX_SERVER_FEATURES = 64;
/** A download server is contacted so often at most by a host. */
const MAX_DOWNLOAD_CONTACTS = 4;
/** Features and servers that are looked at between two turns of others. */
const LOOKED_A_TURN = 5000;

/** Looks through the pairs of all members. */
export function* memberContacts(
  pairs: PairTable,
  members: readonly Suspect[],
  known: SuspectFeatures,
): Generator<void, GroupContacts> {
  const features = new Map<number, MemberFeature>();
  const servers = new Map<number, GroupServer>();
  const victims = new Map<Address, Attacked>();
  for (const [index, member] of members.entries()) {
    const uses = new Map<number, ServerUse>();
    let firstAttackAtMs = Number.POSITIVE_INFINITY;
    eachPair(pairs, member, (pair) => {
      const feature = pairs.featureOf(pair);
      const nature = natureOf(pairs, pair);
      const isTarget = noteVictim(pairs, pair, index, nature, victims);
      if (isTarget || nature === 'probe') firstAttackAtMs = Math.min(firstAttackAtMs, pairs.firstAtMs(pair));
      if (known.rarity(feature) === 0) return;
      // What one suspect has no two members can.
      if (known.suspects(feature) > 1) noteFeature(feature, index, features);
      const unit = known.units.unitOf(feature);
      if (!noteServer(feature, unit, servers)) return;
      const use = useOf(pairs, pair, nature);
      const other = uses.get(unit);
      uses.set(unit, other === undefined ? use : joined(other, use));
    });
    for (const [unit, use] of uses) countUse(servers.get(unit)!, index, use, firstAttackAtMs);
    yield;
  }
  yield* dropSingles(features);
  yield* dropSingles(servers);
  return { features, servers, victims };
}

/** What one member had says nothing of the group. */
function* dropSingles(held: Map<number, { readonly members: readonly number[] }>): Generator<void, void> {
  let looked = 0;
  for (const [number, { members }] of held) {
    if (members.length < 2) held.delete(number);
    if (++looked % LOOKED_A_TURN === 0) yield;
  }
}

function noteFeature(feature: number, index: number, features: Map<number, MemberFeature>): void {
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

/** Notes that a feature is of a server; false when there is no room for the server. */
function noteServer(feature: number, unit: number, servers: Map<number, GroupServer>): boolean {
  let server = servers.get(unit);
  if (server === undefined) {
    if (servers.size >= MAX_HELD) return false;
    server = freshServer();
    servers.set(unit, server);
  }
  const { features } = server;
  if (features.length < MAX_SERVER_FEATURES && !features.includes(feature)) features.push(feature);
  return true;
}

function freshServer(): GroupServer {
  const times = { firstAtMs: Number.POSITIVE_INFINITY, lastAtMs: 0 };
  const counts = { brief: 0, blocked: 0, early: 0, late: 0 };
  return { members: [], features: [], natures: new Map(), periodsSeconds: [], ...counts, ...times };
}

function countUse(server: GroupServer, index: number, use: ServerUse, firstAttackAtMs: number): void {
  server.members.push(index);
  server.natures.set(use.nature, (server.natures.get(use.nature) ?? 0) + 1);
  if (use.periodSeconds !== undefined) server.periodsSeconds.push(use.periodSeconds);
  if (use.nature === 'once' && use.contacts <= MAX_DOWNLOAD_CONTACTS) server.brief++;
  if (use.isBlocked) server.blocked++;
  if (firstAttackAtMs < Number.POSITIVE_INFINITY) {
    if (use.firstAtMs < firstAttackAtMs) server.early++;
    else server.late++;
  }
  server.firstAtMs = Math.min(server.firstAtMs, use.firstAtMs);
  server.lastAtMs = Math.max(server.lastAtMs, use.lastAtMs);
}

function useOf(pairs: PairTable, pair: number, nature: Nature): ServerUse {
  return {
    firstAtMs: pairs.firstAtMs(pair),
    lastAtMs: pairs.lastAtMs(pair),
    contacts: Math.max(countOf(pairs.useOf(pair)), beatsOf(pairs.useOf(pair))),
    nature,
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
