import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../src/traceback/fair-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A queue whose work goes on until `end` says so. */
function create(atOnce: number) {
  const queue = new FairQueue(atOnce);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (asker: string, what: string, signal = new AbortController().signal) =>
    queue.run(
      asker,
      () => {
        begun.push(what);
        return new Promise<string>((resolve) => ends.set(what, () => resolve(what)));
      },
      signal,
    );
  const end = async (what: string) => {
    ends.get(what)!();
    await turn();
  };
  return { queue, begun, run, end };
}

describe('FairQueue', () => {
  it('works on so much at once, and on one of each asker', async () => {
    const { begun, run, end } = create(2);
    const all = ['a1', 'a2', 'b1', 'c1'].map((what) => run(what[0]!, what));
    await turn();
    expect(begun).toEqual(['a1', 'b1']);
    await end('b1');
    // c has had no turn yet; the second of a waits for its first.
    expect(begun).toEqual(['a1', 'b1', 'c1']);
    await end('c1');
    expect(begun).toHaveLength(3);
    await end('a1');
    await end('a2');
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1', 'c1']);
  });

  it('who asks for much waits for itself alone', async () => {
    const { begun, run, end } = create(1);
    for (let number = 0; number < 16; number++) void run('a', `a${number}`);
    await turn();
    void run('b', 'b0');
    void run('b', 'b1');
    for (const what of ['a0', 'a1', 'b0', 'a2', 'b1', 'a3']) await end(what);
    expect(begun.slice(0, 7)).toEqual(['a0', 'a1', 'b0', 'a2', 'b1', 'a3', 'a4']);
  });

  it('does not work on what nobody waits for any more', async () => {
    const { queue, begun, run, end } = create(1);
    void run('a', 'a0');
    const gone = new AbortController();
    const left = run('b', 'b0', gone.signal);
    void run('b', 'b1');
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await expect(queue.run('b', async () => 1, gone.signal)).rejects.toThrow('gone');
    await end('a0');
    expect(begun).toEqual(['a0', 'b1']);
  });

  it('goes on when work fails', async () => {
    const { queue } = create(1);
    await expect(
      queue.run('a', () => Promise.reject(new Error('broken')), new AbortController().signal),
    ).rejects.toThrow('broken');
    expect(await queue.run('a', async () => 1, new AbortController().signal)).toBe(1);
  });
});
