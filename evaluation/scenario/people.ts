/** What honest people and their programs do. */
import type { Address } from '../../src/core/address.ts';
import { RCODE, RECORD_TYPE } from '../../src/dns/registry.ts';
import type { Random } from '../../src/simulation/random.ts';
import { type DnsOperator, named, noise, pick, type Service } from './internet.ts';
import { EMPTY, type Host, NO_SUCH_NAME, type Scene } from './scene.ts';
import type { Behaviour } from './simulation.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** How long until the next of things that come by chance, so often in the mean. */
export function soon(random: Random, meanMs: number): number {
  return -Math.log(1 - random.next()) * meanMs;
}

/** Next instants of something that has a period and some jitter, a share of it, while the host is on. */
export function* beats(host: Host, random: Random, periodMs: number, jitter: number): Generator<number, void> {
  for (let atMs = host.onMs + random.between(0, periodMs); atMs < host.offMs; ) {
    yield atMs;
    atMs += periodMs * (1 + jitter * random.between(-1, 1));
  }
}

/** Looks at sites, each of them made of others, in spells with breaks between. */
export function* browses(scene: Scene, host: Host, random: Random): Behaviour {
  yield host.onMs;
  const meanMs = random.between(0.7, 4) * MINUTE_MS;
  const { internet } = scene;
  let atMs = host.onMs + random.between(0, MINUTE_MS);
  yield atMs;
  opensBrowser(scene, host, random, atMs);
  while (atMs < host.offMs) {
    atMs += random.chance(0.04) ? random.between(5, 60) * MINUTE_MS : soon(random, meanMs);
    if (atMs >= host.offMs) return;
    yield atMs;
    scene.visit(host, atMs, internet.site(random));
    const others = random.below(6);
    for (let index = 0; index < others; index++) {
      scene.visit(host, atMs + random.between(100, 3000), internet.sharedService(random));
    }
    if (random.chance(0.02))
      scene.look(host, atMs, named(`www.${internet.domain(random)}`), RECORD_TYPE.A, NO_SUCH_NAME);
  }
}

/** A browser asks for names that nobody has, to see whether somebody answers for them all the same. */
function opensBrowser(scene: Scene, host: Host, random: Random, atMs: number): void {
  for (let index = 0; index < 3; index++) {
    scene.look(host, atMs + index * 20, named(noise(random, 7 + random.below(8))), RECORD_TYPE.A, NO_SUCH_NAME);
  }
}

/** Asks for something at a name again and again: updates, mail, news, the time. */
export function* polls(
  scene: Scene,
  host: Host,
  random: Random,
  { service, periodMs, jitter }: { readonly service: Service; readonly periodMs: number; readonly jitter: number },
): Behaviour {
  for (const atMs of beats(host, random, periodMs, jitter)) {
    yield atMs;
    scene.visit(host, atMs, service);
  }
}

/** Works with a service now and then: pages at the pace of a person, and what a page fetches by itself while it is open. */
export function* worksWith(scene: Scene, host: Host, random: Random, service: Service, periodMs: number): Behaviour {
  for (let startMs = host.onMs + soon(random, HOUR_MS); startMs < host.offMs; startMs += soon(random, 2 * HOUR_MS)) {
    const endMs = Math.min(host.offMs, startMs + random.between(5, 40) * MINUTE_MS);
    let pageMs = startMs;
    for (let atMs = startMs; atMs < endMs; atMs = Math.min(pageMs, atMs + periodMs)) {
      yield atMs;
      scene.visit(host, atMs, service);
      if (atMs >= pageMs) pageMs = atMs + soon(random, MINUTE_MS);
    }
    startMs = endMs;
  }
}

/** A scanner of files asks about each by a name that is its digest. */
export function* asksAboutFiles(scene: Scene, host: Host, random: Random, zone: string): Behaviour {
  for (const atMs of beats(host, random, 20 * MINUTE_MS, 1)) {
    yield atMs;
    for (let count = random.below(8); count > 0; count--) {
      const name = named(`${noise(random, 26)}.${zone}`);
      scene.look(host, atMs + count * 50, name, random.chance(0.5) ? RECORD_TYPE.TXT : RECORD_TYPE.A, EMPTY);
    }
  }
}

/** A setting that is wrong: the same few names are asked for and never there. */
export function* asksInVain(scene: Scene, host: Host, random: Random): Behaviour {
  const names = ['wpad', 'printer', 'files', 'isatap'].map((label) => named(`${label}.office.test`));
  for (const atMs of beats(host, random, random.between(0.5, 10) * MINUTE_MS, 0.3)) {
    yield atMs;
    scene.look(host, atMs, pick(random, names), RECORD_TYPE.A, NO_SUCH_NAME);
  }
}

/** All that a user's machine does by itself. */
export function userBehaviours(scene: Scene, host: Host, random: Random, common: CommonServices): Behaviour[] {
  const { update, mail, chat, digestZone } = common;
  const behaviours = [
    browses(scene, host, random),
    polls(scene, host, random, { service: update, periodMs: random.between(1, 4) * HOUR_MS, jitter: 0.05 }),
  ];
  const poll = (service: Service, fromMin: number, toMin: number, jitter: number) =>
    behaviours.push(
      polls(scene, host, random, { service, periodMs: random.between(fromMin, toMin) * MINUTE_MS, jitter }),
    );
  if (random.chance(0.6)) poll(mail, 5, 15, 0);
  if (random.chance(0.5)) poll(pick(random, chat), 1, 5, 0.02);
  if (random.chance(0.25)) poll(pick(random, scene.internet.sites), 10, 60, 0.01);
  if (random.chance(0.2)) behaviours.push(asksAboutFiles(scene, host, random, digestZone));
  if (random.chance(0.1)) behaviours.push(asksInVain(scene, host, random));
  return behaviours;
}

/** What many machines of a site have in common. */
export interface CommonServices {
  readonly update: Service;
  readonly mail: Service;
  readonly chat: readonly Service[];
  readonly digestZone: string;
}

/** Browses, but asks a resolver of the user's choice; what is refused it asks again. */
export function* browsesByOtherResolver(
  scene: Scene,
  host: Host,
  random: Random,
  servers: readonly Address[],
): Behaviour {
  yield host.onMs;
  const meanMs = random.between(0.7, 4) * MINUTE_MS;
  for (let atMs = host.onMs; atMs < host.offMs; atMs += soon(random, meanMs)) {
    yield atMs;
    for (let count = 1 + random.below(5); count > 0; count--) {
      const service = random.chance(0.4) ? scene.internet.site(random) : scene.internet.sharedService(random);
      lookElsewhere(scene, host, random, atMs + random.between(0, 2000), servers, service);
    }
  }
}

function lookElsewhere(
  scene: Scene,
  host: Host,
  random: Random,
  atMs: number,
  servers: readonly Address[],
  service: Service,
): void {
  const held = host.cache.get(service.name);
  if (held !== undefined && held.untilMs > atMs) {
    scene.connect(host, atMs, held.addresses[0]!, service.port);
    return;
  }
  const addresses = service.addressesAt(atMs);
  const answer = { responseCode: RCODE.NOERROR, addresses, ttlSeconds: service.ttlSeconds };
  const types = random.chance(0.4) ? [RECORD_TYPE.A, RECORD_TYPE.AAAA] : [RECORD_TYPE.A];
  for (let attempt = 0; attempt < 3; attempt++) {
    const server = servers[attempt % servers.length]!;
    const askedAtMs = atMs + attempt * 2500;
    for (const type of types) {
      const question = { server, name: service.name, type, isRecursive: true };
      const got = scene.askDirectly(host, askedAtMs, question, type === RECORD_TYPE.A ? answer : EMPTY);
      if (got === undefined || type !== RECORD_TYPE.A) continue;
      host.cache.set(service.name, { addresses, untilMs: askedAtMs + service.ttlSeconds * 1000 });
      scene.connect(host, askedAtMs + 2 + random.below(250), addresses[0]!, service.port);
    }
    if (host.cache.has(service.name)) return;
  }
}

/** A resolver of one's own walks down from the root; what it knows it does not ask again. */
export function* resolvesAlone(scene: Scene, host: Host, random: Random): Behaviour {
  yield host.onMs;
  const walk = new Walk(scene, host, random);
  for (let atMs = host.onMs; atMs < host.offMs; atMs += soon(random, 1.5 * MINUTE_MS)) {
    yield atMs;
    for (let count = 1 + random.below(4); count > 0; count--) {
      const service = random.chance(0.5) ? scene.internet.site(random) : scene.internet.sharedService(random);
      const addresses = service.addressesAt(atMs);
      const answer = { responseCode: RCODE.NOERROR, addresses, ttlSeconds: service.ttlSeconds };
      const type = pick(random, [RECORD_TYPE.A, RECORD_TYPE.A, RECORD_TYPE.AAAA, RECORD_TYPE.HTTPS]);
      const isAnswered = walk.ask(atMs, service.name, type, scene.internet.operator(random), answer);
      if (isAnswered) scene.connect(host, atMs + 100 + random.below(250), addresses[0]!, service.port);
    }
  }
}

/** The walk from the root to the servers of a name, RD=0, with what is known left out. */
export class Walk {
  readonly #scene: Scene;
  readonly #host: Host;
  readonly #random: Random;
  /** What was asked already, until when it is known. */
  readonly #known = new Map<string, number>();

  constructor(scene: Scene, host: Host, random: Random) {
    this.#scene = scene;
    this.#host = host;
    this.#random = random;
  }

  /** Whether an answer came. */
  ask(
    atMs: number,
    name: Service['name'],
    type: number,
    { servers }: DnsOperator,
    answer: { readonly responseCode: number; readonly addresses: readonly Address[]; readonly ttlSeconds: number },
  ): boolean {
    const { rootServers, operators } = this.#scene.internet;
    const top = name.endsWith('\x04test\0') ? 'test' : 'example';
    if (!this.#knows(top, atMs, 172_800)) this.#step(atMs, pick(this.#random, rootServers), name, type, EMPTY);
    // The first two operators serve what is below the root, too.
    const parent = operators[top === 'test' ? 0 : 1]!.servers;
    if (!this.#knows(`zone ${name}`, atMs, 3600)) this.#step(atMs + 20, pick(this.#random, parent), name, type, EMPTY);
    if (this.#knows(`${type} ${name}`, atMs, answer.ttlSeconds)) return true;
    return this.#step(atMs + 40, pick(this.#random, servers), name, type, answer);
  }

  #knows(what: string, atMs: number, ttlSeconds: number): boolean {
    const untilMs = this.#known.get(what);
    if (untilMs !== undefined && untilMs > atMs) return true;
    this.#known.set(what, atMs + ttlSeconds * 1000);
    return false;
  }

  #step(atMs: number, server: Address, name: Service['name'], type: number, answer: typeof EMPTY): boolean {
    return this.#scene.askDirectly(this.#host, atMs, { server, name, type, isRecursive: false }, answer) !== undefined;
  }
}
