/** A console on a free port of loopback, over a real control socket and real accounts; what the gate knows is scripted. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountBook } from '../../src/accounts/account-book.ts';
import type { AccountStore, KeptRecord } from '../../src/accounts/account-store.ts';
import type { Role } from '../../src/accounts/actor.ts';
import { Console, type ConsoleOptions } from '../../src/console/console.ts';
import { ControlServer } from '../../src/control/control-server.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import { accountServices } from '../../src/services/account-services.ts';
import type { Services } from '../../src/services/services.ts';

/** Good enough for a test, and quick. */
const CHEAP = { ln: 4, r: 8, p: 1 };
const PASSWORD = 'correct horse battery staple';
const INDEX = '<!doctype html><title>gluewall</title><script type="module" src="/assets/main-1a2b3c4d.js"></script>\n';
const SCRIPT = `export const text = '${'all work and no play '.repeat(50)}';\n`;

export interface RigOptions {
  /** Operations of the gate that are to answer. */
  readonly services?: object;
  readonly console?: Partial<ConsoleOptions>;
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export type Asked = Omit<RequestOptions, 'headers'> & {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

export interface ConsoleRig {
  readonly port: number;
  readonly origin: string;
  readonly book: AccountBook;
  readonly console: Console;
  readonly folder: string;
  /** What a program asks, with exactly these headers; the path goes as it is. A body that is no text is sent as JSON. */
  ask(method: string, path: string, asked?: Asked): Promise<Reply>;
  /** What the page asks: with the headers of a browser on this origin, and its cookie. */
  browse(method: string, path: string, cookie?: string, body?: unknown): Promise<Reply>;
  /** Adds a user and signs him in; resolves with the cookie. */
  signIn(user: string, role: Role): Promise<string>;
  stop(): Promise<void>;
}

export async function startConsole({ services = {}, clock = systemClock, log = silentLog, ...rest }: RigOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-console-'));
  const pageFolder = join(folder, 'page');
  writePage(pageFolder);
  const book = new AccountBook({ clock, log, store: accountStore(), cost: CHEAP });
  await book.load();
  const socketPath = join(folder, 'control.sock');
  const all = { accounts: accountServices(book), ...services } as unknown as Services;
  const control = new ControlServer(socketPath, all, log);
  await control.start();
  const served = new Console(
    {
      listen: { host: '127.0.0.1', port: 0 },
      publicOrigin: undefined,
      keys: undefined,
      oidc: undefined,
      socketPath,
      pageFolder,
      version: '1.2.3',
      ...rest.console,
    },
    clock,
    log,
  );
  const port = await served.start();
  const origin = `http://127.0.0.1:${port}`;
  const ask: ConsoleRig['ask'] = (method, path, asked) => askHttp(port, method, path, asked);
  const browse: ConsoleRig['browse'] = (method, path, cookie, body) =>
    ask(method, path, {
      headers: {
        origin,
        'sec-fetch-site': 'same-origin',
        'x-gluewall': 'page',
        ...(cookie === undefined ? {} : { cookie }),
      },
      ...(body === undefined ? {} : { body }),
    });
  const rig: ConsoleRig = {
    port,
    origin,
    book,
    console: served,
    folder,
    ask,
    browse,
    async signIn(user, role) {
      await all.accounts.userAdd({ name: user, role, password: PASSWORD });
      return cookieOf(await browse('POST', '/api/v1/session', undefined, { user, password: PASSWORD }));
    },
    async stop() {
      await served.stop();
      await control.stop();
      await book.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return rig;
}

/** The cookie that an answer sets, as it is sent back. */
export function cookieOf({ headers, text }: Reply): string {
  const set = headers['set-cookie']?.[0];
  if (set === undefined) throw new Error(`there is no cookie with ${text}`);
  return set.replace(/;.*/s, '');
}

function askHttp(
  port: number,
  method: string,
  path: string,
  { headers, body, ...options }: Asked = {},
): Promise<Reply> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const typed = { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers };
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, method, path, headers: typed, agent: false, ...options },
      (response) => {
        let all = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          all += part;
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode!, headers: response.headers, text: all, json: jsonOf(all) });
        });
      },
    );
    asked.on('error', reject);
    asked.end(text);
  });
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function writePage(folder: string): void {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), INDEX);
  writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, 'assets', 'main-1a2b3c4d.js'), SCRIPT);
  writeFileSync(join(folder, 'assets', 'main-1a2b3c4d.js.map'), '{}');
}

/** Keeps as much as a test asks for. */
function accountStore(): AccountStore {
  const records = new Map<string, KeptRecord>();
  return {
    loadRecords: async () => [...records.values()],
    async saveRecords(saved) {
      for (const record of saved) records.set(`${record.kind} ${record.id}`, record);
    },
    async deleteRecords(gone) {
      for (const { kind, id } of gone) records.delete(`${kind} ${id}`);
    },
    addChange: async () => {},
    findChanges: async () => ({ rows: [], next: undefined }),
  };
}
