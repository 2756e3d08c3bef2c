import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { askControl } from '../../../src/control/control-client.ts';
import { ControlServer } from '../../../src/control/control-server.ts';
import { MAX_REQUEST_BYTES } from '../../../src/control/protocol.ts';
import { type Address, formatAddress } from '../../../src/core/address.ts';
import { silentLog } from '../../../src/core/log.ts';
import type { Services } from '../../../src/services/services.ts';

const services: Services = {
  lookup: (address: Address) => ({ address: formatAddress(address), known: false, expires: null, triples: [] }),
  check: () => {
    throw new Error('broken inside');
  },
  allowAdd: (address) => ({ address: formatAddress(address), outcome: 'added' }),
  allowRemove: (address) => ({ address: formatAddress(address), outcome: 'absent' }),
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
    expect(await askControl(path, { operation: 'lookup', address: '192.0.2.53' })).toMatchObject({
      address: '192.0.2.53',
    });
    expect(await askControl(path, { operation: 'allow add', address: '2001:DB8::1' })).toEqual({
      address: '2001:db8::1',
      outcome: 'added',
    });
    expect(await askControl(path, { operation: 'allow remove', address: '192.0.2.1' })).toMatchObject({
      outcome: 'absent',
    });
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
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
      '{"operation":"lookup","address":"x"}',
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
    const [line] = await raw('{"operation":"allow add","address":"192.0.2.1","reason":"x"}\n');
    expect(JSON.parse(line!)).toMatchObject({ ok: false, error: { code: 'bad-request' } });
  });

  it('refuses a line without end at its limit and closes', async () => {
    await server.start();
    const [line] = await raw('x'.repeat(MAX_REQUEST_BYTES + 1));
    expect(JSON.parse(line!)).toMatchObject({ ok: false, error: { code: 'request-too-long' } });
  });

  it('survives a failure inside a service and says so without its details', async () => {
    await server.start();
    const failure = askControl(path, { operation: 'check', address: '192.0.2.1' });
    await expect(failure).rejects.toMatchObject({ code: 'internal', message: expect.not.stringContaining('broken') });
    expect(await askControl(path, { operation: 'status' })).toEqual({ mode: 'monitor' });
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
    for (let round = 0; round < 5; round++)
      await askControl(`${path}.busy`, { operation: 'allow add', address: '192.0.2.1' });
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
