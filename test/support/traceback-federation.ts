import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { exited, type ProgramResult } from '../../mininet/child.ts';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { gluewall } from './gluewall-command.ts';
import { LabFederation } from './lab-federation.ts';

/** The shop has the log of its authoritative server, the transit network that of a resolver, the office that of a forwarder. */
export const ORGANISATIONS = ['shop', 'transit', 'office'] as const;
export type Organisation = (typeof ORGANISATIONS)[number];

export const VICTIM = 'www.shop.example';
export const BOT = '192.0.2.66';
export const BYSTANDER = '192.0.2.11';
const SERVERS = { shop: '198.51.100.53', transit: '203.0.113.53', office: '192.0.2.53' } as const;
const ZONES = ['shop.example'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A command that is under way. */
export interface RunningCommand {
  readonly ended: Promise<ProgramResult>;
  said(): string;
  kill(signal: NodeJS.Signals): void;
}

/** Three nodes as processes of their own, on loopback, with TLS and small logs of an attack a minute ago. */
export class TracebackFederation {
  readonly attackAt: string;
  readonly running = new Map<Organisation, GluewallProcess>();
  readonly ports: Readonly<Record<Organisation, number>>;
  readonly #lab: LabFederation;
  readonly #folder = mkdtempSync(join(tmpdir(), 'gluewall-nodes-'));
  readonly #attackMs: number;
  readonly #tls = new Map<Organisation, { readonly key: string; readonly certificate: string; readonly ca: string }>();

  private constructor(lab: LabFederation, ports: Readonly<Record<Organisation, number>>) {
    this.#lab = lab;
    this.ports = ports;
    this.#attackMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
    this.attackAt = new Date(this.#attackMs).toISOString();
  }

  static async start(): Promise<TracebackFederation> {
    const [shop, transit, office] = await freePorts(3);
    const federation = new TracebackFederation(await LabFederation.make(), {
      shop: shop!,
      transit: transit!,
      office: office!,
    });
    try {
      for (const organisation of ORGANISATIONS) {
        await federation.#prepare(organisation);
        await federation.begin(organisation);
      }
      return federation;
    } catch (error) {
      await federation.remove();
      throw error;
    }
  }

  get ca(): string {
    return join(this.#lab.directory, 'ca.pem');
  }

  folder(organisation: Organisation): string {
    return join(this.#folder, organisation);
  }

  /** Starts a node that does not run. */
  async begin(organisation: Organisation): Promise<void> {
    const node = await GluewallProcess.start(this.folder(organisation), this.config(organisation), 'node');
    this.running.set(organisation, node);
  }

  /** `changes` go into the peers of a node. */
  config(organisation: Organisation, changes: object = {}): object {
    const peers = {
      shop: [this.#peer('transit', { names: ['.'] })],
      transit: [this.#peer('shop', { zones: ZONES }), this.#peer('office', { requests: [] })],
      office: [this.#peer('transit', { names: ['.'] })],
    }[organisation];
    const roles = { shop: { zones: ZONES }, transit: { forwarder: true }, office: { clients: ['192.0.2.0/24'] } };
    return {
      control: { socket: join(this.folder(organisation), 'control.sock') },
      node: {
        name: nameOf(organisation),
        listen: `127.0.0.1:${this.ports[organisation]}`,
        tls: this.#tls.get(organisation),
        servers: [SERVERS[organisation]],
        ...roles[organisation],
        peers: peers.map((peer) => ({ ...peer, ...changes })),
      },
    };
  }

  /** Writes the configuration of a node anew and tells it so. */
  reload(organisation: Organisation, config: object): void {
    this.#write(organisation, config);
    process.kill(this.running.get(organisation)!.pid!, 'SIGHUP');
  }

  /** Runs `gluewall` where a node runs. */
  command(organisation: Organisation, ...words: readonly string[]): Promise<ProgramResult> {
    return gluewall(process.env, ...words, ...this.#where(organisation));
  }

  /** `traceback request` at the shop. */
  request(source: string, ...more: readonly string[]): Promise<ProgramResult> {
    return this.command('shop', ...this.#requestWords(source), ...more);
  }

  /** As `request`, without waiting for its end. */
  beginRequest(source: string, ...more: readonly string[]): RunningCommand {
    const program = repositoryPath('dist', 'src', 'cli', 'main.js');
    const words = [program, ...this.#requestWords(source), ...more, ...this.#where('shop')];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = exited(child).then(() => ({ status: child.exitCode ?? -1, stdout, stderr }));
    return { ended, said: () => stderr, kill: (signal) => child.kill(signal) };
  }

  async remove(): Promise<void> {
    await Promise.all([...this.running.values()].map((node) => node.kill()));
    this.#lab.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #requestWords(source: string): readonly string[] {
    return ['traceback', 'request', '--name', VICTIM, '--at', this.attackAt, '--source', source];
  }

  #where(organisation: Organisation): readonly string[] {
    const folder = this.folder(organisation);
    return ['--config', join(folder, 'gluewall.yaml')];
  }

  async #prepare(organisation: Organisation): Promise<void> {
    const { key, certificate, ca } = await this.#lab.files(nameOf(organisation));
    this.#tls.set(organisation, { key, certificate, ca });
    mkdirSync(this.folder(organisation));
    this.#write(organisation, this.config(organisation));
    const log = join(this.folder(organisation), 'queries.log');
    writeFileSync(log, this.#log(organisation));
    const config = join(this.folder(organisation), 'gluewall.yaml');
    const { status, stderr } = await gluewall(process.env, 'log', 'import', log, '--zone', 'UTC', '--config', config);
    if (status !== 0) throw new Error(stderr);
  }

  #write(organisation: Organisation, config: object): void {
    const folder = this.folder(organisation);
    const store = { file: join(folder, 'gluewall.db') };
    writeFileSync(join(folder, 'gluewall.yaml'), stringify({ store, ...config }));
  }

  #peer(organisation: Organisation, more: object): object {
    const url = `https://127.0.0.1:${this.ports[organisation]}`;
    return { name: nameOf(organisation), url, servers: [SERVERS[organisation]], ...more };
  }

  /** Twenty hours before, and right before the attack. Other names were asked for in between. */
  #log(organisation: Organisation): string {
    const times = [-72_000_000, -2000, -1000];
    if (organisation === 'shop')
      return times
        .slice(0, 2)
        .map((offset) => this.#bindLine(offset))
        .join('');
    const line = this.#unboundLine;
    if (organisation === 'transit')
      return times
        .slice(0, 2)
        .map((offset) => line(offset, SERVERS.office, VICTIM))
        .join('');
    const others = Array.from({ length: 40 }, (_, index) =>
      line(-36_000_000 + index * 600_000, `192.0.2.${10 + index}`, 'www.example.org'),
    );
    return [
      line(times[0]!, '192.0.2.12', VICTIM),
      ...others,
      line(times[1]!, BOT, VICTIM),
      line(times[2]!, BYSTANDER, VICTIM),
    ].join('');
  }

  #bindLine(offsetMs: number): string {
    const [day, time] = new Date(this.#attackMs + offsetMs).toISOString().replace('Z', '').split('T') as [
      string,
      string,
    ];
    const [year, month, date] = day.split('-') as [string, string, string];
    const written = `${date}-${MONTHS[Number(month) - 1]}-${year} ${time}`;
    return `${written} queries: info: client @0x7f2c04000b01 ${SERVERS.transit}#53211 (${VICTIM}): query: ${VICTIM} IN A -E(0)D (${SERVERS.shop})\n`;
  }

  readonly #unboundLine = (offsetMs: number, client: string, name: string): string =>
    `[${Math.floor((this.#attackMs + offsetMs) / 1000)}] unbound[100:0] info: ${client} ${name}. A IN\n`;
}

export function nameOf(organisation: Organisation): string {
  return `node.${organisation}.example`;
}

/** Ports of loopback that nobody has at the moment. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
