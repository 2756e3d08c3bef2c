import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../mininet/until.ts';
import { NodeHost } from '../../../../src/cli/node/node-host.ts';
import type { NodeOrder } from '../../../../src/cli/node/node-order.ts';
import { parseAddress } from '../../../../src/core/address.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { GluewallError } from '../../../../src/core/errors.ts';
import type { FoundEntry, LogPage } from '../../../../src/querylog/query-log-store.ts';
import type { CaseDemand } from '../../../../src/traceback/cases/case-demand.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const threadScript = new URL('../../../support/fake-node-thread.mjs', import.meta.url);
const client = parseAddress('192.0.2.66')!;
const PAGE: LogPage = { entries: [{ client }, { client }, { client: undefined }] as FoundEntry[], last: undefined };
const settings = (name: string) => ({ options: { name } }) as unknown as NodeOrder;

let host: NodeHost | undefined;
afterEach(async () => {
  await host?.stop();
});

type Search = ConstructorParameters<typeof NodeHost>[0]['queryLog']['search'];

function create(name = 'answers', search: Search = async () => PAGE, log = new RecordingLog(), clock = systemClock) {
  const names = (address: unknown) => (address === client ? 'bot.lan' : undefined);
  host = new NodeHost({ order: settings(name), queryLog: { search }, names, threadScript }, clock, log);
  return host;
}

const demand = (by: string) => ({ by }) as CaseDemand;

describe('NodeHost', () => {
  it('begins, and passes on what it is asked and told', async () => {
    const node = create();
    expect(node.figures).toBeUndefined();
    const started = node.start();
    await expect(node.list()).rejects.toMatchObject({ code: 'node-away' });
    expect(await started).toBe(8853);
    expect(await node.close('id', 'why', 'me')).toEqual(['id', 'why', 'me']);
    await expect(node.show('none')).rejects.toMatchObject({ code: 'case-unknown', message: 'there is none' });
    expect(node.figures).toMatchObject({ isRunning: true, restarts: 0, port: 8853, auditRecords: 7 });
  });

  it.each([
    ['refuses', { code: 'node-listen', message: 'the port is taken' }],
    ['dies', { code: 'node-away', message: expect.stringContaining('told to fail') }],
  ])('does not begin where its thread %s', async (name, error) => {
    await expect(create(name).start()).rejects.toMatchObject(error);
  });

  it('tells which hosts its thread named to a peer', async () => {
    const named: unknown[] = [];
    const onNamed = (one: unknown) => named.push(one);
    const order = settings('names');
    const queryLog = { search: async () => PAGE };
    host = new NodeHost(
      { order, queryLog, names: () => undefined, onNamed, threadScript },
      systemClock,
      new RecordingLog(),
    );
    await host.start();
    await until('it was told', 5000, async () => named.length > 0 || undefined);
    expect(named).toEqual([{ asker: 'peer.example', hosts: [] }]);
  });

  it('asks the query log for it, and sends the names of clients along', async () => {
    const node = create();
    await node.start();
    expect(await node.list()).toMatchObject({ kind: 'found', page: PAGE, names: [[client, 'bot.lan']] });
  });

  it('tells it why the query log cannot be asked', async () => {
    const node = create('answers', async () => {
      throw new GluewallError('store-away', 'the database is away');
    });
    await node.start();
    expect(await node.list()).toMatchObject({ kind: 'not found', code: 'store-away', message: 'the database is away' });
  });

  it('calls off a question to the query log that it waits for no more', async () => {
    const node = create(
      'drops',
      (_question, signal) =>
        new Promise((resolve) => signal!.addEventListener('abort', () => resolve({ entries: [], last: undefined }))),
    );
    await node.start();
    expect(await node.list()).toMatchObject({ kind: 'found', names: [] });
  });

  it('gives the progress of a request, and then its result', async () => {
    const node = create();
    await node.start();
    const items = node.request(demand('me'), new AbortController().signal);
    expect(await items.next()).toEqual({ done: false, value: { case: 'c', step: 'confirm', words: 'asking' } });
    expect(await items.next()).toEqual({ done: true, value: { by: 'me' } });
  });

  it('cancels a request whose signal aborts, before or while it goes on', async () => {
    const node = create();
    await node.start();
    for (const isAbortedBefore of [true, false]) {
      const gone = new AbortController();
      if (isAbortedBefore) gone.abort();
      const items = node.request(demand('waits'), gone.signal);
      expect((await items.next()).done).toBe(false);
      gone.abort();
      expect(await items.next()).toEqual({ done: true, value: 'dropped' });
    }
  });

  it('bounds what waits', async () => {
    const node = create('answers', () => new Promise(() => undefined));
    await node.start();
    const asked = Array.from({ length: 70 }, () => node.list().catch(({ code }: GluewallError) => code));
    expect(await Promise.all(asked.slice(64))).toEqual(Array.from({ length: 6 }, () => 'node-away'));
    void Promise.allSettled(asked);
  });

  it('says when its thread dies, ends what waits, and begins it anew', async () => {
    const log = new RecordingLog();
    const clock = new VirtualClock();
    const node = create('answers', () => new Promise(() => undefined), log, clock);
    await node.start();
    const waiting = node.list();
    const items = node.request(demand('waits'), new AbortController().signal);
    await items.next();
    node.configure(settings('answers'));
    await expect(waiting).rejects.toMatchObject({
      code: 'node-away',
      message: expect.stringContaining('told to fail'),
    });
    await expect(items.next()).rejects.toMatchObject({ code: 'node-away' });
    await expect(node.show('id')).rejects.toMatchObject({ code: 'node-away' });
    expect(node.figures).toMatchObject({ isRunning: false });
    expect(log.lines).toContainEqual(expect.stringContaining('error: peers are not answered'));
    clock.advance(5000);
    await until('it is there again', 10_000, () => (node.figures?.isRunning === true ? true : undefined));
    expect(await node.show('id')).toEqual(['id']);
    expect(node.figures).toMatchObject({ restarts: 1 });
  });

  it('stops, twice', async () => {
    const node = create();
    await node.start();
    await node.stop();
    await node.stop();
    await expect(node.show('id')).rejects.toMatchObject({ code: 'node-away' });
  });
});
