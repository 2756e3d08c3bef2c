/** A MariaDB server of a test's own, in a folder of its own, on loopback. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mariadb';
import type { MariadbAccess } from '../../src/storage/mariadb-connection.ts';

const START_LIMIT_MS = 60_000;
const USER = 'gluewall';
export const PASSWORD = 'a "secret" % password';

export class MariadbServer {
  readonly folder: string;
  readonly port: number;
  readonly #socket: string;
  readonly #arguments: readonly string[];
  /** Whether the folder was made for it. */
  readonly #isOurs: boolean;
  #process: ChildProcess | undefined;
  #databases = 0;
  readonly #endWithUs = () => this.#process?.kill('SIGKILL');

  private constructor(folder: string, port: number, more: readonly string[], isOurs: boolean) {
    this.folder = folder;
    this.#isOurs = isOurs;
    this.port = port;
    this.#socket = join(folder, 'socket');
    this.#arguments = more;
  }

  /** Makes a server in a new folder, or in the empty one that is named, and starts it. */
  static async start(more: readonly string[] = [], folder?: string): Promise<MariadbServer> {
    const home = folder ?? mkdtempSync(join(tmpdir(), 'gluewall-mariadb-'));
    const server = new MariadbServer(home, await freePort(), more, folder === undefined);
    server.#install();
    await server.resume();
    const root = await server.connectAsRoot();
    await root.query(`CREATE USER '${USER}'@'%' IDENTIFIED BY '${PASSWORD}'`);
    await root.query(`GRANT ALL ON \`test\\_%\`.* TO '${USER}'@'%'`);
    await root.end();
    return server;
  }

  #install(): void {
    const [owner, group] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'mysql']).stdout.toString()));
    chmodSync(this.folder, 0o755);
    const data = join(this.folder, 'data');
    mkdirSync(data);
    for (const path of [this.folder, data]) chownSync(path, owner!, group!);
    const made = spawnSync('mariadb-install-db', [
      '--no-defaults',
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      `--datadir=${data}`,
      '--user=mysql',
    ]);
    if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stdout}${made.stderr}`);
  }

  /** Starts the server on what it has, and waits until it answers. */
  async resume(): Promise<void> {
    const child = spawn(
      'mariadbd',
      [
        '--no-defaults',
        '--user=mysql',
        `--datadir=${join(this.folder, 'data')}`,
        `--socket=${this.#socket}`,
        `--port=${this.port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        `--log-error=${join(this.folder, 'log')}`,
        ...this.#arguments,
      ],
      { stdio: 'ignore' },
    );
    this.#process = child;
    process.once('exit', this.#endWithUs);
    const limitMs = Date.now() + START_LIMIT_MS;
    for (;;) {
      const connection = await this.connectAsRoot().catch(() => undefined);
      if (connection !== undefined) return connection.end();
      if (child.exitCode !== null || Date.now() > limitMs) throw new Error(`mariadbd did not start: ${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8').slice(-4000);
  }

  connectAsRoot(): Promise<Connection> {
    return createConnection({ socketPath: this.#socket, user: 'root', connectTimeout: 2000, multipleStatements: true });
  }

  /** A new, empty database, and how to reach it. */
  async newDatabase(): Promise<MariadbAccess> {
    const database = `test_${this.#databases++}`;
    const root = await this.connectAsRoot();
    await root.query(`CREATE DATABASE ${database}`);
    await root.end();
    const place = { host: '127.0.0.1', port: this.port, socketPath: undefined, user: USER, database };
    return { place, password: PASSWORD, tls: false, caFile: undefined };
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends the server at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    process.off('exit', this.#endWithUs);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends the server and takes its folder away, or what it put there. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#isOurs ? this.folder : join(this.folder, 'data'), { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
