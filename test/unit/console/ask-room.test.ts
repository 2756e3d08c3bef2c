import { describe, expect, it } from 'vitest';
import { SOCKET_ACTOR } from '../../../src/accounts/actor.ts';
import { AskRoom } from '../../../src/console/ask-room.ts';
import { resultOf } from '../../../src/control/answer.ts';
import { GluewallError } from '../../../src/core/errors.ts';

const LIMITS = { atOnce: 2, waiting: 2, perUser: 3 };
const STATUS = { operation: 'status' } as const;
const as = (user: string) => ({ ...SOCKET_ACTOR, user });

/** Questions that are answered by hand, one after the other. */
function rig() {
  const open: (() => void)[] = [];
  let most = 0;
  let now = 0;
  const room = new AskRoom(async function* (_request, who) {
    most = Math.max(most, ++now);
    try {
      await new Promise<void>((resolve) => {
        open.push(resolve);
      });
      yield 'item';
      return who?.user;
    } finally {
      now--;
    }
  }, LIMITS);
  const ask = (user: string | undefined, signal?: AbortSignal) =>
    resultOf(room.ask(STATUS, user === undefined ? undefined : as(user), signal));
  return { room, ask, open, most: () => most };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const codeOf = (error: unknown) => (error as GluewallError).code;

describe('the room for questions', () => {
  it('answers so many at once, lets so many wait, and refuses the rest', async () => {
    const { room, ask, open, most } = rig();
    const answers = ['ann', 'bob', 'cid', 'dan'].map((user) => ask(user));
    await settle();
    expect(open).toHaveLength(2);
    expect(await ask('eve').catch(codeOf)).toBe('console-busy');
    expect(room.refused).toBe(1);
    for (let index = 0; index < 4; index++) {
      open[index]!();
      await settle();
    }
    expect(await Promise.all(answers)).toEqual(['ann', 'bob', 'cid', 'dan']);
    expect(most()).toBe(2);
  });

  it('gives one user no more than his share, and it back again', async () => {
    const { ask, open } = rig();
    const own = [ask('ann'), ask('ann'), ask('ann')];
    await settle();
    expect(await ask('ann').catch(codeOf)).toBe('too-many-requests');
    for (let index = 0; index < 3; index++) {
      open[index]!();
      await settle();
    }
    await Promise.all(own);
    const again = ask('ann');
    await settle();
    open[3]!();
    expect(await again).toBe('ann');
  });

  it('lets go of who waits no more', async () => {
    const { ask, open } = rig();
    const first = [ask('ann'), ask('bob')];
    const gone = new AbortController();
    const waiting = ask('cid', gone.signal).catch(codeOf);
    await settle();
    gone.abort();
    expect(await waiting).toBe('console-busy');
    const last = [ask('dan'), ask('eve')];
    for (let index = 0; index < 4; index++) {
      open[index]!();
      await settle();
    }
    expect(await Promise.all([...first, ...last])).toEqual(['ann', 'bob', 'dan', 'eve']);
  });

  it('is free again when an answer is left in the middle, or fails', async () => {
    let asked = 0;
    const room = new AskRoom(
      async function* () {
        asked++;
        yield 1;
        throw new GluewallError('store-read', 'no disk');
      },
      { atOnce: 1, waiting: 0, perUser: 1 },
    );
    for await (const item of room.ask(STATUS, as('ann'))) {
      expect(item).toBe(1);
      break;
    }
    expect(await resultOf(room.ask(STATUS, as('ann'))).catch(codeOf)).toBe('store-read');
    expect(await resultOf(room.ask(STATUS, undefined)).catch(codeOf)).toBe('store-read');
    expect(asked).toBe(3);
  });
});
