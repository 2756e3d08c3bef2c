/** A TCP client and servers of the kernel, in network namespaces of their own on both sides of a bridge. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram, stopChild } from '../../mininet/child.ts';
import { until } from '../../mininet/until.ts';
import { type TcpExchange, tcpClientCommand } from './tcp-client.ts';

/** Takes connections and writes a line for each when it ends: what came, in hexadecimal, and how it ended. */
const RECORDER = `
import socket, sys, threading
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], 53))
listener.listen()
def record(sock):
    came = b''
    try:
        while True:
            piece = sock.recv(65535)
            if not piece: how = 'end'; break
            came += piece
    except ConnectionResetError: how = 'reset'
    print(came.hex(), how, flush=True)
print('ready', flush=True)
while True:
    threading.Thread(target=record, args=(listener.accept()[0],), daemon=True).start()
`;

const PYTHON = '/usr/bin/python3';
const WAIT_MS = 10_000;
export const ENDS = {
  client: {
    namespace: 'gwtcp-c',
    ipv4: ['192.0.2.10'],
    ipv6: '2001:db8:1::10',
    route: ['198.51.100.0/24', '2001:db8:2::/64'],
  },
  server: {
    namespace: 'gwtcp-s',
    ipv4: ['198.51.100.53', '198.51.100.54'],
    ipv6: '2001:db8:2::53',
    route: ['192.0.2.0/24', '2001:db8:1::/64'],
  },
} as const;
/** TCP Fast Open without cookies, for the client and for its server. */
const FAST_OPEN = 0x1 | 0x2 | 0x4 | 0x200 | 0x400;

const ZONE = `example.org. 3600 IN SOA ns.example.org. hostmaster.example.org. 1 3600 600 86400 60
example.org. 3600 IN NS ns.example.org.
ns.example.org. 3600 IN A 198.51.100.53
www.example.org. 300 IN A 198.51.100.80
`;

export class TcpEnds {
  readonly #directory: string;
  readonly #children: ChildProcess[] = [];
  /** A line for each connection that the recorder has seen the end of. */
  readonly recorded: string[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Moves the interfaces into the namespaces and starts nsd on the first address of the server, a recorder on the second. */
  static async start(clientInterface: string, serverInterface: string): Promise<TcpEnds> {
    const ends = new TcpEnds(await mkdtemp(join(tmpdir(), 'gluewall-')));
    try {
      await makeEnd(ENDS.client, clientInterface);
      await makeEnd(ENDS.server, serverInterface);
      await Promise.all([ends.#startNsd(), ends.#startRecorder()]);
    } catch (error) {
      await ends.stop();
      throw error;
    }
    return ends;
  }

  /** What the client is answered, as `tcpClientCommand` says it. */
  async exchange(exchange: TcpExchange): Promise<string> {
    const { stdout, stderr } = await inNamespace(ENDS.client.namespace, tcpClientCommand(exchange));
    if (stdout === '') throw new Error(`the client failed: ${stderr}`);
    return stdout.trim();
  }

  /** The line that the recorder writes next behind the first `count`. */
  recordBehind(count: number): Promise<string> {
    return until('the end of a connection', WAIT_MS, () => this.recorded[count]);
  }

  async stop(): Promise<void> {
    for (const child of this.#children) await stopChild(child);
    for (const { namespace } of Object.values(ENDS)) await runProgram('ip', ['netns', 'del', namespace], process.env);
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #startRecorder(): Promise<void> {
    const { namespace, ipv4 } = ENDS.server;
    const child = this.#spawn(['netns', 'exec', namespace, PYTHON, '-c', RECORDER, ipv4[1]]);
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const lines = text.split('\n');
      text = lines.pop()!;
      this.recorded.push(...lines);
    });
    await until('the recorder', WAIT_MS, () => this.recorded.shift());
  }

  async #startNsd(): Promise<void> {
    const { namespace, ipv4, ipv6 } = ENDS.server;
    const file = join(this.#directory, 'nsd.conf');
    await writeFile(join(this.#directory, 'zone'), ZONE);
    const own = ['pidfile', 'xfrdfile', 'zonelistfile'].map((name) => `  ${name}: "${join(this.#directory, name)}"`);
    const server = [
      `  ip-address: ${ipv4[0]}`,
      `  ip-address: ${ipv6}`,
      '  username: ""',
      '  chroot: ""',
      '  database: ""',
    ];
    const zone = `zone:\n  name: "example.org"\n  zonefile: "${join(this.#directory, 'zone')}"`;
    const xfrdir = `  xfrdir: "${this.#directory}"`;
    const lines = ['server:', ...server, ...own, xfrdir, 'remote-control:', '  control-enable: no', zone];
    await writeFile(file, `${lines.join('\n')}\n`);
    this.#spawn(['netns', 'exec', namespace, 'nsd', '-d', '-c', file]);
    const ask = ['dig', `@${ipv4[0]}`, 'www.example.org', '+tries=1', '+time=1'];
    await until('nsd', WAIT_MS, async () => ((await inNamespace(namespace, ask)).status === 0 ? true : undefined));
  }

  #spawn(args: readonly string[]): ChildProcess {
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#children.push(child);
    return child;
  }
}

async function makeEnd(
  { namespace, ipv4, ipv6, route }: (typeof ENDS)['client' | 'server'],
  name: string,
): Promise<void> {
  await ip('netns', 'add', namespace);
  await ip('link', 'set', name, 'netns', namespace);
  const here = (...args: string[]) => ip('-n', namespace, ...args);
  await setInNamespace(namespace, `net/ipv6/conf/${name}/disable_ipv6`, 0);
  await setInNamespace(namespace, 'net/ipv4/tcp_fastopen', FAST_OPEN);
  await inNamespace(namespace, ['ethtool', '-K', name, 'tx', 'off', 'tso', 'off', 'gso', 'off']);
  for (const address of ipv4) await here('addr', 'add', `${address}/24`, 'dev', name);
  await here('addr', 'add', `${ipv6}/64`, 'dev', name, 'nodad');
  for (const link of ['lo', name]) await here('link', 'set', link, 'up');
  for (const network of route) await here('route', 'add', network, 'dev', name);
}

async function setInNamespace(namespace: string, name: string, value: number): Promise<void> {
  const { status, stderr } = await inNamespace(namespace, ['sh', '-c', `echo ${value} > /proc/sys/${name}`]);
  if (status !== 0) throw new Error(stderr);
}

function inNamespace(namespace: string, command: readonly string[]) {
  return runProgram('ip', ['netns', 'exec', namespace, ...command], process.env);
}

async function ip(...args: string[]): Promise<void> {
  const { status, stderr } = await runProgram('ip', args, process.env);
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}
