import type { EventLine } from '../../src/correlation/events/event-line.ts';
import { Random } from '../../src/simulation/random.ts';
import type { Truth, TruthGroup } from '../truth.ts';
import { BOT_KINDS, type BotKind, drawNet } from './bots.ts';
import { Internet, pick } from './internet.ts';
import { handlesMail, monitors, reportsToMaker, serves } from './machines.ts';
import {
  browsesByOtherResolver,
  type CommonServices,
  HOUR_MS,
  MINUTE_MS,
  polls,
  resolvesAlone,
  userBehaviours,
  worksWith,
} from './people.ts';
import { type Host, Scene, VIEWS } from './scene.ts';
import { type Behaviour, Simulation } from './simulation.ts';

export interface Scenario {
  /** What it is like, for people. */
  readonly title: string;
  readonly truth: Truth;
  /** Its events in order of time, in portions. */
  portions(): AsyncGenerator<readonly EventLine[], void> | Generator<readonly EventLine[], void>;
}

export const MIN_HOSTS = 50;
export const MAX_HOSTS = 5000;
/** A Monday morning. */
const FIRST_MS = Date.UTC(2026, 2, 2, 5);
/** Events of all hosts together that a scenario is cut short at, about. */
const HOST_HOURS = 6000;
const SLICE_MS = 5 * MINUTE_MS;

/** Draws a scenario: the same for the same seed and number of hosts, and all that can be drawn is. */
export function makeScenario(seed: number, wantedHosts?: number): Scenario {
  const random = new Random(`gluewall evaluation ${seed}`);
  const drawn = Math.round(MIN_HOSTS * 12 ** random.next());
  const hostCount = wantedHosts ?? drawn;
  const hours = Math.min(random.between(6, 24), Math.max(4, HOST_HOURS / hostCount));
  const endMs = FIRST_MS + hours * HOUR_MS;
  const simulation = new Simulation(FIRST_MS, endMs);
  const internet = new Internet(random, 500 + random.below(3000));
  const options = {
    startMs: FIRST_MS,
    endMs,
    view: pick(random, [...VIEWS, 'client side'] as const),
    gate: pick(random, ['none', 'monitor', 'enforce', 'enforce'] as const),
    loss: random.chance(0.5) ? 0 : random.between(0, 0.1),
  };
  const scene = new Scene(options, internet, simulation, random);
  const builder = new Builder(scene, simulation, random);
  builder.build(hostCount);
  const { view, gate, loss } = options;
  const title = `seed ${seed}: ${hostCount} hosts, ${hours.toFixed(1)} h, seen: ${view}, gate: ${gate}, ${(100 * loss).toFixed(1)} % missed`;
  return { title, truth: builder.truth(), portions: () => simulation.run(SLICE_MS) };
}

class Builder {
  readonly #scene: Scene;
  readonly #simulation: Simulation;
  readonly #random: Random;
  readonly #groups: TruthGroup[] = [];

  constructor(scene: Scene, simulation: Simulation, random: Random) {
    this.#scene = scene;
    this.#simulation = simulation;
    this.#random = random;
  }

  build(hostCount: number): void {
    const { internet, mailServer } = this.#scene;
    const random = this.#random;
    const common: CommonServices = {
      update: internet.shared[0]!,
      mail: internet.sites[1]!,
      chat: internet.shared.slice(1, 6),
      digestZone: `files.${internet.domain()}`,
    };
    const mail = this.#scene.addHost('mail-server', mailServer);
    this.#run([handlesMail(this.#scene, mail, random, random.between(1, 30))]);
    this.#machines(hostCount, common);
    this.#otherResolvers(hostCount, common);
    const bots = Math.max(2, Math.round(hostCount * random.between(0.03, 0.15)));
    const users = hostCount - this.#scene.hosts.length - bots;
    for (let count = 0; count < users; count++) this.#user('user', common);
    this.#departments(internet);
    this.#nets(bots, common);
  }

  truth(): Truth {
    const { inside, resolvers, mailServer, hosts } = this.#scene;
    return {
      inside,
      resolvers,
      mailServers: [mailServer],
      hosts: hosts.map(({ addresses, isInfected, kind, group }) => ({ addresses, isInfected, kind, group })),
      groups: this.#groups,
    };
  }

  #run(behaviours: readonly Behaviour[]): void {
    for (const behaviour of behaviours) this.#simulation.add(behaviour);
  }

  /** Users come and go, and some are given another address. */
  #user(kind: string, common: CommonServices, group?: string): Host {
    const scene = this.#scene;
    const random = new Random(`${this.#random.next()}`);
    const host = scene.addHost(kind, undefined, group);
    if (group === undefined) this.#hours(host);
    this.#run(userBehaviours(scene, host, random, common));
    if (random.chance(0.03)) this.#run([readdressed(scene, host, random.between(host.onMs, host.offMs))]);
    return host;
  }

  #hours(host: Host): void {
    const { startMs, endMs } = this.#scene.options;
    if (this.#random.chance(0.3)) return;
    const lengthMs = (endMs - startMs) * this.#random.between(0.5, 1);
    host.onMs = startMs + this.#random.between(0, endMs - startMs - lengthMs);
    host.offMs = host.onMs + lengthMs;
  }

  #machines(hostCount: number, common: CommonServices): void {
    const scene = this.#scene;
    const random = this.#random;
    const maker = scene.internet.own();
    const backup = scene.internet.own();
    const servers: Host[] = [];
    for (let count = Math.max(2, Math.round(hostCount * 0.03)); count > 0; count--) {
      this.#run([reportsToMaker(scene, scene.addHost('printer'), random, maker)]);
      const server = scene.addHost('server');
      servers.push(server);
      const update = { service: common.update, periodMs: HOUR_MS, jitter: 0.1 };
      this.#run([serves(scene, server, random, backup), polls(scene, server, random, update)]);
    }
    this.#run([monitors(scene, scene.addHost('monitor'), random, servers.slice(0, 30))]);
  }

  #otherResolvers(hostCount: number, common: CommonServices): void {
    const scene = this.#scene;
    const { internet } = scene;
    const random = this.#random;
    const share = random.between(0.01, 0.04);
    for (let count = Math.max(2, Math.round(hostCount * share)); count > 0; count--) {
      const host = scene.addHost('foreign-resolver');
      this.#hours(host);
      const first = random.below(internet.resolvers.length);
      const servers = random.chance(0.5) ? [first] : [first, (first + 1) % internet.resolvers.length];
      const own = new Random(`${random.next()}`);
      const chosen = servers.map((index) => internet.resolvers[index]!);
      this.#run([browsesByOtherResolver(scene, host, own, chosen)]);
      if (random.chance(0.3))
        this.#run([polls(scene, host, own, { service: common.mail, periodMs: 10 * MINUTE_MS, jitter: 0 })]);
    }
    for (let count = 1 + random.below(2); count > 0; count--) {
      const host = scene.addHost('own-resolver');
      this.#run([resolvesAlone(scene, host, new Random(`${random.next()}`))]);
    }
  }

  /** A few users have work that others do not: a service nobody else knows, used by hand, or asked regularly by a program. */
  #departments(internet: Internet): void {
    const random = this.#random;
    const users = this.#scene.hosts.filter(({ kind }) => kind === 'user');
    for (let count = 1 + random.below(4); count > 0; count--) {
      const service = internet.own();
      const how = { service, periodMs: random.between(1, 20) * MINUTE_MS, jitter: random.between(0, 0.1) };
      const isProgram = random.chance(0.3);
      for (let members = 2 + random.below(10); members > 0; members--) {
        const [host, own] = [pick(random, users), new Random(`${random.next()}`)];
        if (isProgram) this.#run([polls(this.#scene, host, own, how)]);
        else this.#run([worksWith(this.#scene, host, own, service, how.periodMs)]);
      }
    }
  }

  #nets(bots: number, common: CommonServices): void {
    const scene = this.#scene;
    const random = this.#random;
    // Names that are asked through the resolver are not seen at the border.
    const kinds = BOT_KINDS.filter((kind) => kind !== 'dga' || scene.options.view !== 'border');
    for (let left = bots; left >= 2; ) {
      const drawn = Math.min(left, 30, 2 + random.below(Math.max(1, Math.round(bots / 2))));
      // Nobody is left alone.
      const size = left - drawn === 1 ? left : drawn;
      left -= size;
      this.#net(pick(random, kinds), size, common);
    }
  }

  #net(kind: BotKind, size: number, common: CommonServices): void {
    const scene = this.#scene;
    const random = this.#random;
    const id = `${kind}-${this.#groups.length + 1}`;
    const net = drawNet(kind, scene, random);
    for (let count = 0; count < size; count++) {
      const own = new Random(`${random.next()}`);
      const host = this.#user(kind, common, id);
      this.#run(net.behaviours(scene, host, own));
    }
    this.#groups.push({ id, hosts: [], masters: net.masters });
  }
}

function* readdressed(scene: Scene, host: Host, atMs: number): Behaviour {
  yield atMs;
  scene.readdress(host);
}
