/** `gluewall run` and `gluewall log` on a query log in MariaDB, as they are typed. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { MariadbServer, PASSWORD } from '../support/mariadb-server.ts';

const SOON_MS = 40_000;

/** Lines of BIND, some of them of yesterday. */
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => {
    const time = new Date(Date.now() - (index % 2) * 86_400_000).toISOString();
    const name = `h${from + index}.example.com`;
    return `${time} queries: info: client @0x7f2c04000b01 192.0.2.1#53211 (${name}): query: ${name} IN A +E(0)K (192.0.2.53)\n`;
  }).join('');

describeIf(['root', 'mariadb'], 'a gluewall whose query log is in MariaDB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-mariadb-log-'));
  const at = (name: string) => join(folder, name);
  let server: MariadbServer;
  let running: GluewallProcess | undefined;

  const log = (...args: readonly string[]) => gluewall(process.env, 'log', ...args, '--config', at('gluewall.yaml'));
  const namesIn = async (source: string): Promise<string[]> => {
    const { stdout } = await log('search', '--source', source, '--limit', '5000', '--json');
    return JSON.parse(stdout).entries.map(({ name }: { readonly name: string }) => name);
  };
  const whenThere = (source: string, count: number) =>
    until(`${count} entries of ${source}`, SOON_MS, async () => {
      const found = await namesIn(source).catch(() => []);
      return found.length >= count ? found : undefined;
    });

  beforeAll(async () => {
    server = await MariadbServer.start();
  });

  afterAll(async () => {
    await running?.kill();
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('follows, imports and finds, each line once, also after kill -9', { timeout: 120_000 }, async () => {
    const { user, host, port, database } = (await server.newDatabase()).place;
    writeFileSync(at('password'), PASSWORD);
    const settings = {
      store: { kind: 'mariadb', url: `mysql://${user}@${host}:${port}/${database}`, password_file: at('password') },
      control: { socket: at('control.sock') },
      openflow: { listen: '127.0.0.1:0' },
      querylog: { sources: [{ name: 'ns1', file: at('q.log'), format: 'bind', zone: 'UTC' }] },
    };
    const start = async () => {
      running = await GluewallProcess.start(folder, settings);
    };
    writeFileSync(at('q.log'), lines(0, 500));
    await start();
    await whenThere('ns1', 500);
    appendFileSync(at('q.log'), lines(500, 1500));
    await running!.kill();
    writeFileSync(at('old.log'), lines(0, 300));
    const whileStopped = await log('import', at('old.log'), '--zone', 'UTC');
    expect(whileStopped.stdout).toContain('300 entries taken in as old.log');
    await start();
    const names = await whenThere('ns1', 1500);
    expect(names).toHaveLength(1500);
    expect(new Set(names).size).toBe(1500);
    appendFileSync(at('old.log'), lines(300, 400));
    const whileRunning = await log('import', at('old.log'), '--zone', 'UTC');
    expect(whileRunning.stdout).toContain('100 entries taken in as old.log');
    expect(new Set(await namesIn('old.log')).size).toBe(400);
    const { stdout } = await log('search', '--name', 'H7.example.com', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ count: 2, entries: [{ client: '192.0.2.1' }, { type: 'A' }] });
    const sources = JSON.parse((await log('sources', '--json')).stdout);
    expect(sources).toMatchObject([
      { source: 'ns1', entries: 1500 },
      { source: 'old.log', entries: 400 },
    ]);
  });
});
