import { describe, expect, it } from 'vitest';
import { untilAborted } from '../../../src/core/until-aborted.ts';

const never = new AbortController().signal;

describe('untilAborted', () => {
  it('says what the work says', async () => {
    expect(await untilAborted(Promise.resolve(1), never)).toBe(1);
    await expect(untilAborted(Promise.reject(new Error('bad')), never)).rejects.toThrow('bad');
  });

  it('rejects with the reason at once, whatever becomes of the work', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(untilAborted(new Promise(() => {}), gone)).rejects.toThrow('gone');
    const ending = new AbortController();
    let fail = (_error: Error) => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const waiting = expect(untilAborted(work, ending.signal)).rejects.toThrow('gone');
    ending.abort(new Error('gone'));
    await waiting;
    // Nobody hears it, and nothing is left unhandled.
    fail(new Error('bad'));
  });
});
