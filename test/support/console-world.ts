/** A gated mini-Internet with a console, the log of a resolver in which bots stand, and a traceback node of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatedInternet } from '../../mininet/gated-internet.ts';
import { hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import { botLog } from './bot-log.ts';
import { LabFederation } from './lab-federation.ts';
import { request } from './operator.ts';

export const CONSOLE_PORT = 8453;
export const CONSOLE_ORIGIN = `http://127.0.0.1:${CONSOLE_PORT}`;
const NODE = 'node.corp.example';
/** They stand in the log of the resolver; the first is a host of the mini-Internet, too. */
export const BOTS = [hosts.bot.ipv4, '192.0.2.67', '192.0.2.68'] as const;
const OTHERS = Array.from({ length: 20 }, (_, index) => `192.0.2.${100 + index}`);
/** Where they get their orders. */
export const COMMAND = 'k7f3q9z.example';
const GROUPED_MS = 60_000;

/** What the tests of the console work in. `stop` is safe twice. */
export class ConsoleWorld {
  readonly internet: GatedInternet;
  readonly #directory: string;
  readonly #lab: LabFederation;
  readonly #config: Readonly<Record<string, unknown>>;

  private constructor(
    internet: GatedInternet,
    directory: string,
    lab: LabFederation,
    config: Readonly<Record<string, unknown>>,
  ) {
    this.internet = internet;
    this.#directory = directory;
    this.#lab = lab;
    this.#config = config;
  }

  static async start(): Promise<ConsoleWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'gluewall-console-'));
    const lab = await LabFederation.make();
    const log = join(directory, 'resolver.log');
    writeFileSync(log, botLog({ untilMs: Date.now(), bots: [...BOTS], others: OTHERS, command: COMMAND }));
    const config = {
      store: { file: join(directory, 'kept.db') },
      console: { listen: `127.0.0.1:${CONSOLE_PORT}` },
      behaviour: { round: '1s', hosts: 1000, pairs: 100_000 },
      querylog: { sources: [{ name: 'resolver', file: log, format: 'unbound', zone: 'UTC' }] },
      node: {
        name: NODE,
        listen: '127.0.0.1:8853',
        tls: await lab.files(NODE),
        servers: [hosts.resolver.ipv4],
        clients: ['192.0.2.0/24'],
      },
    };
    const world = new ConsoleWorld(await GatedInternet.start(directory, config), directory, lab, config);
    await world.#answers();
    return world;
  }

  /** Asks gluewall over its control socket. */
  ask<T>(asked: ControlRequest): Promise<T> {
    return request<T>(this.internet, asked);
  }

  /** The items of a list. */
  async list<T>(asked: ControlRequest): Promise<T[]> {
    const items: T[] = [];
    for await (const item of askControl(this.internet.gluewall.socketPath, asked)) items.push(item as T);
    return items;
  }

  /** Resolves with the id of the group that the bots of the log are in. */
  grouped(): Promise<string> {
    return until('the bots are grouped', GROUPED_MS, async () => {
      const groups = await this.list<{ readonly id: string; readonly hosts: readonly unknown[] }>({
        operation: 'bots',
      });
      return groups.find((group) => group.hosts.length === BOTS.length)?.id;
    });
  }

  /** One query of the bot to its server, which is not let through. */
  async blockedQuery(name: string, server: string = hosts.evil.ipv4): Promise<void> {
    await this.internet.internet.dig('bot', { server, name });
  }

  /** As after a crash of the machine's service: with the same store, at the same place. */
  async restart(): Promise<void> {
    await this.internet.restartGluewall(this.#config);
    await this.#answers();
  }

  async stop(): Promise<void> {
    await this.internet.stop();
    this.#lab.remove();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    await until('the console answers', 20_000, async () => {
      const answer = await fetch(`${CONSOLE_ORIGIN}/api/v1/session`).catch(() => undefined);
      return answer?.status === 401 ? true : undefined;
    });
  }
}
