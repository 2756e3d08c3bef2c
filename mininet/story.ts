/**
 * The story that gluewall tells: a mini-Internet behind one bridge, honest name resolution that passes, and what is held
 * back. Each row says what was expected and what was observed on real servers and a real switch.
 */
import type { GatedInternet } from './gated-internet.ts';
import { hosts } from './internet.ts';
import { until } from './until.ts';

export interface StoryRow {
  readonly case: string;
  readonly expected: string;
  readonly observed: string;
  readonly ok: boolean;
}

/** The longest that unknown queries are dropped once the controller is gone (on_failure: open), and what a probe adds. */
const FAIL_OPEN_LIMIT_MS = 15_000;
const PROBE_MS = 1500;
/** How long before its referral is asked for the racing query leaves, and the hold: much longer, for busy machines. */
const RACE_LEAD_MS = 25;
const RACE_HOLD = '400ms';

/** The story, told in the world it is given. */
export class Story {
  readonly #world: GatedInternet;
  readonly #onRow: (row: StoryRow) => void;

  constructor(world: GatedInternet, onRow: (row: StoryRow) => void) {
    this.#world = world;
    this.#onRow = onRow;
  }

  /** Tells the whole story. */
  async tell(): Promise<void> {
    await this.#resolverResolves();
    await this.#knownServersPass();
    await this.#commandServerIsBlocked();
    await this.#tableTwo();
    await this.#allowOpensTheWay();
    await this.#expiredIsBlocked();
    await this.#controllerLost('open');
    await this.#restartClosed();
    await this.#raceIsHeld();
    await this.#blockedQueryTeachesNothing();
    await this.#switchAcceptedEverything();
    await this.#controllerLost('closed');
  }

  get #gluewall() {
    return this.#world.gluewall;
  }

  async #resolverResolves(): Promise<void> {
    for (const name of ['www.corp.example', 'www.bank.test', 'www.public.example']) {
      const { answered, answers } = await this.#ask('client', hosts.resolver.ipv4, name);
      const observed = answered ? `answered ${answers.join(' ')}` : 'no answer';
      this.#row(`the resolver resolves ${name}`, 'answered', observed, answers.length > 0);
    }
    await until('the history has learned ns1.corp.example', 3000, async () =>
      (await this.#gluewall.lookup(hosts.corp.ipv6)).known && (await this.#gluewall.lookup(hosts.public.ipv4)).known
        ? true
        : undefined,
    );
  }

  async #knownServersPass(): Promise<void> {
    for (const [family, server] of [
      ['IPv4', hosts.corp.ipv4],
      ['IPv6', hosts.corp.ipv6],
    ] as const) {
      for (const tcp of [false, true]) {
        const what = `client asks a learned name server, ${family} ${tcp ? 'TCP' : 'UDP'}`;
        await this.#passes(what, 'client', server, 'www.corp.example', true, tcp);
      }
    }
  }

  async #commandServerIsBlocked(): Promise<void> {
    await this.#passes('bot asks its C&C by address, IPv4 UDP', 'bot', hosts.evil.ipv4, 'order.evil.test', false);
    await this.#passes('bot asks its C&C by address, IPv4 TCP', 'bot', hosts.evil.ipv4, 'order.evil.test', false, true);
    await this.#passes('bot asks its C&C by address, IPv6 UDP', 'bot', hosts.evil.ipv6, 'order.evil.test', false);
  }

  /** Ichise et al., table II, with documentation addresses. */
  async #tableTwo(): Promise<void> {
    const rows = [
      ['client', hosts.stranger.ipv4, 'www.bank.test', 'is unknown and block'],
      ['client', hosts.public.ipv4, 'www.public.example', 'is registered glueA record and pass'],
      ['client', hosts.bank.ipv4, 'www.bank.test', 'is registered glueA record and pass'],
    ] as const;
    for (const [host, server, name, sentence] of rows) {
      const since = this.#gluewall.log.length;
      const { answered } = await this.#ask(host, server, name);
      const line = await this.#gluewall.logged('a verdict', since, ({ destination }) => destination === server);
      const expected = `${sentence.endsWith('pass') ? 'pass' : 'block'}: ${server} ${sentence}`;
      const observed = `${answered ? 'pass' : 'block'}: ${line.msg}`;
      this.#row(`table II: nslookup ${name} ${server}`, expected, observed, observed === expected);
    }
  }

  async #allowOpensTheWay(): Promise<void> {
    const { ipv4 } = hosts.stranger;
    await this.#gluewall.allow('add', ipv4);
    await this.#passes('client asks the public resolver after `allow add`', 'client', ipv4, 'www.bank.test', true);
    await this.#gluewall.allow('remove', ipv4);
    await this.#passes('client asks it after `allow remove`', 'client', ipv4, 'www.bank.test', false);
  }

  async #expiredIsBlocked(): Promise<void> {
    const { ipv4 } = hosts.short;
    await this.#ask('client', hosts.resolver.ipv4, 'www.short.example');
    await until('ns1.short.example is known', 3000, async () =>
      (await this.#gluewall.lookup(ipv4)).known ? true : undefined,
    );
    await this.#passes('client asks a name server whose records live 4 s', 'client', ipv4, 'www.short.example', true);
    await until('the entry expires', 10_000, async () =>
      (await this.#gluewall.lookup(ipv4)).known ? undefined : true,
    );
    await this.#passes('client asks it after they expired', 'client', ipv4, 'www.short.example', false);
  }

  /** Kills the controller: known servers and the resolver go on; unknown ones pass after a while, or never. */
  async #controllerLost(onFailure: 'open' | 'closed'): Promise<void> {
    const name = `controller killed, on_failure ${onFailure}:`;
    await this.#passes(`${name} before it, a learned name server`, 'client', hosts.corp.ipv4, 'www.corp.example', true);
    await this.#gluewall.kill();
    const killedAtMs = performance.now();
    await this.#passes(`${name} a learned name server`, 'client', hosts.corp.ipv4, 'www.corp.example', true);
    const resolved = await this.#ask('client', hosts.resolver.ipv4, `${onFailure}.bank.test`);
    const observed = resolved.answered ? `answered ${resolved.rcode}` : 'no answer';
    this.#row(`${name} the resolver asks a new name`, 'answered NXDOMAIN', observed, resolved.rcode === 'NXDOMAIN');
    await this.#passes(`${name} an unknown address at first`, 'bot', hosts.evil.ipv4, 'order.evil.test', false);
    const passedAfterMs = await this.#probeUntil(killedAtMs + FAIL_OPEN_LIMIT_MS + PROBE_MS, killedAtMs);
    const later = passedAfterMs === undefined ? 'block' : `pass after ${(passedAfterMs / 1000).toFixed(1)} s`;
    const expected = onFailure === 'open' ? 'pass within 15 s' : 'block';
    const ok = onFailure === 'open' ? passedAfterMs !== undefined : passedAfterMs === undefined;
    this.#row(`${name} an unknown address later`, expected, later, ok);
    await this.#passes(
      `${name} in the end, a learned name server`,
      'client',
      hosts.corp.ipv4,
      'www.corp.example',
      true,
    );
  }

  /** Asks the unknown address until it answers or the time is over; when it answered, after the kill. */
  async #probeUntil(deadlineMs: number, sinceMs: number): Promise<number | undefined> {
    while (performance.now() < deadlineMs) {
      const { answered } = await this.#ask('bot', hosts.evil.ipv4, 'order.evil.test');
      if (answered) return performance.now() - sinceMs;
    }
    return undefined;
  }

  /** The second half: controller loss closes the way, and any response that matches a query teaches. */
  async #restartClosed(): Promise<void> {
    await this.#world.restartGluewall({ on_failure: 'closed', teach: 'matched', hold: { time: RACE_HOLD } });
    await this.#world.internet.flushResolver();
    for (const name of ['www.corp.example', 'www.bank.test']) await this.#ask('client', hosts.resolver.ipv4, name);
    await until('the history has learned again', 3000, async () =>
      (await this.#gluewall.lookup(hosts.test.ipv4)).known ? true : undefined,
    );
  }

  /** The query comes first, a little before the one whose referral names its destination: so there is always something to hold. */
  async #raceIsHeld(): Promise<void> {
    const { ipv4 } = hosts.fresh;
    const since = this.#gluewall.log.length;
    const name = 'www.fresh.test';
    const queries = [
      { server: ipv4, name },
      { server: hosts.test.ipv4, name },
    ];
    const [early] = await this.#world.internet.burst('client', {
      queries,
      pace: 'together',
      gapMs: RACE_LEAD_MS,
      recursionDesired: false,
    });
    const line = await this.#gluewall.logged('a verdict', since, ({ destination }) => destination === ipv4);
    const heldMs = Number(line.heldMs);
    const observed = `${early?.answered === true ? 'pass' : 'block'}, held ${heldMs.toFixed(1)} ms`;
    const ok = early?.answered === true && heldMs > 0;
    this.#row('a query ahead of the referral that names its destination', 'held and released', observed, ok);
  }

  async #blockedQueryTeachesNothing(): Promise<void> {
    const { ipv4 } = hosts.evil;
    const asked = await this.#ask('bot', ipv4, 'evil.test', false, 'NS');
    const { known } = await this.#gluewall.lookup(ipv4);
    const observed = `${asked.answered ? 'pass' : 'block'}, ${known ? 'learned' : 'not learned'}`;
    this.#row(
      'bot tries to teach by a blocked query',
      'block, not learned',
      observed,
      observed === 'block, not learned',
    );
  }

  async #switchAcceptedEverything(): Promise<void> {
    const { openflowErrors } = await this.#gluewall.status();
    const observed = `${openflowErrors} OpenFlow errors`;
    this.#row('the switch accepts every message', '0 OpenFlow errors', observed, openflowErrors === 0);
  }

  async #passes(
    what: string,
    host: 'client' | 'bot',
    server: string,
    name: string,
    expected: boolean,
    tcp = false,
  ): Promise<void> {
    const { answered } = await this.#ask(host, server, name, tcp);
    this.#row(what, expected ? 'pass' : 'block', answered ? 'pass' : 'block', answered === expected);
  }

  #ask(host: 'client' | 'bot', server: string, name: string, tcp = false, type = 'A') {
    return this.#world.internet.dig(host, { server, name, tcp, type });
  }

  #row(name: string, expected: string, observed: string, ok: boolean): void {
    this.#onRow({ case: name, expected, observed, ok });
  }
}
