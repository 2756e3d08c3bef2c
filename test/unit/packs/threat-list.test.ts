import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Log } from '../../../src/core/log.ts';
import type { ListFormat } from '../../../src/packs/read-list.ts';
import { type ListOptions, type ListParts, ThreatList } from '../../../src/packs/threat-list.ts';
import { LabAuthority } from '../../../src/pki/lab-authority.ts';
import { LAB_DAYS, LAB_START_MS } from '../../support/lab-certificates.ts';
import { ListServer } from '../../support/list-server.ts';
import { readListHere } from '../../support/read-list-here.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const LIST = '192.0.2.7\n198.51.100.0/24\nevil.example\nworse.example\n';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const folder = mkdtempSync(join(tmpdir(), 'gluewall-lists-'));
const caFile = join(folder, 'ca.pem');
let server: ListServer;
let expired: ListServer;
let elsewhere: ListServer;
let other: ListServer;

beforeAll(async () => {
  const authority = await LabAuthority.create('lists', LAB_START_MS, LAB_DAYS);
  writeFileSync(caFile, authority.files.certificatePem);
  server = new ListServer(await authority.issue('127.0.0.1'));
  expired = new ListServer(await authority.issue('127.0.0.1', { fromMs: LAB_START_MS, toMs: LAB_START_MS + 1000 }));
  other = new ListServer(await authority.issue('127.0.0.1'));
  elsewhere = new ListServer(await authority.issue('lists.example'));
  await Promise.all([server, expired, elsewhere, other].map((one) => one.start()));
}, 60_000);

afterAll(async () => {
  await Promise.all([server, expired, elsewhere, other].map((one) => one.stop()));
  rmSync(folder, { recursive: true, force: true });
});

let clock: VirtualClock;
let stateFolder: string;
let said: { readonly level: string; readonly fields: Record<string, unknown>; readonly message: string }[];
let changes: number;
let list: ThreatList | undefined;

beforeEach(() => {
  clock = new VirtualClock();
  stateFolder = mkdtempSync(join(folder, 'state-'));
  said = [];
  changes = 0;
  server.requests.length = 0;
  server.serve(LIST, '"one"');
});

afterEach(async () => {
  await list?.stop();
  list = undefined;
});

const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (fields: Record<string, unknown>, message: string) => said.push({ level, fields, message }),
  ]),
) as unknown as Log;

function open(options: Partial<ListOptions> = {}, parts: Partial<ListParts> = {}): ThreatList {
  const given: ListOptions = {
    name: 'bad',
    from: server.url(),
    format: 'plain',
    refreshMs: HOUR_MS,
    isBroad: false,
    caFile,
    authorizationFile: undefined,
    ...options,
  };
  list = new ThreatList(given, {
    clock,
    log,
    read: readListHere,
    random: () => 0.5,
    stateFolder,
    limits: { maxBytes: 100_000, maxEntries: 1000, maxBadPercent: 5, leastPercent: 50, timeMs: 2 * MINUTE_MS },
    guard: { trustedResolvers: [], insideNetworks: [] },
    changed: () => changes++,
    ...parts,
  });
  return list;
}

const alarms = () => said.filter(({ fields }) => fields.alarm === 'list').map(({ message }) => message);

describe('a list that is fetched', () => {
  it('is in force and kept, with what tells its version', async () => {
    const opened = open();
    expect(await opened.refresh(false)).toBeUndefined();
    expect(opened.state()).toMatchObject({
      counts: { addresses: 1, networks: 1, names: 2 },
      etag: '"one"',
      fetchedAtMs: clock.nowMs(),
      checkedAtMs: clock.nowMs(),
      error: undefined,
      failures: 0,
    });
    expect(changes).toBe(1);
    expect(readdirSync(stateFolder).sort()).toEqual(['bad.json', 'bad.list']);
    expect(readFileSync(join(stateFolder, 'bad.list'), 'utf8')).toBe(LIST);
    expect(statSync(join(stateFolder, 'bad.list')).mode & 0o777).toBe(0o600);
    expect(alarms()).toEqual([]);
    expect(server.requests[0]?.headers).toMatchObject({ 'user-agent': 'gluewall', 'accept-encoding': 'identity' });
  });

  it('is not fetched again while it is the same', async () => {
    const opened = open();
    await opened.refresh(false);
    const fetchedAtMs = clock.nowMs();
    clock.advance(1000);
    expect(await opened.refresh(false)).toBeUndefined();
    expect(server.requests[1]?.headers).toMatchObject({
      'if-none-match': '"one"',
      'if-modified-since': 'Sat, 21 Nov 2026 12:00:00 GMT',
    });
    expect(opened.state()).toMatchObject({ fetchedAtMs, checkedAtMs: fetchedAtMs + 1000 });
    expect(changes).toBe(1);
  });

  it('is taken when it is another', async () => {
    const opened = open();
    await opened.refresh(false);
    const before = opened.pack;
    server.serve(`${LIST}third.example\n`, '"two"');
    await opened.refresh(false);
    expect(opened.state()).toMatchObject({ counts: { names: 3 }, etag: '"two"' });
    expect(opened.pack).not.toBe(before);
    expect(before.book.counts().names).toBe(2);
    expect(changes).toBe(2);
  });

  it('comes again after its time, a little sooner or later', async () => {
    const delays: number[] = [];
    for (const random of [0, 0.5, 0.999]) {
      server.requests.length = 0;
      const opened = open({}, { random: () => random });
      opened.begin();
      await vi.waitFor(() => expect(opened.state().checkedAtMs).toBeDefined());
      await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
      const start = clock.nowMs();
      while (server.requests.length < 2) {
        clock.advance(MINUTE_MS);
        await new Promise((resolve) => setImmediate(resolve));
        await vi.waitFor(() => expect(clock.pendingTimers).toBeGreaterThan(0));
        if (clock.nowMs() - start > 2 * HOUR_MS) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      delays.push(Math.round((clock.nowMs() - start) / MINUTE_MS));
      await opened.stop();
    }
    expect(delays).toEqual([54, 60, 66]);
  });
});

describe('after a restart', () => {
  it('the last good copy is in force before anything is fetched', async () => {
    await open().refresh(false);
    await list?.stop();
    server.requests.length = 0;
    const again = open();
    await again.load();
    expect(again.state()).toMatchObject({ counts: { names: 2 }, etag: '"one"' });
    expect(server.requests).toEqual([]);
    await again.refresh(false);
    expect(server.requests[0]?.headers['if-none-match']).toBe('"one"');
  });

  it.each([
    ['its facts are cut', () => truncateSync(join(stateFolder, 'bad.json'), 20)],
    ['its facts are of another version', () => writeFileSync(join(stateFolder, 'bad.json'), '{"version":2}')],
    ['it is not whole', () => truncateSync(join(stateFolder, 'bad.list'), 10)],
    ['it is gone', () => rmSync(join(stateFolder, 'bad.list'))],
  ])('a copy is fetched as if there were none when %s', async (_what, damage) => {
    await open().refresh(false);
    await list?.stop();
    damage();
    const again = open();
    await again.load();
    expect(again.pack.book.size).toBe(0);
    await again.refresh(false);
    expect(server.requests.at(-1)?.headers['if-none-match']).toBeUndefined();
    expect(again.pack.book.size).toBe(4);
  });

  it('a copy that cannot be read any more is told and not used', async () => {
    await open().refresh(false);
    await list?.stop();
    writeFileSync(join(stateFolder, 'bad.list'), '<html>'.padEnd(LIST.length, ' '));
    const again = open();
    await again.load();
    expect(again.pack.book.size).toBe(0);
    expect(alarms()).toEqual(['list bad: its last good copy is a page of HTML or XML, no list']);
  });

  it.each([
    ['source', { from: 'https://127.0.0.1:1/other' }],
    ['format', { format: 'rpz' as ListFormat }],
  ])('a copy of another %s is not used', async (_what, options) => {
    await open().refresh(false);
    await list?.stop();
    const again = open(options);
    await again.load();
    expect(again.pack.book.size).toBe(0);
  });
});

describe('what is not good is refused, and the last good copy stays', () => {
  const wrong: readonly (readonly [what: string, serve: () => void, problem: string])[] = [
    ['a page of HTML', () => server.serve(`<html>${LIST}`, '"two"'), 'is a page of HTML or XML'],
    ['an empty answer', () => server.serve('', '"two"'), 'holds no entry that can be used'],
    ['only comments', () => server.serve('# nothing today\n', '"two"'), 'holds no entry that can be used'],
    ['less than half', () => server.serve('evil.example\n', '"two"'), 'has shrunk from 4 entries to 1'],
    ['bad lines', () => server.serve(`${LIST}192.0.2.256\n`, '"two"'), 'has 1 bad entries of 5'],
    [
      'too many entries',
      () => server.serve(Array.from({ length: 1001 }, (_, at) => `n${at}.example`).join('\n'), '"two"'),
      'more than 1000 entries',
    ],
    ['too many octets', () => server.serve('#'.repeat(100_001), '"two"'), 'is larger than 100000 octets'],
    [
      'too many octets of which it says nothing beforehand',
      () => {
        server.handler = (_request, response) => {
          for (let sent = 0; sent <= 100; sent++) response.write('#'.repeat(1000));
          response.end();
        };
      },
      'is larger than 100000 octets',
    ],
    ['a type of HTML', () => answer(200, { 'content-type': 'text/html; charset=utf-8' }), 'is a page of HTML'],
    ['a coding', () => answer(200, { 'content-encoding': 'gzip' }), 'is sent as gzip'],
    ['404', () => answer(404), 'answers 404'],
    ['500', () => answer(500), 'answers 500'],
    ['204', () => answer(204), 'answers 204'],
    ['403', () => answer(403), 'answers 403'],
    [
      'a part of it',
      () => {
        server.handler = (_request, response) => {
          response.writeHead(200, { 'content-length': '1000' });
          response.write(LIST);
          setImmediate(() => response.destroy());
        };
      },
      'was not sent to its end',
    ],
    [
      'a redirect to http',
      () => answer(302, { location: 'http://127.0.0.1:1/' }),
      'leads on to http://, want https://',
    ],
    [
      'a redirect to a file',
      () => answer(302, { location: 'file:///etc/passwd' }),
      'leads on to file://, want https://',
    ],
    ['a redirect to nowhere', () => answer(302), 'leads on to nowhere'],
    ['a redirect to nonsense', () => answer(302, { location: 'https://[' }), 'leads on to nowhere'],
    ['a redirect to itself', () => answer(301, { location: '/list' }), 'leads on more than 3 times'],
    ['headers without end', () => answer(200, { x: 'x'.repeat(20_000) }), 'cannot be had'],
  ];

  function answer(status: number, headers: Record<string, string> = {}): void {
    server.handler = (_request, response) => response.writeHead(status, headers).end(status === 200 ? LIST : undefined);
  }

  it.each(wrong)('%s', async (_what, serve, problem) => {
    const opened = open();
    await opened.refresh(false);
    serve();
    const error = await opened.refresh(false);
    expect(error).toContain(problem);
    expect(opened.state()).toMatchObject({
      counts: { addresses: 1, networks: 1, names: 2 },
      etag: '"one"',
      error,
      failures: 1,
    });
    expect(alarms()).toEqual([`list bad: ${error}; the last good copy stays in force`]);
    expect(readdirSync(stateFolder).sort()).toEqual(['bad.json', 'bad.list']);
    expect(readFileSync(join(stateFolder, 'bad.list'), 'utf8')).toBe(LIST);
    expect(changes).toBe(1);
    server.serve(`${LIST}third.example\n`, '"three"');
    expect(await opened.refresh(false)).toBeUndefined();
    expect(opened.state()).toMatchObject({ counts: { names: 3 }, error: undefined, failures: 1 });
  });

  it('one that has shrunk can be forced', async () => {
    const opened = open();
    await opened.refresh(false);
    server.serve('evil.example\n', '"two"');
    expect(await opened.refresh(false)).toContain('gluewall pack refresh bad --force');
    expect(opened.state().refused).toBe(1);
    expect(await opened.refresh(true)).toBeUndefined();
    expect(opened.pack.book.size).toBe(1);
  });

  it('one that has shrunk is taken where that is configured', async () => {
    const limits = { maxBytes: 100_000, maxEntries: 1000, maxBadPercent: 5, leastPercent: 0, timeMs: MINUTE_MS };
    const opened = open({}, { limits });
    await opened.refresh(false);
    server.serve('evil.example\n', '"two"');
    expect(await opened.refresh(false)).toBeUndefined();
  });

  it('after a restart it is measured by the copy', async () => {
    await open().refresh(false);
    await list?.stop();
    server.serve('evil.example\n', '"two"');
    const again = open();
    await again.load();
    expect(await again.refresh(false)).toContain('has shrunk from 4 entries to 1');
  });
});

describe('a server that', () => {
  /** Lets what is on its way between the sockets arrive. */
  const settle = () => new Promise((resolve) => setTimeout(resolve, 10));

  /** Begins to fetch, and waits until the server has been asked. */
  async function begin(): Promise<{ readonly error: () => string | undefined | null; readonly done: Promise<void> }> {
    let error: string | undefined | null = null;
    const done = open()
      .refresh(false)
      .then((result) => {
        error = result;
      });
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    await settle();
    return { error: () => error, done };
  }

  it('says nothing is given up', async () => {
    server.handler = () => {};
    const fetching = await begin();
    clock.advance(19_999);
    await settle();
    expect(fetching.error()).toBeNull();
    clock.advance(1);
    await fetching.done;
    expect(fetching.error()).toBe(`${server.url()} sent nothing for 20 s`);
  });

  it('stops in the middle is given up', async () => {
    server.handler = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write(LIST);
    };
    const fetching = await begin();
    clock.advance(20_000);
    await fetching.done;
    expect(fetching.error()).toContain('sent nothing for 20 s');
  });

  it('drips is given up when it takes too long in all', async () => {
    server.handler = (_request, response) => {
      response.writeHead(200, {}).write('#');
      drip = () => response.write('#');
    };
    let drip = () => true;
    const fetching = await begin();
    for (let waitedMs = 0; waitedMs < 119_000; waitedMs += 7000) {
      expect(fetching.error()).toBeNull();
      clock.advance(7000);
      drip();
      await settle();
    }
    clock.advance(7000);
    await fetching.done;
    expect(fetching.error()).toContain('took longer than 120 s');
  });

  it('is slow may take its time', async () => {
    server.handler = (_request, response) => {
      response.writeHead(200, {});
      next = (text) => (text === '' ? response.end() : response.write(text));
    };
    let next = (_text: string): unknown => undefined;
    const fetching = await begin();
    for (const line of [...LIST.split('\n').map((text) => `${text}\n`), '']) {
      clock.advance(15_000);
      next(line);
      await settle();
    }
    await fetching.done;
    expect(fetching.error()).toBeUndefined();
    expect(list?.pack.book.size).toBe(4);
  });

  it('hangs does not hold up the end', async () => {
    server.handler = () => {};
    const fetching = await begin();
    await list?.stop();
    await fetching.done;
    expect(alarms()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('failures', () => {
  it('are tried again, ever less often, and with the usual time in the end', async () => {
    server.handler = (_request, response) => response.writeHead(500).end();
    const opened = open();
    const start = clock.nowMs();
    const times: number[] = [];
    opened.begin();
    for (let failures = 1; failures <= 9; failures++) {
      await vi.waitFor(() => expect(opened.state().failures).toBe(failures));
      await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
      times.push((clock.nowMs() - start) / 1000);
      while (clock.pendingTimers === 1 && server.requests.length === failures) {
        clock.advance(1000);
        await Promise.resolve();
        if (clock.pendingTimers > 1) break;
      }
    }
    expect(times.map((time, at) => time - (times[at - 1] ?? 0))).toEqual([0, 30, 60, 120, 240, 480, 960, 1920, 3600]);
    server.serve(LIST, '"one"');
    expect(await opened.refresh(false)).toBeUndefined();
  });
});

describe('places', () => {
  it('that show a certificate of an authority nobody named are refused', async () => {
    const error = await open({ caFile: undefined }).refresh(false);
    expect(error).toContain('shows a certificate that is not believed (');
    expect(error).toContain('ca_file');
  });

  it('that show a certificate that has expired are refused', async () => {
    expect(await open({ from: expired.url() }).refresh(false)).toContain('CERT_HAS_EXPIRED');
  });

  it('that show a certificate of another name are refused', async () => {
    expect(await open({ from: elsewhere.url() }).refresh(false)).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('are believed by their certificate whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      expect(await open({ from: expired.url() }).refresh(false)).toContain('CERT_HAS_EXPIRED');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('are asked without a proxy of the environment', async () => {
    for (const name of ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'all_proxy'])
      vi.stubEnv(name, 'http://127.0.0.1:1');
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    try {
      expect(await open().refresh(false)).toBeUndefined();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('that nobody serves are told, without what may be secret', async () => {
    const error = await open({ from: 'https://127.0.0.1:1/list?key=secret' }).refresh(false);
    expect(error).toBe('https://127.0.0.1:1/list cannot be had (ECONNREFUSED)');
  });

  it('without authorities to be read are told', async () => {
    const error = await open({ caFile: join(folder, 'none.pem') }).refresh(false);
    expect(error).toContain(`"ca_file" of this list, ${join(folder, 'none.pem')}, cannot be read (ENOENT)`);
  });

  it('get the key that is in a file, and those they lead on to do not', async () => {
    const authorizationFile = join(folder, 'key');
    writeFileSync(authorizationFile, 'secret-key\nnot this\n');
    server.handler = (request, response) => {
      if (request.url === '/list') response.writeHead(302, { location: server.url('/here') }).end();
      else response.writeHead(302, { location: other.url('/there') }).end();
    };
    other.serve(LIST, '"other"');
    expect(await open({ authorizationFile }).refresh(false)).toBeUndefined();
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['secret-key', 'secret-key']);
    writeFileSync(authorizationFile, '\n');
    expect(await list?.refresh(false)).toContain('the first line of "authorization_file" of this list is no header');
    rmSync(authorizationFile);
    expect(await list?.refresh(false)).toContain('"authorization_file" of this list');
    expect(alarms().join()).not.toContain('secret-key');
  });

  it('are asked for what the format is served as', async () => {
    await open({ format: 'stix' }).refresh(false);
    expect(server.requests[0]?.headers.accept).toContain('application/taxii+json;version=2.1');
  });

  it('may lead on', async () => {
    server.handler = (request, response) => {
      if (request.url === '/list') response.writeHead(302, { location: server.url('/moved') }).end();
      else response.writeHead(200, { etag: '"m"' }).end(LIST);
    };
    expect(await open().refresh(false)).toBeUndefined();
    expect(server.requests.map(({ url }) => url)).toEqual(['/list', '/moved']);
  });

  describe('on this machine without TLS', () => {
    let plain: Server;
    beforeAll(async () => {
      plain = createPlainServer((request, response) => {
        if (request.url === '/away') response.writeHead(302, { location: 'http://192.0.2.1/list' }).end();
        else response.end(LIST);
      });
      await new Promise<void>((resolve) => {
        plain.listen(0, '127.0.0.1', resolve);
      });
    });
    afterAll(() => void plain.close());
    const url = (path: string) => `http://127.0.0.1:${(plain.address() as AddressInfo).port}${path}`;

    it('are asked', async () => {
      expect(await open({ from: url('/') }).refresh(false)).toBeUndefined();
    });

    it('may not lead elsewhere', async () => {
      expect(await open({ from: url('/away') }).refresh(false)).toContain('leads on to http://, want https://');
    });
  });
});

describe('a list in a file', () => {
  const path = () => join(stateFolder, 'source.txt');

  it('is read again when it has changed', async () => {
    writeFileSync(path(), LIST);
    const opened = open({ from: path() });
    expect(await opened.refresh(false)).toBeUndefined();
    expect(opened.pack.book.size).toBe(4);
    await opened.refresh(false);
    expect(changes).toBe(1);
    writeFileSync(path(), `${LIST}third.example\n`);
    await opened.refresh(false);
    expect(opened.pack.book.size).toBe(5);
    writeFileSync(path(), `${LIST}other.example\n`);
    utimesSync(path(), 1, 1);
    await opened.refresh(false);
    expect(changes).toBe(3);
  });

  it('that is a pipe does not hold up anything', async () => {
    execFileSync('mkfifo', [path()]);
    expect(await open({ from: path() }).refresh(false)).toContain('is no file');
  });

  it('that is gone, a folder or too large is told, and the copy stays', async () => {
    writeFileSync(path(), LIST);
    const opened = open({ from: path() });
    await opened.refresh(false);
    rmSync(path());
    expect(await opened.refresh(false)).toContain('is not there');
    writeFileSync(path(), 'x'.repeat(100_001));
    expect(await opened.refresh(false)).toContain('is larger than 100000 octets');
    expect(opened.pack.book.size).toBe(4);
    await opened.stop();
    expect(await open({ from: stateFolder }).refresh(false)).toContain('is no file');
  });
});

describe('a folder that cannot be written to', () => {
  it('is told, and what was fetched is in force where it got that far', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const error = await open({}, { stateFolder: join(file, 'below') }).refresh(false);
    expect(error).toContain('cannot be made (ENOTDIR)');
  });
});

describe('a copy that cannot be kept', () => {
  it('is in force all the same, and fetched again until it is kept', async () => {
    mkdirSync(join(stateFolder, 'bad.list', 'in the way'), { recursive: true });
    const opened = open();
    expect(await opened.refresh(false)).toMatch(/the folder of lists .* cannot be written to/);
    expect(opened.pack.book.size).toBe(4);
    expect(opened.state()).toMatchObject({ failures: 1, refused: 0 });
    rmSync(join(stateFolder, 'bad.list'), { recursive: true });
    expect(await opened.refresh(false)).toBeUndefined();
    expect(readdirSync(stateFolder).sort()).toEqual(['bad.json', 'bad.list']);
    await opened.refresh(false);
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined, '"one"']);
  });
});

describe('entries that begin or end to hold', () => {
  it('do so without a new copy', async () => {
    const indicator = (name: string, more: object) => ({
      type: 'indicator',
      pattern_type: 'stix',
      pattern: `[domain-name:value = '${name}']`,
      ...more,
    });
    const until = new Date(clock.nowMs() + 10 * MINUTE_MS).toISOString();
    const objects = [indicator('a.example', { valid_until: until }), indicator('b.example', {})];
    server.serve(JSON.stringify({ type: 'bundle', objects }), '"stix"');
    const opened = open({ format: 'stix' });
    await opened.refresh(false);
    expect(opened.pack.book.size).toBe(2);
    clock.advance(5 * MINUTE_MS);
    await opened.refresh(false);
    expect(opened.pack.book.size).toBe(2);
    clock.advance(6 * MINUTE_MS);
    await opened.refresh(false);
    expect(opened.pack.book.size).toBe(1);
    expect(opened.state().error).toBeUndefined();
  });
});
