import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../mininet/until.ts';
import { ConsoleHost } from '../../../../src/cli/console/console-host.ts';
import type { ConsoleOrder } from '../../../../src/cli/console/console-order.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const threadScript = new URL('../../../support/fake-console-thread.mjs', import.meta.url);

let host: ConsoleHost | undefined;
afterEach(async () => {
  await host?.stop();
});

function create(version: string, log = new RecordingLog(), clock = new VirtualClock()): ConsoleHost {
  const order = { version, listen: { host: '127.0.0.1', port: 0 } } as ConsoleOrder;
  host = new ConsoleHost(order, clock, log, threadScript);
  return host;
}

describe('ConsoleHost', () => {
  it('begins, has figures, and passes on what its thread says', async () => {
    const log = new RecordingLog();
    const running = create('1.0.0', log);
    expect(running.figures).toEqual({ viewers: 0, requests: 0, refused: 0, port: undefined, restarts: 0 });
    expect(await running.start()).toBe(8453);
    expect(running.figures).toEqual({ viewers: 2, requests: 17, refused: 1, port: 8453, restarts: 0 });
    expect(log.lines).toContain('warn: said by the thread');
    await running.stop();
    await running.stop();
    expect(running.figures.port).toBeUndefined();
  });

  it.each([
    ['refuses', { code: 'console-listen', message: 'the port is taken' }],
    ['dies', { code: 'console-listen', message: expect.stringContaining('told to fail') }],
  ])('does not begin where its thread %s', async (version, error) => {
    await expect(create(version).start()).rejects.toMatchObject(error);
  });

  it('begins anew on the same port after a fault, and says so', async () => {
    const log = new RecordingLog();
    const clock = new VirtualClock();
    const running = create('fails once', log, clock);
    await running.start();
    await until('the thread has failed', 5000, () => (running.figures.port === undefined ? true : undefined));
    expect(running.figures).toMatchObject({ viewers: 0, restarts: 0 });
    clock.advance(2000);
    await until('it is there again', 5000, () => (running.figures.port === 8453 ? true : undefined));
    expect(running.figures.restarts).toBe(1);
    expect(log.lines.join('\n')).toMatch(/browsers are not answered: .*begins anew in 2 s/);
  });

  it('does not begin anew once it is to stop', async () => {
    const clock = new VirtualClock();
    const running = create('fails once', new RecordingLog(), clock);
    await running.start();
    await until('the thread has failed', 5000, () => (running.figures.port === undefined ? true : undefined));
    await running.stop();
    clock.advance(60_000);
    expect(running.figures).toMatchObject({ port: undefined, restarts: 0 });
  });
});
