/** A resolver that answers from its cache, and dnsperf, which asks it: what our sensor stands beside. */
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './bench-program.ts';
import { type Peer, startOnPort } from './peer.ts';

const ZONE = 'sensor.example';
const ANSWER = '198.51.100.7';
const TTL_SECONDS = 86_400;
const NAMES = 2000;

/** How a resolver tells of its queries: not at all, to a file (queries and replies, a line each), or by dnstap. */
export type Telling = { readonly file: string } | { readonly dnstapSocket: string } | undefined;

export interface LoggedUnbound extends Peer {
  /** Asks for `seconds` at `rate` queries a second, and resolves with how many were answered. Throws when one was not. */
  ask(rate: number, seconds: number): Promise<number>;
  /** Asks for every name once, as fast as it goes: from then on all is in the cache. Resolves with how many were asked. */
  fill(): Promise<number>;
}

/** Starts the server that has the names; resolvers ask it at the port that it resolves with. */
export function startUpstream(call: Bench): Promise<Peer> {
  const data = [
    '  module-config: "iterator"',
    `  local-zone: "${ZONE}." redirect`,
    `  local-data: "${ZONE}. ${TTL_SECONDS} A ${ANSWER}"`,
  ];
  return startUnbound(call, data, []);
}

/** Starts a resolver of one thread. */
export async function startResolver(call: Bench, upstreamPort: number, telling: Telling): Promise<LoggedUnbound> {
  const server = ['  module-config: "iterator"', '  do-not-query-localhost: no', ...fileLines(telling)];
  const clauses = [
    'forward-zone:',
    `  name: "${ZONE}"`,
    `  forward-addr: 127.0.0.1@${upstreamPort}`,
    ...dnstapLines(telling),
  ];
  const peer = await startUnbound(call, server, clauses);
  const questions = join(mkdtempSync(join(call.folder, 'names-')), 'names');
  writeFileSync(questions, Array.from({ length: NAMES }, (_, index) => `host${index}.${ZONE} A\n`).join(''));
  const dnsperf = async (args: readonly string[]) => {
    const all = ['-s', '127.0.0.1', '-p', String(peer.port), '-d', questions, '-c', '4', ...args];
    const { stdout } = await promisify(execFile)('dnsperf', all, { signal: call.signal });
    const count = (what: string) => Number(new RegExp(`Queries ${what}:\\s+(\\d+)`).exec(stdout)?.[1]);
    if (!(count('sent') > 0) || count('sent') !== count('completed')) throw new Error(`dnsperf: ${stdout}`);
    return count('completed');
  };
  return {
    ...peer,
    fill: () => dnsperf(['-n', '1']),
    ask: (rate, seconds) => dnsperf(['-Q', String(rate), '-l', String(seconds)]),
  };
}

function startUnbound(call: Bench, server: readonly string[], clauses: readonly string[]): Promise<Peer> {
  const folder = mkdtempSync(join(call.folder, 'unbound-'));
  const file = join(folder, 'unbound.conf');
  return startOnPort(
    'unbound',
    (port) => {
      const common = [
        'server:',
        `  interface: 127.0.0.1@${port}`,
        '  username: ""',
        '  chroot: ""',
        `  directory: "${folder}"`,
        '  pidfile: ""',
        '  use-syslog: no',
        '  num-threads: 1',
      ];
      writeFileSync(file, [...common, ...server, ...clauses, ''].join('\n'));
      return ['-d', '-c', file];
    },
    call.signal,
  );
}

function fileLines(telling: Telling): readonly string[] {
  if (telling === undefined || !('file' in telling)) return [];
  return [`  logfile: "${telling.file}"`, '  log-queries: yes', '  log-replies: yes'];
}

function dnstapLines(telling: Telling): readonly string[] {
  if (telling === undefined || !('dnstapSocket' in telling)) return [];
  return [
    'dnstap:',
    '  dnstap-enable: yes',
    `  dnstap-socket-path: "${telling.dnstapSocket}"`,
    '  dnstap-identity: "resolver"',
    '  dnstap-send-identity: yes',
    '  dnstap-log-client-query-messages: yes',
    '  dnstap-log-client-response-messages: yes',
  ];
}
