/** What machines do that nobody sits in front of. */
import { RCODE, RECORD_TYPE } from '../../src/dns/registry.ts';
import type { Random } from '../../src/simulation/random.ts';
import { pick, reverseName, type Service } from './internet.ts';
import { beats, HOUR_MS, MINUTE_MS, soon } from './people.ts';
import { EMPTY, type Host, NO_SUCH_NAME, type Scene } from './scene.ts';
import type { Behaviour } from './simulation.ts';

/** Takes mail and sends it: a great many names and connections, all through the resolvers of the site. */
export function* handlesMail(scene: Scene, host: Host, random: Random, perMinute: number): Behaviour {
  const { internet } = scene;
  for (let atMs = host.onMs; atMs < host.offMs; atMs += soon(random, MINUTE_MS / perMinute)) {
    yield atMs;
    const domain = pick(random, internet.mailDomains);
    if (random.chance(0.5)) {
      scene.look(host, atMs, domain.name, RECORD_TYPE.MX, EMPTY);
      const found = { responseCode: RCODE.NOERROR, addresses: [domain.address], ttlSeconds: 3600 };
      scene.look(host, atMs + 20, domain.exchanger, RECORD_TYPE.A, found);
      scene.connect(host, atMs + 40, domain.address, 25);
    } else {
      const sender = internet.anyAddress(random);
      scene.look(host, atMs, reverseName(sender), RECORD_TYPE.PTR, random.chance(0.3) ? NO_SUCH_NAME : EMPTY);
      scene.look(host, atMs + 30, domain.name, RECORD_TYPE.TXT, EMPTY);
    }
  }
}

/** Looks after other machines: the same ones, at the same ports, at the same time. */
export function* monitors(scene: Scene, host: Host, random: Random, watched: readonly Host[]): Behaviour {
  for (const atMs of beats(host, random, 5 * MINUTE_MS, 0)) {
    yield atMs;
    for (const [index, { addresses }] of watched.entries()) {
      scene.connect(host, atMs + index * 30, addresses.at(-1)!, index % 2 === 0 ? 443 : 22, true);
    }
  }
}

/** Tells its maker how it is; few others have one. */
export function* reportsToMaker(scene: Scene, host: Host, random: Random, maker: Service): Behaviour {
  for (const atMs of beats(host, random, pick(random, [1, 5, 15, 30]) * MINUTE_MS, 0.02)) {
    yield atMs;
    scene.visit(host, atMs, maker);
  }
}

/** Copies what it has to a place outside once in a while, and looks for updates. */
export function* serves(scene: Scene, host: Host, random: Random, backup: Service): Behaviour {
  for (const atMs of beats(host, random, random.between(1, 6) * HOUR_MS, 0)) {
    yield atMs;
    for (let count = 0; count < 5; count++) scene.visit(host, atMs + count * 2000, backup);
  }
}
