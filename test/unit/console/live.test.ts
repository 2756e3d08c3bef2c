import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until as untilFound } from '../../../mininet/until.ts';
import { type ConsoleRig, startConsole } from '../../support/console-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** An inbox of which only the numbers of its changes are known. */
class Changes {
  readonly asked: { readonly after: number; readonly limit: number }[] = [];
  change = 7;
  overviews = 0;
  /** What the answer to how things stand waits for. */
  held: Promise<void> | undefined;
  padding = '';

  get services() {
    return {
      inbox: {
        changes: async (after: number, limit: number) => {
          this.asked.push({ after, limit });
          if (limit === 0) await this.held;
          const count = Math.max(0, this.change - after);
          const entries = Array.from({ length: Math.min(count, limit) }, (_, index) => ({
            id: after + index + 1,
            text: this.padding,
          }));
          return { entries, count, change: this.change };
        },
      },
      pages: { overview: async () => ({ now: { mode: 'monitor', asked: ++this.overviews } }) },
    };
  }
}

interface Watched {
  readonly response: IncomingMessage;
  readonly asked: ClientRequest;
  /** All that has come. */
  text(): string;
  /** The events that have come, comments left out. */
  events(): readonly { readonly event: string; readonly id: string | undefined; readonly data: unknown }[];
  isEnded(): boolean;
}

let clock: VirtualClock;
let changes: Changes;
let rig: ConsoleRig;
let cookie: string;
const open: Watched[] = [];

beforeEach(async () => {
  clock = new VirtualClock();
  changes = new Changes();
  rig = await startConsole({ services: changes.services, clock });
  cookie = await rig.signIn('ann', 'viewer');
});

afterEach(async () => {
  for (const { asked } of open.splice(0)) asked.destroy();
  await rig.stop();
});

function watch(headers: Readonly<Record<string, string>> = {}): Promise<Watched> {
  return new Promise((resolve, reject) => {
    const all = { cookie, ...headers };
    const asked = request(
      { host: '127.0.0.1', port: rig.port, path: '/api/v1/live', headers: all, agent: false },
      (response) => {
        let text = '';
        let isEnded = false;
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('error', () => undefined);
        response.on('close', () => {
          isEnded = true;
        });
        const watched = { response, asked, text: () => text, events: () => eventsIn(text), isEnded: () => isEnded };
        open.push(watched);
        resolve(watched);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

function eventsIn(text: string) {
  const whole = text.slice(0, text.lastIndexOf('\n\n') + 2);
  const frames = whole.split('\n\n').filter((frame) => frame !== '' && !frame.startsWith(':'));
  return frames.map((frame) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1];
    return { event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? 'null') as unknown };
  });
}

function until(isThere: () => boolean | Promise<boolean>): Promise<true> {
  return untilFound(isThere.toString(), 10_000, async () => ((await isThere()) ? true : undefined));
}

/** Moves time on until something has come. */
async function advanceUntil(isThere: () => boolean, stepMs = 500): Promise<void> {
  await until(() => {
    if (isThere()) return true;
    clock.advance(stepMs);
    return false;
  });
}

describe('the live stream', () => {
  it('loses nothing that happens between catching up and the first look', async () => {
    let release = () => {};
    changes.held = new Promise((resolve) => {
      release = resolve;
    });
    const { events } = await watch({ 'last-event-id': '5' });
    await until(() => events().length === 1);
    changes.change = 9;
    release();
    await advanceUntil(() => events().some(({ id }) => id === '9'));
    expect(events().filter(({ event }) => event === 'entries')).toMatchObject([
      { id: '7', data: { count: 2 } },
      { id: '7', data: { count: 0 } },
      { id: '9', data: { count: 2, entries: [{ id: 8 }, { id: 9 }] } },
    ]);
  });

  it('stands at once, and tells how things are', async () => {
    const { response, text, events } = await watch();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    await until(() => events().length === 2);
    expect(text()).toMatch(/^: gluewall\n\n/);
    expect(events()).toEqual([
      { event: 'entries', id: '7', data: { entries: [], count: 0, change: 7 } },
      { event: 'now', id: undefined, data: { mode: 'monitor', asked: 1 } },
    ]);
    expect(changes.asked).toEqual([{ after: 0, limit: 0 }]);
  });

  it('tells all viewers the same change, asked for once', async () => {
    const watched = await Promise.all([watch(), watch(), watch()]);
    await until(() => watched.every(({ events }) => events().length >= 2));
    const before = changes.asked.length;
    changes.change = 9;
    await advanceUntil(() => watched.every(({ events }) => events().some(({ id }) => id === '9')));
    const told = {
      event: 'entries',
      id: '9',
      data: {
        entries: [
          { id: 8, text: '' },
          { id: 9, text: '' },
        ],
        count: 2,
        change: 9,
      },
    };
    for (const { events } of watched) expect(events()).toContainEqual(told);
    // Once, however many watch: rounds before it had nothing to tell, and rounds after it ask for what comes after it.
    clock.advance(500);
    await until(() => changes.asked.at(-1)?.after === 9);
    const rounds = changes.asked.slice(before).map(({ after }) => after);
    expect(rounds).toEqual(rounds.toSorted((one, other) => one - other));
    expect(watched[0]!.events().filter(({ id }) => id === '9')).toHaveLength(1);
  });

  it('resumes after the last change that the browser has seen', async () => {
    changes.change = 12;
    const { events } = await watch({ 'last-event-id': '10' });
    await until(() => events().some(({ id }) => id === '12'));
    expect(events()).toContainEqual({
      event: 'entries',
      id: '12',
      data: {
        entries: [
          { id: 11, text: '' },
          { id: 12, text: '' },
        ],
        count: 2,
        change: 12,
      },
    });
  });

  it('tells of no more than fifty entries at once, and how many there are', async () => {
    changes.change = 1000;
    const { events } = await watch({ 'last-event-id': '1' });
    const long = () => events().find(({ data }) => (data as { count: number }).count === 999);
    await until(() => long() !== undefined);
    expect((long()!.data as { entries: unknown[] }).entries).toHaveLength(50);
  });

  it('says that something was lost to who has seen more than there is', async () => {
    const { events } = await watch({ 'last-event-id': '5000' });
    await until(() => events().some(({ event }) => event === 'lost'));
  });

  it.each(['-1', '1.5', 'x', '9'.repeat(40), '1\t'])('takes a last id that is none for no id: %s', async (id) => {
    const { response, events } = await watch({ 'last-event-id': id });
    expect(response.statusCode).toBe(200);
    await until(() => events().length >= 2);
    expect(events().some(({ event }) => event === 'lost')).toBe(false);
  });

  it('asks nothing while nobody watches', async () => {
    const { asked } = await watch();
    await until(() => changes.asked.length === 1);
    asked.destroy();
    await until(() => rig.console.figures.viewers === 0);
    const before = changes.asked.length;
    clock.advance(60_000);
    expect(changes.asked).toHaveLength(before);
  });

  it('shows the state of gluewall every five seconds', async () => {
    const { events } = await watch();
    const shown = () => events().filter(({ event }) => event === 'now').length;
    await until(() => shown() === 1);
    await advanceUntil(() => shown() === 3);
    expect(changes.asked.length).toBeGreaterThanOrEqual(20);
  });

  it('ends with its session, when its user signs out', async () => {
    const { events, isEnded } = await watch();
    await until(() => events().length >= 2);
    await rig.browse('DELETE', '/api/v1/session', cookie);
    await until(isEnded);
    expect(events().at(-1)?.event).toBe('end');
  });

  it('does not keep a session alive, and ends when that has been idle for too long', async () => {
    const { events, isEnded } = await watch();
    await until(() => events().length >= 2);
    await advanceUntil(isEnded, 16_000);
    expect(events().at(-1)?.event).toBe('end');
    expect(await rig.browse('GET', '/api/v1/sessions', cookie)).toMatchObject({
      status: 401,
      json: { code: 'session-ended' },
    });
  });

  it('keeps little for who does not read, and tells him that he has lost some', async () => {
    changes.padding = 'x'.repeat(8000);
    const slow = await watch();
    const quick = await watch();
    await until(() => slow.events().length >= 2 && quick.events().length >= 2);
    slow.response.pause();
    const before = process.memoryUsage.rss();
    for (let step = 0; step < 40; step++) {
      changes.change += 50;
      const wanted = String(changes.change);
      await advanceUntil(() => quick.events().some(({ id }) => id === wanted));
    }
    // 40 frames of 400 kB: what the sockets of the system hold, and a quarter of a megabyte.
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
    slow.response.resume();
    await advanceUntil(() => slow.events().some(({ event }) => event === 'lost'));
  });

  it('is not open to who has not signed in', async () => {
    expect((await rig.ask('GET', '/api/v1/live')).status).toBe(401);
  });

  it('is open twenty times for one user, and no more', async () => {
    for (let index = 0; index < 20; index++) expect((await watch()).response.statusCode).toBe(200);
    expect(await rig.ask('GET', '/api/v1/live', { headers: { cookie } })).toMatchObject({
      status: 429,
      json: { code: 'too-many-streams' },
    });
    open.shift()!.asked.destroy();
    await until(() => rig.console.figures.viewers === 19);
    expect((await watch()).response.statusCode).toBe(200);
  });
});

describe('thousands of connections', () => {
  it('are refused beyond those that one address may have, and do no harm', async () => {
    const sockets: Socket[] = [];
    let closed = 0;
    try {
      // Fewer at once than wait for a listener in the system: it would let go of the others by itself.
      for (let opened = 250; opened <= 3000; opened += 250) {
        while (sockets.length < opened) {
          const socket = connect(rig.port, '127.0.0.1');
          socket.on('error', () => undefined).resume();
          socket.on('close', () => closed++);
          sockets.push(socket);
        }
        await until(() => closed >= opened - 500 && sockets.every(({ connecting }) => !connecting));
      }
      expect(rig.console.figures.refused).toBeGreaterThanOrEqual(2500);
      expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(500);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await until(() => rig.console.figures.viewers === 0);
    await until(async () => (await rig.ask('GET', '/').catch(() => undefined))?.status === 200);
  });
});
