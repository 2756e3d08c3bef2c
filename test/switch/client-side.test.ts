/** What a gluewall sees of a client whose frames it captures on the way to its resolver. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import type { DnsTcpTables } from '../../src/correlation/dns-tcp/dns-tcp-book.ts';
import type { HostView } from '../../src/services/host-view.ts';
import { describeIf } from '../support/describe-if.ts';

const SOON_MS = 30_000;
const ROOM = `gwclient${process.pid}`;
const CLIENT = '192.0.2.10';
const RESOLVER = '192.0.2.53';
const NAMED = '203.0.113.5';
/** Whom nobody named: a bot that was told addresses. */
const UNNAMED = Array.from({ length: 60 }, (_, index) => `198.51.100.${index + 1}`);

/** Answers every query with one address; says `up` when it listens. */
const SERVER = `
  const { createSocket } = require('node:dgram');
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    query[2] |= 0x80;
    query[7] = 1;
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 5]);
    socket.send([query.subarray(0, query.length), answer], from.port, from.address);
  });
  socket.bind(53, '${RESOLVER}', () => process.stdout.write('up'));
`;

/** Asks for a name, connects to where it leads, and then to all whom nobody named; nobody accepts. */
const BOT = `
  const { createSocket } = require('node:dgram');
  const { connect } = require('node:net');
  const query = Buffer.from('000101000001000000000000' + '03777777' + '076578616d706c65' + '0000010001', 'hex');
  const reach = (host) => new Promise((done) => {
    const socket = connect({ host, port: 8000 });
    socket.on('error', done);
    socket.setTimeout(50, () => { socket.destroy(); done(); });
  });
  const socket = createSocket('udp4');
  socket.send(query, 53, '${RESOLVER}');
  socket.on('message', async () => {
    socket.close();
    await reach('${NAMED}');
    for (const host of ${JSON.stringify(UNNAMED)}) await reach(host);
  });
`;

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

let folder: string;
let server: ChildProcess | undefined;
let running: GluewallProcess | undefined;

describeIf(['root', 'namespaces'], 'a client whose frames are captured', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gluewall-client-'));
    ip('netns', 'add', ROOM);
    ip('link', 'add', 'gwc0', 'type', 'veth', 'peer', 'name', 'gwc1');
    ip('link', 'set', 'gwc1', 'netns', ROOM);
    ip('address', 'add', `${RESOLVER}/24`, 'dev', 'gwc0');
    ip('link', 'set', 'gwc0', 'up');
    ip('-n', ROOM, 'address', 'add', `${CLIENT}/24`, 'dev', 'gwc1');
    ip('-n', ROOM, 'link', 'set', 'gwc1', 'up');
    ip('-n', ROOM, 'route', 'add', 'default', 'via', RESOLVER);
    server = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => server!.stdout!.once('data', resolve));
    running = await GluewallProcess.start(folder, {
      openflow: { listen: '127.0.0.1:0' },
      inside: { networks: ['192.0.2.0/24'] },
      trusted_resolvers: [RESOLVER],
      behaviour: { round: '1s', hosts: 1000, pairs: 100_000, client_side: { interfaces: ['gwc0'] } },
    });
    await until('the capture on the side of the client', SOON_MS, async () =>
      running!.log.some(({ msg }) => msg === 'capturing DNS on gwc0') ? true : undefined,
    );
  }, 60_000);

  afterAll(async () => {
    await running?.kill();
    server?.kill();
    execFileSync('ip', ['netns', 'delete', ROOM]);
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = <V>(request: ControlRequest) => resultOf(askControl(running!.socketPath, request)) as Promise<V>;

  it('is known by its connections, and the answers before them', async () => {
    execFileSync('ip', ['netns', 'exec', ROOM, process.execPath, '-e', BOT], { timeout: 30_000 });
    const tables = await until('all connections', SOON_MS, async () => {
      const seen = await ask<DnsTcpTables>({ operation: 'report dns-tcp' });
      return seen.syns > UNNAMED.length ? seen : undefined;
    });
    expect(tables).toMatchObject({ answers: 1, addressRecords: 1 });
    expect(tables.sameClient).toMatchObject({ withinWindow: 1, withinTtl: 1, ever: 1 });
    const host = await ask<HostView>({ operation: 'host show', host: CLIENT });
    expect(host.hosts).toHaveLength(1);
    expect(host.hosts[0]!.mac).toMatch(/^[\da-f:]{17}$/);
    expect(host.hosts[0]!.evidence.map(({ kind }) => kind)).toContain('syns-without-answer');
    expect(host.unseen.map(({ what }) => what)).not.toContain('syns-without-answer, dns-tcp');
    const status = await ask<{ behaviour: { thread: { events: Record<string, number> } } }>({ operation: 'status' });
    expect(status.behaviour.thread.events).toMatchObject({ query: 1, answer: 1 });
  });

  it('teaches nobody', async () => {
    const { history } = await ask<{ history: { triples: number } }>({ operation: 'status' });
    const { learning } = await ask<{ learning: { pending: { size: number } } }>({ operation: 'status' });
    expect(learning.pending.size).toBe(0);
    expect(history).toBeDefined();
  });
});
