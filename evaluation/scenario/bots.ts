/** What bots do besides what the users of their machines do, by kind. */
import type { Address } from '../../src/core/address.ts';
import type { Name } from '../../src/dns/name.ts';
import { RCODE, RECORD_TYPE } from '../../src/dns/registry.ts';
import type { Random } from '../../src/simulation/random.ts';
import { type Internet, named, noise, pick, type Service } from './internet.ts';
import { beats, HOUR_MS, MINUTE_MS, soon, Walk } from './people.ts';
import { EMPTY, type Host, NO_SUCH_NAME, type Scene } from './scene.ts';
import type { Behaviour } from './simulation.ts';

/** Who commands a net: all that one may know them by. */
interface Masters {
  readonly addresses: readonly Address[];
  readonly names: readonly Name[];
}

/** One net of bots: what its bots do, and who commands them. */
export interface Net {
  readonly kind: BotKind;
  readonly masters: Masters;
  behaviours(scene: Scene, host: Host, random: Random): readonly Behaviour[];
}

export const BOT_KINDS = ['feederbot', 'morto', 'spam', 'scanner', 'beacon', 'dga'] as const;
export type BotKind = (typeof BOT_KINDS)[number];

/** Draws a net; its ways are the same for all of its bots. */
export function drawNet(kind: BotKind, scene: Scene, random: Random): Net {
  return DRAW[kind](scene, random);
}

const DRAW: Readonly<Record<BotKind, (scene: Scene, random: Random) => Net>> = {
  feederbot: drawFeederbot,
  morto: drawMorto,
  spam: drawSpam,
  scanner: drawScanner,
  beacon: drawBeacon,
  dga: drawDga,
};

/** TXT queries to servers whose addresses are written in the program (Dietrich et al., 2011). */
function drawFeederbot({ internet }: Scene, random: Random): Net {
  const servers = internet.addresses(1 + random.below(6));
  const zone = internet.domain();
  const periodMs = random.between(1, 30) * MINUTE_MS;
  const isRecursive = random.chance(0.5);
  const labelLength = 8 + random.below(30);
  function* asks(scene: Scene, host: Host, own: Random): Behaviour {
    for (const atMs of beats(host, own, periodMs, 0.3)) {
      yield atMs;
      const server = pick(own, servers);
      for (let count = 1 + own.below(5); count > 0; count--) {
        const name = named(`${noise(own, labelLength)}.${zone}`);
        scene.askDirectly(host, atMs + count * 300, { server, name, type: RECORD_TYPE.TXT, isRecursive }, EMPTY);
      }
    }
  }
  return { kind: 'feederbot', masters: { addresses: servers, names: [] }, behaviours: (...parts) => [asks(...parts)] };
}

/** Asks the resolver for an ordinary address, then that address for TXT (Mullaney, 2011); spreads by remote desktops. */
function drawMorto({ internet }: Scene, random: Random): Net {
  const masters = Array.from({ length: 1 + random.below(4) }, () => internet.own(53));
  const periodMs = random.between(3, 40) * MINUTE_MS;
  const spreads = random.chance(0.5);
  function* asks(scene: Scene, host: Host, own: Random): Behaviour {
    for (const atMs of beats(host, own, periodMs, 0.3)) {
      yield atMs;
      const master = pick(own, masters);
      const [server] = scene.resolve(host, atMs, master);
      const question = { server: server!, name: master.name, type: RECORD_TYPE.TXT, isRecursive: own.chance(0.5) };
      for (let count = 1 + own.below(3); count > 0; count--) {
        scene.askDirectly(host, atMs + 200 + count * 400, question, EMPTY);
      }
    }
  }
  return {
    kind: 'morto',
    masters: {
      addresses: masters.flatMap((master) => master.addressesAt(0)),
      names: masters.map(({ name }) => name),
    },
    behaviours: (scene, host, own) => [
      asks(scene, host, own),
      ...(spreads ? [scans(scene, host, own, { ports: [3389], perSecond: 1, spellMs: 2 * MINUTE_MS })] : []),
    ],
  };
}

/** Looks up where its mail goes for itself, and sends it (paper 1, figure 3); fetches orders and templates now and then. */
function drawSpam({ internet }: Scene, random: Random): Net {
  const way = drawWay(internet, random, pick(random, [80, 443, 8080]));
  const perMinute = random.between(5, 60);
  const [foreign] = internet.addresses(1);
  const isRecursive = random.chance(0.3);
  function* sends(scene: Scene, host: Host, own: Random): Behaviour {
    const walk = new Walk(scene, host, own);
    let endMs = 0;
    for (const startMs of beats(host, own, own.between(0.5, 1.5) * HOUR_MS, 0.3)) {
      if (startMs < endMs) continue;
      endMs = Math.min(host.offMs, startMs + own.between(5, 40) * MINUTE_MS);
      for (let atMs = startMs; atMs < endMs; atMs += soon(own, MINUTE_MS / perMinute)) {
        yield atMs;
        const { name, exchanger, address, operator } = pick(own, internet.mailDomains);
        const found = { responseCode: RCODE.NOERROR, addresses: [address], ttlSeconds: 3600 };
        const ask = (delayMs: number, asked: Name, type: number, answer: typeof EMPTY) =>
          isRecursive
            ? scene.askDirectly(host, atMs + delayMs, { server: foreign!, name: asked, type, isRecursive }, answer) !==
              undefined
            : walk.ask(atMs + delayMs, asked, type, operator, answer);
        ask(0, name, RECORD_TYPE.MX, EMPTY);
        if (ask(100, exchanger, RECORD_TYPE.A, found)) scene.connect(host, atMs + 250, address, 25, own.chance(0.6));
      }
    }
  }
  return {
    kind: 'spam',
    masters: way.masters,
    behaviours: (scene, host, own) => [sends(scene, host, own), calls(scene, host, own, way, drawRhythm(own, 10, 60))],
  };
}

/** Tries addresses one after the other, and waits on a channel for orders. */
function drawScanner({ internet }: Scene, random: Random): Net {
  const way = drawWay(internet, random, pick(random, [6667, 6668, 7000, 80, 443]));
  const ports = pick(random, [[445], [135, 139, 445], [22], [23, 2323], [445, 3389]]);
  const perSecond = random.between(0.5, 15);
  const spellMs = random.between(0.5, 8) * MINUTE_MS;
  return {
    kind: 'scanner',
    masters: way.masters,
    behaviours: (scene, host, own) => [
      scans(scene, host, own, { ports, perSecond, spellMs }),
      calls(scene, host, own, way, drawRhythm(own, 10, 90)),
    ],
  };
}

function* scans(
  scene: Scene,
  host: Host,
  random: Random,
  how: { readonly ports: readonly number[]; readonly perSecond: number; readonly spellMs: number },
): Behaviour {
  for (const startMs of beats(host, random, random.between(0.5, 1.5) * HOUR_MS, 0.3)) {
    const endMs = Math.min(host.offMs, startMs + how.spellMs);
    for (let atMs = startMs; atMs < endMs; atMs += soon(random, 1000 / how.perSecond)) {
      yield atMs;
      scene.connect(host, atMs, scene.internet.anyAddress(random), pick(random, how.ports), random.chance(0.03));
    }
  }
}

/** Calls its master regularly, and attacks when all of the net are told to. */
function drawBeacon({ internet, options }: Scene, random: Random): Net {
  const way = drawWay(internet, random, pick(random, [80, 443, 8080, 8443, 4444, 53]));
  const periodMs = random.between(1, 60) * MINUTE_MS;
  const jitter = random.between(0, 0.3);
  const victims = Array.from({ length: 1 + random.below(3) }, () => internet.own(80));
  const isResolved = random.chance(0.55);
  const count = 1 + random.below(4);
  const attacks = Array.from({ length: count }, () => within(random, options)).sort((a, b) => a - b);
  function* attacksAtOnce(scene: Scene, host: Host, own: Random): Behaviour {
    let endMs = host.onMs;
    for (const attackMs of attacks) {
      const startMs = attackMs + own.between(0, 20_000);
      if (startMs < endMs || startMs >= host.offMs) continue;
      yield startMs;
      const victim = pick(own, victims);
      const address = isResolved ? scene.resolve(host, startMs, victim)[0]! : victim.addressesAt(0)[0]!;
      endMs = startMs + own.between(20, 90) * 1000;
      for (let atMs = startMs + 100; atMs < endMs; atMs += own.between(20, 400)) {
        yield atMs;
        scene.connect(host, atMs, address, victim.port, own.chance(0.1));
      }
    }
  }
  return {
    kind: 'beacon',
    masters: way.masters,
    behaviours: (scene, host, own) => [
      attacksAtOnce(scene, host, own),
      calls(scene, host, own, way, { periodMs, jitter }),
    ],
  };
}

/** Tries names made from the date until one of them is there. */
function drawDga({ internet }: Scene, random: Random): Net {
  const [master] = internet.addresses(1);
  const roundMs = random.between(0.5, 1.5) * HOUR_MS;
  const tries = 20 + random.below(150);
  const length = 8 + random.below(10);
  const names = Array.from({ length: 2000 }, () =>
    named(`${noise(random, length)}.${random.chance(0.5) ? 'example' : 'test'}`),
  );
  const real = names[random.below(tries)]!;
  function* looks(scene: Scene, host: Host, own: Random): Behaviour {
    for (const startMs of beats(host, own, roundMs, 0.1)) {
      for (let index = 0; index < tries; index++) {
        const name = names[index]!;
        const atMs = startMs + index * 400;
        yield atMs;
        const isReal = name === real;
        const found = { responseCode: RCODE.NOERROR, addresses: [master!], ttlSeconds: 300 };
        scene.look(host, atMs, name, RECORD_TYPE.A, isReal ? found : NO_SUCH_NAME);
        if (!isReal) continue;
        scene.connect(host, atMs + 100, master!, 80);
        break;
      }
    }
  }
  return { kind: 'dga', masters: { addresses: [master!], names: [real] }, behaviours: (...parts) => [looks(...parts)] };
}

/** How bots come to their masters: by addresses or by a name. */
interface Way {
  readonly masters: Masters;
  readonly port: number;
  readonly addresses: readonly Address[];
  readonly service: Service | undefined;
}

function drawWay(internet: Internet, random: Random, port: number): Way {
  if (random.chance(0.4)) {
    const addresses = internet.addresses(1 + random.below(3));
    return { masters: { addresses, names: [] }, port, addresses, service: undefined };
  }
  if (random.chance(0.3)) {
    const service = internet.fastChanging(port);
    return { masters: { addresses: service.pool, names: [service.name] }, port, addresses: [], service };
  }
  const service = internet.own(port);
  return { masters: { addresses: service.addressesAt(0), names: [service.name] }, port, addresses: [], service };
}

interface Rhythm {
  readonly periodMs: number;
  readonly jitter: number;
}

function drawRhythm(random: Random, fromMinutes: number, toMinutes: number): Rhythm {
  return { periodMs: random.between(fromMinutes, toMinutes) * MINUTE_MS, jitter: random.between(0, 0.5) };
}

function* calls(scene: Scene, host: Host, random: Random, way: Way, { periodMs, jitter }: Rhythm): Behaviour {
  for (const atMs of beats(host, random, periodMs, jitter)) {
    yield atMs;
    if (way.service !== undefined) scene.visit(host, atMs, way.service, way.port);
    else scene.connect(host, atMs, pick(random, way.addresses), way.port, random.chance(0.95));
  }
}

/** An instant when most of them are there. */
function within(random: Random, { startMs, endMs }: Scene['options']): number {
  return startMs + random.between(0.3, 0.9) * (endMs - startMs);
}
