import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { readRssMb, rssMbIn, watchRss } from '../../../bench/support/memory.ts';

describe('rssMbIn', () => {
  it('takes resident memory, not its peak, in units of 10^6', () => {
    expect(rssMbIn('Name:\tnode\nVmHWM:\t  999999 kB\nVmRSS:\t  100000 kB\nRssAnon:\t 5 kB\n')).toBe(102.4);
  });

  it('refuses a text without it', () => {
    expect(() => rssMbIn('Name:\tkthreadd\n')).toThrow('how much memory');
  });
});

describe('readRssMb', () => {
  it('is of the order of what Node says of itself', () => {
    expect(readRssMb(process.pid) / (process.memoryUsage.rss() / 1e6)).toBeCloseTo(1, 0);
  });

  it('throws for a process that is gone', () => {
    expect(() => readRssMb(2 ** 30)).toThrow('ENOENT');
  });
});

describe('watchRss', () => {
  it('looks at once and then again and again, and ends with the process', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    const gone = once(child, 'exit');
    const watch = await new Promise<ReturnType<typeof watchRss>>((resolve) => {
      let count = 0;
      const started = watchRss(child.pid!, 1, () => {
        if (++count === 3) setImmediate(() => resolve(started));
      });
    });
    child.kill('SIGKILL');
    await gone;
    // A process has next to nothing in its first moments, and less and less when it dies: those are not looked at here.
    const points = watch.stop().slice(0, 3);
    expect(points).toHaveLength(3);
    expect(points[0]!.at).toBeLessThan(points[2]!.at);
    expect(points.every(({ value }) => value > 0)).toBe(true);
  });
});
