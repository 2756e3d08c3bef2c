import { type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { type ConsoleRig, startConsole } from '../../support/console-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const FOLLOW = { operation: 'events', limit: 0, follow: true };

let clock: VirtualClock;
let rig: ConsoleRig;
let following = 0;

/** Events of which none ever comes. */
async function* noEvents(_query: unknown, signal: AbortSignal | undefined): AsyncGenerator<never, void> {
  following++;
  try {
    await new Promise<void>((resolve) => {
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve());
    });
  } finally {
    following--;
  }
}

beforeEach(async () => {
  following = 0;
  clock = new VirtualClock();
  const inbox = { changes: async () => ({ entries: [], count: 0, change: 7 }) };
  const pages = { overview: async () => ({ now: {} }) };
  rig = await startConsole({ services: { events: noEvents, inbox, pages }, clock });
});

afterEach(() => rig.stop());

async function tokenOf(role: 'viewer' | 'admin'): Promise<{ readonly secret: string; readonly id: string }> {
  const made = await rig.browse('POST', '/api/v1/tokens', await rig.signIn(`a-${role}`, role), { name: 'log', role });
  expect(made.status).toBe(201);
  return made.json as unknown as { readonly secret: string; readonly id: string };
}

interface Followed {
  readonly response: IncomingMessage;
  text(): string;
  isEnded(): boolean;
}

function follow(headers: Readonly<Record<string, string>>): Promise<Followed> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: rig.port,
        path: '/api/v1/operations',
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', ...headers },
      },
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
        resolve({ response, text: () => text, isEnded: () => isEnded });
      },
    );
    asked.on('error', reject);
    asked.end(JSON.stringify(FOLLOW));
  });
}

describe('an answer that goes on', () => {
  it('ends with the token that asked for it', async () => {
    const { secret, id } = await tokenOf('viewer');
    const followed = await follow({ authorization: `Bearer ${secret}` });
    expect(followed.response.statusCode).toBe(200);
    clock.advance(60_000);
    expect(followed.isEnded()).toBe(false);
    const [token] = rig.book.tokens.list().filter((one) => one.id === id);
    rig.book.tokens.remove(token!);
    await until('the stream ends', 5000, async () => {
      clock.advance(15_000);
      return followed.isEnded() ? true : undefined;
    });
    expect(followed.text()).toContain('token-refused');
    await until('nobody follows', 5000, async () => (following === 0 ? true : undefined));
  });

  it('holds no place of a user who only asked for its head', async () => {
    const cookie = await rig.signIn('ann', 'viewer');
    for (let time = 0; time < 25; time++) {
      expect(await rig.ask('HEAD', '/api/v1/live', { headers: { cookie } })).toMatchObject({ text: '' });
    }
    expect(rig.console.figures.viewers).toBe(0);
  });

  it('is not waited for of a stranger who sends a body without end', async () => {
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host: '127.0.0.1', port: rig.port, path: '/api/v1/operations', method: 'POST', agent: false };
      const asked = request({ ...options, headers: { authorization: `Bearer gw_${'x'.repeat(43)}` } }, (response) => {
        asked.destroy();
        resolve(response);
      });
      asked.on('error', reject);
      asked.write('{');
    });
    expect(reply.statusCode).toBe(401);
  });

  it('holds no place of a program that broke off while it was asked who it is', async () => {
    const { secret } = await tokenOf('viewer');
    const body = JSON.stringify(FOLLOW);
    for (let time = 0; time < 40; time++) {
      await new Promise<void>((resolve) => {
        const asked = request({
          host: '127.0.0.1',
          port: rig.port,
          path: '/api/v1/operations',
          method: 'POST',
          agent: false,
          headers: {
            authorization: `Bearer ${secret}`,
            'content-type': 'application/json',
            'content-length': String(body.length),
          },
        });
        asked.on('error', () => undefined);
        asked.on('close', () => resolve());
        asked.end(body, () => setTimeout(() => asked.destroy(), time / 4));
      });
    }
    await until('nobody follows', 5000, async () => (following === 0 ? true : undefined));
    const last = await follow({ authorization: `Bearer ${secret}` });
    expect(last.response.statusCode).toBe(200);
    last.response.destroy();
  });
});
