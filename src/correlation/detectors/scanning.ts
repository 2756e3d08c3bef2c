import { percent } from '../../core/words.ts';
import { DistinctSketch } from '../distinct-sketch.ts';
import { hashAddress, mixBits } from '../hashing.ts';
import type { HostEvent, SynSeen } from '../host-event.ts';
import { HEAT, HostTrails } from '../host-trails.ts';
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
}

/**
 * The first three are what worms and bots spread by. A client has a few file servers, an administrator's machine tens of hosts. `other`
 * are further ports of services that are attacked; `ports` are different ports of one destination.
 */
const CHANNELS = [
  { what: 'ports 135 to 139 and 445', most: 0.9, few: 15, many: 150 },
  { what: 'SSH (port 22)', most: 0.85, few: 20, many: 150 },
  { what: 'Telnet (ports 23 and 2323)', most: 0.9, few: 10, many: 100 },
  { what: 'other attacked ports', most: 0.8, few: 30, many: 200 },
  { what: 'many ports of one host', most: 0.7, few: 20, many: 60 },
] as const satisfies readonly Channel[];
const SMB = 0;
const SSH = 1;
const TELNET = 2;
const OTHER = 3;
const PORTS = 4;

/** Databases, remote desktops, routers' and cameras' doors. Not the ports of the web and of mail: whoever uses them, uses many. */
const ATTACKED = new Set([
  21, 111, 161, 389, 512, 513, 514, 873, 1433, 1521, 3306, 3389, 5432, 5555, 5900, 5985, 6379, 7547, 8291, 9200, 37215,
  52869,
]);
const UNINTERESTING = new Set([25, 53, 80, 143, 443, 465, 587, 853, 993, 8080, 8443]);

/** Counters 1 to 5: the heaviest weight of each channel lately. */
const FIRST_PEAK = 1;
const ACCEPTED = 6;

const TARGET = 0;
const TARGET_VOTES = 1;

/** Connections begun to many destinations, or to many ports of one. */
export class Scanning extends TrailDetector {
  readonly kind = 'scanning';
  readonly takes = ['syn', 'syn-ack'] as const;
  readonly #seed: number;
  readonly #sketches: readonly DistinctSketch[];
  /** Where no SYN+ACK is ever seen nothing follows from their absence. */
  #seesAccepted = false;

  constructor(halfLifeMs: number, seed: number) {
    const sketches = CHANNELS.map(() => new DistinctSketch(128, WINDOW_MS));
    super(new HostTrails(halfLifeMs, 6, 2, sketches));
    this.#seed = seed;
    this.#sketches = sketches;
  }

  observe(host: number, event: HostEvent): void {
    if (event.kind === 'syn-ack') {
      this.#seesAccepted = true;
      const row = this.trails.rowOf(host);
      if (row >= 0 && !UNINTERESTING.has(event.port)) this.trails.add(row, ACCEPTED);
      return;
    }
    if (event.kind !== 'syn' || UNINTERESTING.has(event.port)) return;
    const row = this.trails.note(host, event);
    const destination = hashAddress(event.destination, this.#seed);
    const channel = channelOf(event.port);
    if (channel !== undefined) this.#see(row, channel, destination, event);
    if (this.#isTarget(row, destination)) this.#see(row, PORTS, mixBits(event.port ^ this.#seed), event);
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
    return this.#seesAccepted ? peak * (1 - 0.5 * ramp(this.#acceptedShare(row), 0.5, 0.8)) : peak;
  }

  #acceptedShare(row: number): number {
    return Math.min(1, this.trails.counter(row, ACCEPTED) / this.trails.counter(row, HEAT));
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
