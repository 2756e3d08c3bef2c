import { describe, expect, it } from 'vitest';
import { CountedDoor } from '../../../../src/cli/node/counted-door.ts';
import { silentLog } from '../../../../src/core/log.ts';
import type { ConfirmRequest } from '../../../../src/traceback/messages.ts';
import { type Peer, PeerFailure } from '../../../../src/traceback/node-options.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const peer = (name: string) => ({ name }) as Peer;
const request = { kind: 'confirm', case: 'c' } as ConfirmRequest;

describe('CountedDoor', () => {
  it('counts who has not answered, and why, but not what was called off', async () => {
    const door = new CountedDoor(
      {
        ask: async ({ name }) => {
          if (name === 'good') return undefined as never;
          throw new PeerFailure(name === 'slow' ? 'late' : 'refused', 'no');
        },
      },
      new VirtualClock(),
      new RecordingLog(),
    );
    const ask = (name: string, signal = new AbortController().signal) =>
      door.ask(peer(name), request, signal).catch((error: unknown) => error);
    expect(await ask('good')).toBeUndefined();
    expect(await ask('slow')).toBeInstanceOf(PeerFailure);
    await ask('slow');
    await ask('strict');
    await ask('strict', AbortSignal.abort());
    expect(door.failures()).toEqual({ slow: { late: 2 }, strict: { refused: 1 } });
  });

  it('says why, with the code of the cause, once a second at most', async () => {
    const said: unknown[] = [];
    const log = { ...silentLog, warn: (fields: object, message: string) => said.push([fields, message]) };
    const clock = new VirtualClock();
    const cause = Object.assign(new Error(), { code: 'ECONNREFUSED' });
    const ask = async () => {
      throw new PeerFailure('unreachable', 'nothing listens there', { cause });
    };
    const door = new CountedDoor({ ask }, clock, log);
    for (let count = 0; count < 3; count++)
      await door.ask(peer('b'), request, new AbortController().signal).catch(() => undefined);
    const fields = { peer: 'b', kind: 'confirm', case: 'c', reason: 'unreachable', code: 'ECONNREFUSED' };
    expect(said).toEqual([[fields, 'b has not answered: nothing listens there']]);
    clock.advance(1000);
    expect(said).toHaveLength(2);
    expect(said[1]).toEqual([fields, expect.stringContaining('2 times')]);
    door.stop();
  });
});
