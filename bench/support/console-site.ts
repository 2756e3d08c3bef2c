/** A gluewall with its console, started as a user does, and somebody who is signed in. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import type { Bench } from './bench-program.ts';
import { LOG_RATE } from './gluewall-peer.ts';
import { type Peer, startNode } from './peer.ts';

const START_MS = 60_000;
const TRY_AGAIN_MS = 50;
const PASSWORD = 'a bench has no secrets';

export interface ConsoleSite extends Peer {
  /** Where the console answers, such as `http://127.0.0.1:8453`. */
  readonly origin: string;
  /** Asks over the control socket. */
  ask(request: ControlRequest): Promise<unknown>;
  /** Signs in as a user, who is made where there is none; resolves with the cookie of the session. */
  signIn(user: string): Promise<string>;
}

export interface ConsoleSiteOptions {
  /** A store that is there already; an empty one when left out. */
  readonly store?: string;
  readonly events?: number;
  /** How many addresses of 198.18.0.0/16 are known. */
  readonly known?: number;
}

/** Starts it on free ports of the loopback. */
export async function startConsoleSite(bench: Bench, options: ConsoleSiteOptions = {}): Promise<ConsoleSite> {
  const folder = mkdtempSync(join(bench.folder, 'console-'));
  const file = join(folder, 'gluewall.yaml');
  const socket = join(folder, 'control.sock');
  writeFileSync(file, configOf(folder, options));
  const script = repositoryPath('dist', 'src', 'cli', 'main.js');
  const peer = await startNode([script, 'run', '--config', file, '--socket', socket], switchPortIn, bench.signal);
  const ask = (asked: ControlRequest) => resultOf(askControl(socket, asked, bench.signal));
  try {
    const port = await consolePort(ask, bench.signal);
    const origin = `http://127.0.0.1:${port}`;
    return { ...peer, origin, ask, signIn: (user) => signIn(origin, user, ask) };
  } catch (error) {
    await peer.stop();
    throw error;
  }
}

function switchPortIn(line: string): number | undefined {
  return line.includes('listening for switches') ? JSON.parse(line).port : undefined;
}

async function consolePort(ask: ConsoleSite['ask'], signal: AbortSignal): Promise<number> {
  const untilMs = Date.now() + START_MS;
  while (Date.now() < untilMs) {
    const { console: figures } = (await ask({ operation: 'status' })) as { console?: { port?: number } | null };
    if (typeof figures?.port === 'number') return figures.port;
    await wait(TRY_AGAIN_MS, undefined, { signal });
  }
  throw new Error('the console does not listen');
}

async function signIn(origin: string, user: string, ask: ConsoleSite['ask']): Promise<string> {
  await ask({ operation: 'user add', name: user, role: 'analyst', password: PASSWORD }).catch((error: Error) => {
    if (!error.message.includes(user)) throw error;
  });
  const { cookies } = await call(origin, 'POST', '/api/v1/session', { user, password: PASSWORD });
  const cookie = cookies.map((one) => one.split(';')[0]).find((one) => one?.startsWith('gluewall_session='));
  if (cookie === undefined) throw new Error('signing in gave no cookie');
  return cookie;
}

export interface Called {
  readonly body: string;
  readonly cookies: readonly string[];
  /** From sending the request to the last octet of its answer. */
  readonly tookMs: number;
}

const agent = new Agent({ keepAlive: true });

/** One request to a console. Rejects where the answer is no success. */
export function call(origin: string, method: string, path: string, body?: object, cookie?: string): Promise<Called> {
  const startedAtMs = performance.now();
  const headers = {
    origin,
    'x-gluewall': 'page',
    ...(cookie === undefined ? {} : { cookie }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 300) reject(new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 300)}`));
        const cookies = response.headers['set-cookie'] ?? [];
        resolve({ body: text, cookies, tookMs: performance.now() - startedAtMs });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** As the other benchmarks have it: enforcing without warm-up, budgets wide open. */
function configOf(folder: string, { store, events, known = 0 }: ConsoleSiteOptions): string {
  const seed = Array.from({ length: known }, (_, index) => `198.18.${index >> 8}.${index & 255}`);
  const kept = { file: store ?? join(folder, 'gluewall.db'), ...(events === undefined ? {} : { events }) };
  return [
    'mode: enforce',
    'warmup: 0',
    'inside: { networks: [10.0.0.0/8] }',
    'outside: { ports: [2] }',
    'openflow: { listen: "127.0.0.1:0" }',
    'hold: { time: 0 }',
    'drop_flow: { life: 1s, per_client: 16777216, total: 16777216 }',
    `store: ${JSON.stringify(kept)}`,
    `log: { rate: ${LOG_RATE} }`,
    'console: { listen: "127.0.0.1:0" }',
    `seed: [${seed.join(', ')}]`,
    '',
  ].join('\n');
}
