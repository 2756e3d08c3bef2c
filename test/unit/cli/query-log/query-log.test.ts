import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../mininet/until.ts';
import type { LogOrder } from '../../../../src/cli/query-log/log-order.ts';
import { QueryLog } from '../../../../src/cli/query-log/query-log.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { verdictEvent } from '../../../support/verdict-events.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const threadScript = new URL('../../../support/fake-log-thread.mjs', import.meta.url);
const ORDER: LogOrder = {
  store: { kind: 'memory' },
  key: undefined,
  trustedResolvers: [],
  keepMs: Number.POSITIVE_INFINITY,
  keepMsOf: new Map(),
  sizeBytes: 1,
  sources: [],
};

let kept: QueryLog | undefined;

function start(order: Partial<LogOrder> = {}, log = new RecordingLog(), clock = systemClock) {
  kept = new QueryLog({ order: { ...ORDER, ...order }, clientInLog: (client) => client, threadScript }, clock, log);
  kept.start();
  return kept;
}

afterEach(async () => {
  await kept?.stop();
});

const question = { limit: 1 };

describe('QueryLog', () => {
  it('hands over what it takes, in copies, and asks behind it', async () => {
    const log = start();
    const batch = new Uint8Array([1, 2, 3]);
    log.takeCaptured(batch, 5);
    const frames = new Uint8Array([0, 0, 0, 1, 4, 0, 0, 0, 1, 5]);
    log.takeDnstap(frames, 2, '192.0.2.53');
    expect(frames).toHaveLength(10);
    log.takeEvent(verdictEvent({ verdict: 'block' }));
    log.takeEvent(verdictEvent({ verdict: 'allow' }));
    expect(batch).toEqual(new Uint8Array([1, 2, 3]));
    await Promise.resolve();
    const answer = (await log.search(question)) as unknown as { readonly handed: number; readonly args: unknown };
    expect([answer.handed, answer.args]).toEqual([3, [question]]);
    expect(log.figures.handed).toEqual({ gate: 1, capture: 1, dnstap: 2 });
    expect(log.figures.lost).toEqual({ gate: 0, capture: 0, dnstap: 0 });
  });

  it('bounds what waits for a thread that takes nothing, and counts the rest', () => {
    const log = start({ sizeBytes: 0 });
    const batch = new Uint8Array(1024 * 1024);
    for (let count = 0; count < 40; count++) log.takeCaptured(batch, 0);
    expect(log.figures.handed.capture).toBe(31);
    expect(log.figures.lost.capture).toBe(9);
    const small = new Uint8Array(5);
    for (let count = 0; count < 300_000; count++) log.takeDnstap(small, 1, '192.0.2.53');
    const { handed, lost } = log.figures;
    // There is room for less than another MiB.
    expect(handed.dnstap).toBeLessThan((1024 * 1024) / small.length);
    expect(lost.dnstap).toBeGreaterThan(0);
  });

  it('bounds the questions that wait', async () => {
    const log = start();
    const asked = Array.from({ length: 70 }, () =>
      log.coverage(1).then(
        () => 'done',
        ({ code }) => code,
      ),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'done')).toHaveLength(64);
    expect(answers.filter((answer) => answer === 'store-closed')).toHaveLength(6);
  });

  it('tells its thread when nobody waits for a page any more', async () => {
    const log = start();
    const gone = new AbortController();
    const answers = [log.search({ limit: 0 }, gone.signal), log.search(question, gone.signal)];
    expect(await answers[1]).toMatchObject({ operation: 'search' });
    gone.abort();
    expect(await answers[0]).toBe('dropped');
  });

  it('passes on why the store refuses', async () => {
    await expect(start().trim()).rejects.toMatchObject({ code: 'store-away', message: 'the store is away' });
  });

  it('begins anew when its thread dies, and refuses what is asked meanwhile', async () => {
    const clock = new VirtualClock();
    const said = new RecordingLog();
    const log = start({}, said, clock);
    const asked = log.search(question);
    await asked;
    log.configure(ORDER, []);
    await until('the thread is gone', 10_000, () => !log.figures.isKept || undefined);
    expect(said.lines.join()).toContain('told to fail');
    await expect(log.search(question)).rejects.toMatchObject({ code: 'store-closed' });
    log.takeCaptured(new Uint8Array(1), 0);
    expect(log.figures.lost.capture).toBe(1);
    clock.advance(5000);
    await expect(log.search(question)).resolves.toMatchObject({ handed: 0 });
  });

  it.each([
    [{ kind: 'sqlite', folder: 'unused' } as const, 512],
    [{ kind: 'memory' } as const, 2048],
  ])('bounds the memory of its thread: %j', async (store, heapMib) => {
    await expect(start({ store }).search(question)).resolves.toMatchObject({ heapMib });
  });

  it('tries again where its thread cannot even begin', async () => {
    const clock = new VirtualClock();
    const said = new RecordingLog();
    // What cannot be cloned fails at once, as want of memory does.
    const order = { ...ORDER, keepMsOf: (() => {}) as unknown as LogOrder['keepMsOf'] };
    const log = start(order, said, clock);
    expect(said.lines.join()).toContain('the query log is not kept: its thread cannot begin');
    expect(log.figures.isKept).toBe(false);
    log.configure(ORDER, []);
    clock.advance(5000);
    await expect(log.search(question)).resolves.toMatchObject({ handed: 0 });
  });

  it('stops behind what it has taken, safe twice', async () => {
    const said = new RecordingLog();
    const log = start({}, said);
    log.takeDnstap(new Uint8Array([0, 0, 0, 1, 4]), 1, '192.0.2.53');
    await log.stop();
    await log.stop();
    expect(said.lines).toEqual(['info: stopped after 1']);
  });
});
