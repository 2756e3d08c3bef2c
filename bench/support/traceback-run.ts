import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { stopChild } from '../../mininet/child.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { DAY_MS, systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { NodeCertificates } from '../../src/traceback/http/node-certificates.ts';
import { PeerClient } from '../../src/traceback/http/peer-client.ts';
import type { TracebackAnswer, TracebackRequest } from '../../src/traceback/messages.ts';
import type { Peer } from '../../src/traceback/node-options.ts';

/** Nodes in the order in which they are asked: a destination, a forwarder and a source, each with the address of its DNS server. */
const NODES = [
  { name: 'destination.example', server: '198.51.100.53' },
  { name: 'forwarder.example', server: '203.0.113.53' },
  { name: 'source.example', server: '192.0.2.53' },
] as const;
/** Who asks. */
const VICTIM = 'victim.example';
const BOT = '192.0.2.66';
/** A log of this size spans a day before the attacks; every name was asked for by chance, too. */
const ENTRIES = 300_000;
const CLIENTS = 200;
const FIRST_PORT = 18_853;
const TIME_LIMIT_MS = 10_000;
const main = repositoryPath('dist', 'src', 'cli', 'main.js');

/**
 * Milliseconds of `count` tracebacks over three `gluewall node` processes on loopback, each of a name of its own, behind
 * `warmUp` ones that are not counted; and those of requests to the source alone, one after each.
 */
export async function timeTracebacks(folder: string, count: number, warmUp: number, say: (line: string) => void) {
  const pki = join(folder, 'pki');
  await run(['pki', 'init', '--dir', pki, '--node', VICTIM, ...NODES.map(({ name }) => name)]);
  const attackAtMs = Math.floor(systemClock.nowMs()) - 3_600_000;
  const configs = NODES.map((_, index) => writeConfig(folder, pki, index));
  for (const [index, config] of configs.entries()) {
    const log = join(folder, `${index}.log`);
    await writeLog(log, index, count + warmUp, attackAtMs);
    await run(['log', 'import', log, '--format', 'bind', '--zone', 'UTC', '--config', config]);
    say(`${NODES[index]!.name}: ${ENTRIES} entries in its log`);
  }
  const nodes: ChildProcess[] = configs.map((config) =>
    spawn(process.execPath, [main, 'node', '--config', config], { stdio: 'ignore' }),
  );
  const files = { key: `${VICTIM}-key.pem`, certificate: `${VICTIM}-cert.pem`, ca: 'ca-cert.pem' } as const;
  const paths = { key: join(pki, files.key), certificate: join(pki, files.certificate), ca: join(pki, files.ca) };
  const certificates = new NodeCertificates(VICTIM, paths, systemClock, silentLog);
  const client = new PeerClient({ certificates, clock: systemClock });
  const ask = async (index: number, attack: number) => {
    const startedAtMs = performance.now();
    const request = requestFor(index, attack, attackAtMs);
    const answer = await client.ask(peerOf(index), request, AbortSignal.timeout(TIME_LIMIT_MS));
    return { answer, ms: performance.now() - startedAtMs };
  };
  try {
    await until('all nodes answer', 30_000, async () => {
      const answers = await Promise.all(NODES.map((_, index) => ask(index, 0).catch(() => undefined)));
      return answers.every((one) => one !== undefined) ? true : undefined;
    });
    const whole: number[] = [];
    const single: number[] = [];
    for (let attack = 0; attack < count + warmUp; attack++) {
      const three = await ask(0, attack);
      expectBot(three.answer);
      const one = await ask(NODES.length - 1, attack);
      expectBot(one.answer);
      if (attack < warmUp) continue;
      whole.push(three.ms);
      single.push(one.ms);
    }
    return { whole, single };
  } finally {
    client.stop();
    await Promise.all(nodes.map((node) => stopChild(node)));
  }
}

function expectBot({ reports, gaps }: TracebackAnswer): void {
  const hosts = reports.flatMap((report) => report.hosts.map(({ address }) => address));
  if (!hosts.includes(BOT) || gaps.length > 0)
    throw new Error(`the bot was not found: ${JSON.stringify({ reports, gaps })}`);
}

function requestFor(index: number, attack: number, attackAtMs: number): TracebackRequest {
  return {
    kind: 'traceback',
    request: crypto.randomUUID(),
    case: crypto.randomUUID(),
    sentAt: new Date().toISOString(),
    path: [VICTIM],
    hopLimit: 8,
    timeLimitMs: TIME_LIMIT_MS,
    name: victimName(attack),
    at: new Date(attackAtMs).toISOString(),
    window: { beforeMs: 5000, afterMs: 1000 },
    servers: index === 0 ? [] : [NODES[index]!.server],
    ground: { override: 'a benchmark' },
  };
}

const victimName = (attack: number) => `www${attack}.shop.example`;

function peerOf(index: number): Peer {
  const { name } = NODES[index]!;
  const url = `https://127.0.0.1:${FIRST_PORT + index}`;
  return { name, url, servers: [], zones: [], requests: [], names: [], perMinute: 0, perDay: 0 };
}

function writeConfig(folder: string, pki: string, index: number): string {
  const { name, server } = NODES[index]!;
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const next = NODES[index + 1];
  const asks = (peer: string) => ({ name: peer, names: ['.'], per_minute: 1_000_000, per_day: 1_000_000 });
  const before = index === 0 ? [] : [asks(NODES[index - 1]!.name)];
  const behind = next === undefined ? [] : [{ name: next.name, url: peerOf(index + 1).url, servers: [next.server] }];
  const part = [{ zones: ['shop.example'] }, { forwarder: true }, { clients: ['192.0.2.0/24'] }][index];
  const node = {
    name,
    listen: `127.0.0.1:${FIRST_PORT + index}`,
    tls: {
      key: join(pki, `${name}-key.pem`),
      certificate: join(pki, `${name}-cert.pem`),
      ca: join(pki, 'ca-cert.pem'),
    },
    servers: [server],
    ...part,
    peers: [asks(VICTIM), ...before, ...behind],
  };
  const file = join(own, 'gluewall.yaml');
  const store = { file: join(own, 'gluewall.db') };
  writeFileSync(file, stringify({ store, control: { socket: join(own, 'control.sock') }, node }));
  return file;
}

/** Lines of BIND: a day of chance, and each victim's name once, right before its attack. */
async function writeLog(file: string, index: number, attacks: number, attackAtMs: number): Promise<void> {
  const askers = NODES[index + 1];
  const client = (number: number) => askers?.server ?? `192.0.2.${(number % CLIENTS) + 1}`;
  const stream = createWriteStream(file);
  const stepMs = DAY_MS / ENTRIES;
  for (let entry = 0; entry < ENTRIES; entry++) {
    const atMs = attackAtMs - DAY_MS + entry * stepMs;
    const name = entry % 2 === 0 ? victimName((entry / 2) % attacks) : `host${entry % 5000}.other.example`;
    if (!stream.write(bindLine(atMs, client(entry * 7), name))) await once(stream, 'drain');
  }
  for (let attack = 0; attack < attacks; attack++) {
    stream.write(bindLine(attackAtMs - 1000, askers?.server ?? BOT, victimName(attack)));
  }
  stream.end();
  await once(stream, 'finish');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function bindLine(atMs: number, client: string, name: string): string {
  const [date, time] = new Date(atMs).toISOString().split('T') as [string, string];
  const [year, month, day] = date.split('-') as [string, string, string];
  const when = `${day}-${MONTHS[Number(month) - 1]}-${year} ${time.slice(0, 12)}`;
  return `${when} queries: info: client @0x7f0000000000 ${client}#40000 (${name}): query: ${name} IN A +E(0) (192.0.2.53)\n`;
}

async function run(words: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [main, ...words], { maxBuffer: 64 * 1024 * 1024 });
}
