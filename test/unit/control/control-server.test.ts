import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net, { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { resultOf } from '../../../src/control/answer.ts';
import { askControl as answerOf, isAnswering } from '../../../src/control/control-client.ts';
import { ControlServer } from '../../../src/control/control-server.ts';
import { type ControlRequest, MAX_REQUEST_BYTES } from '../../../src/control/protocol.ts';
import { formatAddress } from '../../../src/core/address.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';
import { formatName } from '../../../src/dns/name.ts';
import { composeMatch } from '../../../src/policy/rule-text.ts';
import { accountServices } from '../../../src/services/account-services.ts';
import type { RuleChangeView, RuleView } from '../../../src/services/rule-services.ts';
import type { Services } from '../../../src/services/services.ts';

const TRIPLE = {
  zone: 'corp.example',
  nameServer: 'ns1.corp.example',
  address: '192.0.2.53',
  origin: 'learned',
  trust: 'referral' as const,
  glue: 'in-domain' as const,
  firstSeen: '2026-11-21T01:00:00.000Z',
  lastSeen: '2026-11-21T02:00:00.000Z',
  expires: '2026-11-21T03:00:00.000Z',
  sightings: 1,
  teachers: [],
  taughtBy: null,
};

const RULE: RuleView = {
  id: '1f3a9c04',
  action: 'allow',
  match: { to: '192.0.2.1' },
  origin: 'command',
  reason: 'test',
  owner: '',
  created: null,
  expires: null,
  hits: 0,
  lastHit: null,
  version: '0123456789abcdef',
};
const ABSENT: RuleChangeView = { outcome: 'absent', kept: true, warnings: [] };

let followers = 0;

const notAsked = (): never => {
  throw new Error('not asked here');
};

const services: Services = {
  accounts: accountServices(undefined),
  inbox: {} as Services['inbox'],
  log: { search: notAsked, sources: notAsked, refused: notAsked, trim: notAsked },
  traceback: { request: notAsked, list: notAsked, show: notAsked, close: notAsked, evidence: notAsked },
  findings: {
    list: notAsked,
    show: notAsked,
    acknowledge: notAsked,
    escalate: notAsked,
    close: notAsked,
    reopen: notAsked,
    comment: notAsked,
    trace: notAsked,
  },
  pages: {
    eventShow: notAsked,
    eventPacket: notAsked,
    rulePreview: notAsked,
    overview: notAsked,
    switches: notAsked,
    hostTimeline: notAsked,
    hostAxes: notAsked,
  },
  ruleShow: notAsked,
  ruleChange: notAsked,
  behaviour: { groups: notAsked, group: notAsked, host: notAsked, dnsTcp: notAsked },
  rpzShow: notAsked,
  rpzText: notAsked,
  packList: notAsked,
  packShow: notAsked,
  packRefresh: notAsked,
  bypassBegin: notAsked,
  bypassEnd: notAsked,
  bypassList: notAsked,
  quarantineBegin: notAsked,
  quarantineEnd: notAsked,
  quarantineList: notAsked,
  reload: notAsked,
  lookup: async (target) => ({
    target: target.kind === 'address' ? formatAddress(target.address) : formatName(target.name),
    known: false,
    expires: null,
    summary: {
      zones: 0,
      nameServers: 0,
      addresses: 0,
      sightings: 0,
      teachers: 0,
      trust: null,
      firstSeen: null,
      lastSeen: null,
    },
    triples: [],
    past: [],
    more: false,
    last: null,
  }),
  check: () => {
    throw new Error('broken inside');
  },
  async *historyList() {
    for (let index = 0; index < 5000; index++) yield { ...TRIPLE, zone: `zone${index}.example` };
  },
  historyImport: (triples) => ({ taken: triples.length, expired: 0, refused: 0 }),
  ruleAdd: async ({ action, match, reason, owner }) => ({
    outcome: 'added',
    rule: { ...RULE, action, match: composeMatch(match), reason, owner },
    kept: true,
    warnings: [],
  }),
  ruleRemove: async () => ABSENT,
  allowRemove: async () => ABSENT,
  async *ruleList() {
    yield RULE;
    throw new GluewallError('store-write', 'no room');
  },
  async *rollout() {
    yield { progress: 1 };
    throw new GluewallError('store-read', 'no disk');
  },
  async *events(_query, follow) {
    yield { lost: 1 };
    if (follow === undefined) return;
    followers++;
    await new Promise((resolve) => follow.addEventListener('abort', resolve));
    followers--;
  },
  async *clients() {},
  status: () => ({ mode: 'monitor' }),
};

let directory: string;
let path: string;
let server: ControlServer;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  path = join(directory, 'control.sock');
  server = new ControlServer(path, services, silentLog);
});

afterEach(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const askControl = (socket: string, request: ControlRequest) => resultOf(answerOf(socket, request));

const ADD = {
  operation: 'rule add',
  action: 'allow',
  match: { to: '2001:DB8::1', types: ['txt', 'A'] },
  reason: 'test',
  owner: 'admin',
} as const;

/** Writes raw text and gathers what comes back until the server is done or has said `lines` lines. */
function raw(text: string, lines = 1): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(path, () => socket.write(text));
    socket.setEncoding('utf8').on('data', (part) => {
      answer += part;
      if (answer.split('\n').length > lines) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer.split('\n').slice(0, -1)));
  });
}

describe('the control socket', () => {
  it('answers each operation', async () => {
    await server.start();
    expect(await askControl(path, { operation: 'lookup', target: '192.0.2.53' })).toMatchObject({
      target: '192.0.2.53',
    });
    expect(await askControl(path, { operation: 'lookup', target: 'Corp.Example' })).toMatchObject({
      target: 'corp.example',
    });
    expect(await askControl(path, ADD)).toMatchObject({
      outcome: 'added',
      rule: { match: { to: '2001:db8::1', types: ['A', 'TXT'] }, owner: 'admin' },
    });
    const rows = [TRIPLE, TRIPLE];
    expect(await askControl(path, { operation: 'history import', rows, endsWarmup: true })).toMatchObject({ taken: 2 });
    const remove = { operation: 'allow remove', match: { to: '192.0.2.1' } } as const;
    expect(await askControl(path, remove)).toMatchObject({ outcome: 'absent' });
    expect(await askControl(path, { operation: 'rule remove', id: 'none' })).toMatchObject({ outcome: 'absent' });
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
  });

  it('gives a list item by item, and its count in the end', async () => {
    await server.start();
    const answer = answerOf(path, { operation: 'history list' });
    const zones: string[] = [];
    let step = await answer.next();
    for (; !step.done; step = await answer.next()) zones.push((step.value as { zone: string }).zone);
    expect(zones).toHaveLength(5000);
    expect(zones.at(-1)).toBe('zone4999.example');
    expect(step.value).toEqual({ count: 5000 });
  });

  it('a service that refuses in the middle of a list is quoted', async () => {
    await server.start();
    await expect(askControl(path, { operation: 'rule list' })).rejects.toMatchObject({
      code: 'store-write',
      message: 'no room',
    });
  });

  it.each(['destroy', 'end'] as const)('lets go of what is followed when the follower goes: %s', async (how) => {
    await server.start();
    const socket = connect(path, () => socket.write('{"operation":"events","limit":1,"follow":true}\n'));
    socket.resume();
    await until('it is followed', 5000, () => (followers === 1 ? true : undefined));
    socket[how]();
    await until('it is let go', 5000, () => (followers === 0 ? true : undefined));
  });

  it('lets go of what is followed when it stops', async () => {
    await server.start();
    const answer = answerOf(path, { operation: 'events', limit: 1, follow: true });
    expect((await answer.next()).value).toEqual({ lost: 1 });
    await until('it is followed', 5000, () => (followers === 1 ? true : undefined));
    await server.stop();
    await until('it is let go', 5000, () => (followers === 0 ? true : undefined));
    await expect(answer.next()).rejects.toMatchObject({ code: 'control-socket' });
  });

  it('answers all that was asked before the other side half-closed', async () => {
    await server.start();
    const asked = 40;
    const answers = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect({ path, allowHalfOpen: true }, () =>
        socket.end('{"operation":"history list"}\n'.repeat(asked)),
      );
      socket.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      socket.on('end', () => {
        socket.destroy();
        resolve(text);
      });
      socket.on('error', reject);
    });
    expect(answers.match(/"count":5000/g)).toHaveLength(asked);
  });

  it('the client notices a connection that breaks in the middle of an answer', async () => {
    const broken = createServer((socket) => {
      socket.write('{"item":1}\n', () => socket.destroy());
    });
    await new Promise<void>((resolve) => broken.listen(path, resolve));
    await expect(askControl(path, { operation: 'history list' })).rejects.toMatchObject({ code: 'control-socket' });
    await new Promise<void>((resolve) => broken.close(() => resolve()));
  });

  it('the client ends when it is called off', async () => {
    await server.start();
    const stop = new AbortController();
    const answer = answerOf(path, { operation: 'events', limit: 1, follow: true }, stop.signal);
    expect((await answer.next()).value).toEqual({ lost: 1 });
    const waiting = answer.next();
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'control-socket' });
  });

  it('knows whether anybody listens', async () => {
    expect(await isAnswering(path)).toBe(false);
    await server.start();
    expect(await isAnswering(path)).toBe(true);
  });

  it('belongs to its user alone, and goes with the server', async () => {
    await server.start();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await server.stop();
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('answers every line of a connection, the bad ones too', async () => {
    await server.start();
    const requests = [
      '{"operation":"status"}',
      'no json',
      '{"operation":"eat"}',
      '{"operation":"check","destination":"x"}',
      '[]',
      '',
    ];
    const answers = (await raw(`${requests.join('\n')}\n`, requests.length)).map((line) => JSON.parse(line));
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, false, false, false, false]);
    expect(answers.slice(1).map(({ error }) => error.code)).toEqual(new Array(5).fill('bad-request'));
    expect(answers[3].error.message).toContain('"x" is no IPv4 or IPv6 address');
  });

  it('refuses unknown keys and never runs such a request', async () => {
    await server.start();
    const [line] = await raw(`${JSON.stringify({ ...ADD, color: 'red' })}\n`);
    expect(JSON.parse(line!)).toMatchObject({ ok: false, error: { code: 'bad-request' } });
  });

  it('refuses a line without end at its limit and closes', async () => {
    await server.start();
    const [line] = await raw('x'.repeat(MAX_REQUEST_BYTES + 1));
    expect(JSON.parse(line!)).toMatchObject({ ok: false, error: { code: 'request-too-long' } });
  });

  it('survives a failure inside a service and says so without its details', async () => {
    await server.start();
    const failure = askControl(path, { operation: 'check', destination: '192.0.2.1' });
    await expect(failure).rejects.toMatchObject({ code: 'internal', message: expect.not.stringContaining('broken') });
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
  });

  it('gives the rest of the process a turn between any two requests, whoever makes them', async () => {
    let turn = 0;
    const turns: number[] = [];
    const counting = new ControlServer(
      `${path}.turns`,
      { ...services, historyImport: () => ({ taken: turns.push(turn), expired: 0, refused: 0 }) },
      silentLog,
    );
    await counting.start();
    let isOver = false;
    const count = () => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const request: ControlRequest = { operation: 'history import', rows: [TRIPLE], endsWarmup: false };
    const sockets = Array.from({ length: 20 }, () => connect(`${path}.turns`).resume());
    for (const socket of sockets) socket.write(`${JSON.stringify(request)}\n`.repeat(5));
    await until('all are answered', 5000, () => (turns.length === 100 ? true : undefined));
    isOver = true;
    for (const socket of sockets) socket.destroy();
    await counting.stop();
    expect(new Set(turns).size).toBe(100);
  });

  it('carries out nothing more for one who is gone', async () => {
    let asked = 0;
    const counting = new ControlServer(`${path}.gone`, { ...services, status: () => ({ asked: asked++ }) }, silentLog);
    await counting.start();
    const socket = connect(`${path}.gone`, () => {
      socket.write('{"operation":"status"}\n'.repeat(2000), () => socket.destroy());
    });
    await new Promise((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await counting.stop();
    expect(asked).toBeLessThan(1000);
  });

  it('one who follows waits for the first event without a limit', async () => {
    const limits = vi.spyOn(net.Socket.prototype, 'setTimeout');
    await server.start();
    const stop = new AbortController();
    const answer = answerOf(path, { operation: 'events', limit: 1, follow: true }, stop.signal);
    await answer.next();
    stop.abort();
    expect(limits.mock.calls.map(([limit]) => limit)).not.toContain(10_000);
    await askControl(path, { operation: 'status' });
    expect(limits.mock.calls.map(([limit]) => limit)).toContain(10_000);
    limits.mockRestore();
  });

  it.each([
    '['.repeat(500_000),
    `{"__proto__":{"operation":"status"}}`,
    '{"operation":"__proto__"}',
    '{"operation":"constructor"}',
    '{"operation":"events","limit":1e308,"follow":false}',
    '{"operation":"events","limit":-0.5,"follow":false}',
    JSON.stringify({ ...ADD, expires: '+275760-09-13T00:00:00Z' }),
    JSON.stringify({ ...ADD, reason: ' ' }),
    JSON.stringify({ ...ADD, action: 'forward' }),
    // All queries of all clients are no rule that anybody types on purpose.
    JSON.stringify({ ...ADD, match: {} }),
    JSON.stringify({ ...ADD, match: { to: 'nowhere' } }),
    JSON.stringify({ ...ADD, match: { to: '192.0.2.1/24' } }),
    JSON.stringify({ ...ADD, match: { to: '192.0.2.1', hours: '9-17' } }),
    JSON.stringify({ ...ADD, match: { types: [] } }),
    JSON.stringify({ ...ADD, match: { zone: '..' } }),
    '{"operation":"rule remove","id":""}',
    '{"operation":"events","limit":1,"follow":false,"verdict":"perhaps"}',
    '{"operation":"events","limit":1,"follow":false,"group":"two words"}',
    '{"operation":"events","limit":1,"follow":false,"queryName":".."}',
    '{"operation":"report rollout"}',
    '\u0000',
  ])('refuses %.40s', async (text) => {
    await server.start();
    const [line] = await raw(`${text}\n`);
    expect(JSON.parse(line!)).toMatchObject({ ok: false, error: { code: 'bad-request' } });
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
  });

  it('answers a mebibyte of line feeds as it is read', async () => {
    await server.start();
    const socket = connect(path, () => socket.write('\n'.repeat(MAX_REQUEST_BYTES)));
    socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
    socket.destroy();
  });

  it('does not work ahead of a client that reads nothing, and serves the others meanwhile', async () => {
    let asked = 0;
    const big = 'x'.repeat(1024 * 1024);
    const busy = new ControlServer(
      `${path}.busy`,
      {
        ...services,
        status: () => {
          asked++;
          return { big };
        },
      },
      silentLog,
    );
    await busy.start();
    const deaf = connect(`${path}.busy`, () => deaf.write('{"operation":"status"}\n'.repeat(500)));
    deaf.pause();
    await until('the first answer is under way', 5000, () => (asked > 0 ? true : undefined));
    for (let round = 0; round < 5; round++) await askControl(`${path}.busy`, ADD);
    expect(asked).toBeLessThan(50);
    deaf.destroy();
    await busy.stop();
  });

  it('takes the place of a socket whose process is dead', async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(path, resolve));
    // Closing a server removes its socket file; a killed process leaves it, as this does.
    const left = `${path}.left`;
    const { renameSync } = await import('node:fs');
    renameSync(path, left);
    await new Promise<void>((resolve) => dead.close(() => resolve()));
    renameSync(left, path);
    await server.start();
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
  });

  it('leaves the socket of a living one alone', async () => {
    await server.start();
    const second = new ControlServer(path, services, silentLog);
    await expect(second.start()).rejects.toMatchObject({
      code: 'control-socket',
      message: expect.stringContaining('in use'),
    });
    await second.stop();
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
  });

  it('leaves a file that is no socket alone', async () => {
    writeFileSync(path, 'precious');
    await expect(server.start()).rejects.toMatchObject({
      code: 'control-socket',
      message: expect.stringContaining('no socket'),
    });
    expect(statSync(path).size).toBe(8);
  });

  it('leaves the socket of one that takes no more connections alone', async () => {
    const refusal = vi.spyOn(net, 'connect').mockImplementation(((_path: string) => {
      const socket = new net.Socket();
      setImmediate(() => socket.destroy(Object.assign(new Error('connect EAGAIN'), { code: 'EAGAIN' })));
      return socket;
    }) as typeof connect);
    const stopped = createServer();
    await new Promise<void>((resolve) => stopped.listen(path, resolve));
    syncBuiltinESMExports();
    await expect(server.start()).rejects.toMatchObject({ message: expect.stringContaining('in use') });
    refusal.mockRestore();
    syncBuiltinESMExports();
    expect(existsSync(path)).toBe(true);
    await new Promise<void>((resolve) => stopped.close(() => resolve()));
  });

  it('survives connections that cannot be taken, however many', async () => {
    const servers: Server[] = [];
    const listen = vi.spyOn(net.Server.prototype, 'listen').mockImplementation(function (this: Server, ...args) {
      servers.push(this);
      listen.mockRestore();
      return Reflect.apply(this.listen, this, args);
    });
    await server.start();
    for (let round = 0; round < 3; round++) servers[0]!.emit('error', new Error('accept EMFILE'));
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
  });

  it('says so where its path leads through a file', async () => {
    writeFileSync(path, 'a file');
    const lost = new ControlServer(join(path, 'folder.sock'), services, silentLog);
    await expect(lost.start()).rejects.toMatchObject({ code: 'control-socket' });
  });

  it('says where the folder is missing', async () => {
    const lost = new ControlServer(join(directory, 'no', 'such', 'folder.sock'), services, silentLog);
    await expect(lost.start()).rejects.toMatchObject({ code: 'control-socket' });
  });

  it('the client says what to do when nobody answers', async () => {
    await expect(askControl(path, { operation: 'status' })).rejects.toMatchObject({
      code: 'not-running',
      message: expect.stringContaining('gluewall run'),
    });
  });
});
