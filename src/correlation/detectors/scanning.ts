import { percent } from '../../core/words.ts';
import { Awaited } from '../awaited.ts';
import { DistinctSketch } from '../distinct-sketch.ts';
import { grown } from '../grown.ts';
import { hashAddress, mixBits } from '../hashing.ts';
import type { HostEvent, SynAckSeen, SynSeen } from '../host-event.ts';
import { HostTrails } from '../host-trails.ts';
import { combineWeights, ramp } from '../weights.ts';
import { TrailDetector } from './trail-detector.ts';

/** Counted anew each time, with the window before. */
const WINDOW_MS = 600_000;

/** What is looked for: a kind of port, and how many destinations in two windows are few and many. */
interface Channel {
  readonly what: string;
  readonly most: number;
  readonly few: number;
  readonly many: number;
  readonly bits: number;
}

/**
 * The first three are what worms and bots spread by. A client has a few file servers, an administrator's machine tens of hosts. `other`
 * are further ports of services that are attacked; `ports` are different ports of one destination. Of web servers a browser, a crawler and
 * a proxy have any number, but most of them answer.
 */
const CHANNELS = [
  { what: 'ports 135 to 139 and 445', most: 0.9, few: 15, many: 150, bits: 128 },
  { what: 'SSH (port 22)', most: 0.85, few: 20, many: 150, bits: 128 },
  { what: 'Telnet (ports 23 and 2323)', most: 0.9, few: 10, many: 100, bits: 128 },
  { what: 'other attacked ports', most: 0.8, few: 30, many: 200, bits: 128 },
  { what: 'many ports of one host', most: 0.7, few: 20, many: 60, bits: 128 },
  { what: 'web servers that do not answer', most: 0.7, few: 150, many: 600, bits: 512 },
] as const satisfies readonly Channel[];
const SMB = 0;
const SSH = 1;
const TELNET = 2;
const OTHER = 3;
const PORTS = 4;
const WEB = 5;

/** Databases, remote desktops, routers' and cameras' doors. */
const ATTACKED = new Set([
  21, 111, 161, 389, 512, 513, 514, 873, 1433, 1521, 3306, 3389, 5432, 5555, 5900, 5985, 6379, 7547, 8291, 9200, 37215,
  52869,
]);
/** Whoever uses these, uses many. */
const UNINTERESTING = new Set([25, 53, 143, 465, 587, 853, 993]);
const OF_WEB = new Set([80, 443, 8080, 8443]);
/** Of the connections to web servers in a window at least so many, and such a share, that nobody accepted. */
const UNACCEPTED = { least: 100, share: 0.7 } as const;

/** Counters 1 to 6: the heaviest weight of each channel lately. */
const FIRST_PEAK = 1;
/** Attempts, but those at what has accepted one lately; and different destinations and ports that accepted one. */
const TRIED = 7;
const ACCEPTED = 8;

const TARGET = 0;
const TARGET_VOTES = 1;

/** Of the present window of a host: its beginning, connections to web servers begun and accepted. */
const SINCE = 0;
const BEGUN_AT_WEB = 1;
const ACCEPTED_BY_WEB = 2;
const WIDTH = 3;

/** Connections begun to many destinations, or to many ports of one. */
export class Scanning extends TrailDetector {
  readonly kind = 'scanning';
  readonly takes = ['syn', 'syn-ack'] as const;
  readonly #seed: number;
  readonly #sketches: readonly DistinctSketch[];
  readonly #accepted: DistinctSketch;
  /** By row: anybody can send a SYN+ACK. */
  readonly #begun = new Awaited();
  #web = new Float64Array(0);
  /** Where no SYN+ACK is ever seen nothing follows from their absence. */
  #seesAccepted = false;

  constructor(halfLifeMs: number, seed: number) {
    const sketches = CHANNELS.map(({ bits }) => new DistinctSketch(bits, WINDOW_MS));
    const accepted = new DistinctSketch(128, WINDOW_MS);
    super(new HostTrails(halfLifeMs, 8, 2, [...sketches, accepted]));
    this.#seed = seed;
    this.#sketches = sketches;
    this.#accepted = accepted;
  }

  observe(host: number, event: HostEvent): void {
    if (event.kind === 'syn-ack') this.#accept(host, event);
    if (event.kind !== 'syn' || UNINTERESTING.has(event.port)) return;
    if (OF_WEB.has(event.port)) {
      this.#beginAtWeb(host, event);
      return;
    }
    const row = this.trails.note(host, event);
    const destination = hashAddress(event.destination, this.#seed);
    const target = mixBits(destination ^ event.port);
    this.#begun.note(row, target, event.atMs);
    if (!this.#accepted.has(row, target)) this.trails.add(row, TRIED);
    const channel = channelOf(event.port);
    if (channel !== undefined) this.#see(row, channel, destination, event);
    if (this.#isTarget(row, destination)) this.#see(row, PORTS, mixBits(event.port ^ this.#seed), event);
  }

  override forget(host: number): void {
    const row = this.trails.rowOf(host);
    if (row >= 0) this.#begun.clear(row);
    if ((host + 1) * WIDTH <= this.#web.length) this.#web.fill(0, host * WIDTH, (host + 1) * WIDTH);
    super.forget(host);
  }

  protected weightThen(row: number): number {
    return combineWeights(CHANNELS.map((_, channel) => this.#channelWeight(row, channel)));
  }

  protected line(row: number): string {
    const accepted = this.#seesAccepted
      ? `; ${percent(this.#acceptedShare(row))} of the connections were accepted`
      : '';
    const tried = CHANNELS.map(({ what }, channel) => ({ what, weight: this.#channelWeight(row, channel) }))
      .filter(({ weight }) => weight > 0)
      .sort((a, b) => b.weight - a.weight)
      .map(({ what }) => what);
    const channel = CHANNELS.findIndex(({ what }) => what === tried[0]);
    const breadth = channel < 0 ? 0 : this.#sketches[channel]!.count(row);
    const how = channel === PORTS ? `about ${breadth} ports` : `about ${breadth} destinations within 20 minutes`;
    return `scans ${tried.join(' and ')}: ${how} lately, ${this.trails.total(row)} attempts${accepted}`;
  }

  /** Administrators, backups and inventories are let in; who tries what is not there is not. */
  #channelWeight(row: number, channel: number): number {
    const peak = this.trails.counter(row, FIRST_PEAK + channel);
    return this.#seesAccepted && channel !== WEB ? peak * (1 - 0.5 * ramp(this.#acceptedShare(row), 0.5, 0.8)) : peak;
  }

  #acceptedShare(row: number): number {
    return Math.min(1, this.trails.counter(row, ACCEPTED) / Math.max(1, this.trails.counter(row, TRIED)));
  }

  #accept(host: number, { destination, port, atMs }: SynAckSeen): void {
    this.#seesAccepted = true;
    if (OF_WEB.has(port)) {
      this.#web[this.#windowOf(host, atMs) + ACCEPTED_BY_WEB]!++;
      return;
    }
    const row = this.trails.rowOf(host);
    if (row < 0) return;
    const target = mixBits(hashAddress(destination, this.#seed) ^ port);
    if (this.#begun.settle(row, target) && this.#accepted.add(row, target, atMs)) this.trails.add(row, ACCEPTED);
  }

  #beginAtWeb(host: number, event: SynSeen): void {
    const at = this.#windowOf(host, event.atMs);
    const begun = this.#web[at + BEGUN_AT_WEB]! + 1;
    this.#web[at + BEGUN_AT_WEB] = begun;
    const unaccepted = begun - this.#web[at + ACCEPTED_BY_WEB]!;
    if (!this.#seesAccepted || unaccepted < UNACCEPTED.least || unaccepted < UNACCEPTED.share * begun) return;
    this.#see(this.trails.note(host, event), WEB, hashAddress(event.destination, this.#seed), event);
  }

  /** Where the present window of a host lies. */
  #windowOf(host: number, atMs: number): number {
    const at = host * WIDTH;
    if (at + WIDTH > this.#web.length) this.#web = grown(this.#web, at + WIDTH);
    if (Math.abs(atMs - this.#web[at + SINCE]!) >= WINDOW_MS) {
      this.#web.fill(0, at, at + WIDTH);
      this.#web[at + SINCE] = atMs;
    }
    return at;
  }

  #see(row: number, channel: number, hash: number, event: SynSeen): void {
    const sketch = this.#sketches[channel]!;
    if (!sketch.add(row, hash, event.atMs)) return;
    const { most, few, many } = CHANNELS[channel]!;
    const seen = sketch.count(row);
    if (seen * 2 >= few) this.trails.sample(row, event);
    this.trails.raise(row, FIRST_PEAK + channel, most * ramp(seen, few, many));
  }

  /** Whether this is the destination with most of the attempts, as a majority vote has it (Boyer and Moore). */
  #isTarget(row: number, destination: number): boolean {
    const { trails } = this;
    const votes = trails.figure(row, TARGET_VOTES);
    if (votes > 0 && trails.figure(row, TARGET) !== destination) {
      trails.setFigure(row, TARGET_VOTES, votes - 1);
      return false;
    }
    if (votes === 0) {
      trails.setFigure(row, TARGET, destination);
      this.#sketches[PORTS]!.clear(row);
    }
    trails.setFigure(row, TARGET_VOTES, votes + 1);
    return true;
  }
}

function channelOf(port: number): number | undefined {
  if (port === 445 || (port >= 135 && port <= 139)) return SMB;
  if (port === 22) return SSH;
  if (port === 23 || port === 2323) return TELNET;
  return ATTACKED.has(port) ? OTHER : undefined;
}
