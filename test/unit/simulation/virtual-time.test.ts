import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../../../src/simulation/virtual-time.ts';

describe('virtual time', () => {
  it('stands still while there is work', async () => {
    const time = new VirtualTime(1000);
    let isLate = false;
    time.after(5, () => {
      isLate = true;
    });
    const work = async () => {
      for (let step = 0; step < 50; step++) {
        await turn();
        time.note();
      }
      return 'done';
    };
    expect(await time.finish(work())).toBe('done');
    expect(isLate).toBe(false);
    expect(time.nowMs()).toBe(1000);
  });

  it('stands still while something is looked up, however long that takes', async () => {
    const time = new VirtualTime(0);
    let isLate = false;
    time.after(5, () => {
      isLate = true;
    });
    expect(await time.finish(time.during(sleep(200, 'found')))).toBe('found');
    expect(isLate).toBe(false);
  });

  it('goes on to the next timer where all wait, each at its own time', async () => {
    const time = new VirtualTime(1000);
    const times: number[] = [];
    const late = new Promise<string>((resolve) => {
      time.after(70, () => {
        times.push(time.nowMs());
        resolve('late');
      });
      time.after(30, () => times.push(time.nowMs()));
      time.after(50, () => times.push(-1))();
    });
    expect(await time.finish(late)).toBe('late');
    expect(times).toEqual([1030, 1070]);
  });

  it('says so when there is nothing to wait for, and rejects as the work does', async () => {
    const time = new VirtualTime(0);
    await expect(time.finish(new Promise(() => {}))).rejects.toThrow('waits for nothing');
    await expect(time.finish(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  it('advances over timers, never back', () => {
    const time = new VirtualTime(0);
    const times: number[] = [];
    time.after(10, () => {
      times.push(time.nowMs());
      time.after(10, () => times.push(time.nowMs()));
    });
    time.after(100, () => times.push(time.nowMs()));
    time.advanceTo(50);
    expect(times).toEqual([10, 20]);
    time.advanceTo(40);
    expect(time.nowMs()).toBe(50);
  });
});
