/** Real DNS servers log what dnsperf asks them, and write dnstap; the query log of a real gluewall holds exactly that. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import type { EntryView } from '../../src/services/log-view.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { answerOf, LoggingServers, SERVERS, type ServerName, zoneOf } from '../support/logging-servers.ts';
import { asks, STRANGER } from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
/** What a source brings is to be found within this time; a reader waits 5 s for what else is said of a query. */
const FOUND_MS = 30_000;
const QUERIES = 600;
const RATE = 400;

describeIf(NEEDS, 'the query log of servers that run', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const logs = join(directory, 'logs');
  const dnstapSocket = join(directory, 'dnstap.sock');
  const config = {
    store: { file: join(directory, 'gluewall.db'), flush: '100ms' },
    dnstap: { listen: dnstapSocket },
    querylog: {
      sources: SERVERS.map((server) => ({
        name: server,
        file: LoggingServers.logOf(logs, server),
        zone: 'UTC',
        server: hosts.bot.ipv4,
      })),
    },
  };
  const world = gatedInternet(config);
  let servers: LoggingServers;
  beforeAll(async () => {
    servers = new LoggingServers(world().internet, logs, dnstapSocket);
    await servers.start();
  });
  afterAll(async () => {
    await servers?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const search = async (question: Partial<ControlRequest & { readonly operation: 'log search' }>) => {
    const request = { operation: 'log search', limit: 100_000, ...question } as ControlRequest;
    const found: EntryView[] = [];
    for await (const item of askControl(world().gluewall.socketPath, request)) found.push(item as EntryView);
    return found;
  };
  /** Resolves with the entries of a source below a zone once there are as many as were asked. */
  const entriesOf = async (source: string, zone: string, count: number) => {
    let found: EntryView[] = [];
    await until(`${count} entries of ${source}`, FOUND_MS, async () => {
      found = await search({ source, zone });
      return found.length >= count ? true : undefined;
    }).catch((error: Error) => {
      throw new Error(`${error.message}: there are ${found.length}`);
    });
    return found;
  };
  const namesOf = (entries: readonly EntryView[]) => entries.map(({ name }) => name.toLowerCase()).sort();
  const namesIn = (zone: string, label: string) =>
    Array.from({ length: QUERIES }, (_, index) => `${label}${index}.${zone}`);
  const ask = (server: ServerName, names: readonly string[]) => servers.ask(server, names, RATE);

  for (const server of ['bind', 'unbound'] as const) {
    it(`has what ${server} tells by dnstap, each query once, with its answer`, async () => {
      const names = namesIn(zoneOf(server), 'tap');
      await ask(server, names);
      const found = await entriesOf(`dnstap/${server}`, zoneOf(server), QUERIES);
      expect(namesOf(found)).toEqual([...names].sort());
      const { client, type, responseCode, answers } = found[0]!;
      expect({ client, type, responseCode, answers }).toEqual({
        client: hosts.client.ipv4,
        type: 'A',
        responseCode: 'NOERROR',
        answers: [answerOf(server)],
      });
    });
  }

  it.each(SERVERS)('has what %s logs, each query once, through kill -9 and rotation', async (server) => {
    const zone = zoneOf(server);
    const [first, second] = [namesIn(zone, 'kill'), namesIn(zone, 'turn')];
    const asked = ask(server, first);
    await until('some of it is in the log', FOUND_MS, async () =>
      (await search({ source: server, zone })).length > 0 ? true : undefined,
    );
    await world().gluewall.kill();
    await asked;
    // Nobody follows the file while it is renamed; BIND does that itself, again and again.
    if (server !== 'bind') await servers.rotate(server);
    await world().restartGluewall(config);
    await ask(server, second);
    const before = server === 'dnsmasq' ? [] : namesIn(zone, 'tap');
    const names = [...before, ...first, ...second];
    const found = await entriesOf(server, zone, names.length);
    expect(namesOf(found)).toEqual([...names].sort());
    expect(new Set(found.map(({ client }) => client))).toEqual(new Set([hosts.client.ipv4]));
    if (server !== 'bind') expect(new Set(found.flatMap(({ answers }) => answers))).toEqual(expectedAnswers(server));
  });

  it('goes on behind a log that was copied and truncated', async () => {
    await servers.copyAndTruncate('dnsmasq');
    const names = namesIn(zoneOf('dnsmasq'), 'cut');
    await ask('dnsmasq', names);
    const found = await entriesOf('dnsmasq', zoneOf('dnsmasq'), 3 * QUERIES);
    expect(found).toHaveLength(3 * QUERIES);
    expect(namesOf(found.filter(({ name }) => name.startsWith('cut')))).toEqual([...names].sort());
  });

  it('answers who asked for a name, what a client asked, who was told an address', async () => {
    const name = `turn7.${zoneOf('dnsmasq')}`;
    expect((await search({ name })).map(({ source }) => source)).toEqual(['dnsmasq']);
    const told = await search({ answer: answerOf('dnsmasq'), limit: 5000 });
    expect(told).toHaveLength(3 * QUERIES);
    const client = await search({ client: hosts.client.ipv4, source: 'dnsmasq' });
    expect(client).toHaveLength(3 * QUERIES);
  });

  it('marks what the gate blocked', async () => {
    expect(await asks(world(), 'client', STRANGER)).toBe(false);
    const found = await entriesOf('gate', STRANGER.name, 1);
    expect(found[0]).toMatchObject({ mark: 'blocked', client: hosts.client.ipv4, server: STRANGER.server });
  });
});

/** Unbound does not log the addresses that it answers with. */
function expectedAnswers(server: ServerName): ReadonlySet<string> {
  return new Set(server === 'dnsmasq' ? [answerOf(server)] : []);
}
