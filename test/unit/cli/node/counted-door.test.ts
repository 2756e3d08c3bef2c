import { describe, expect, it } from 'vitest';
import { CountedDoor } from '../../../../src/cli/node/counted-door.ts';
import type { ConfirmRequest } from '../../../../src/traceback/messages.ts';
import { type Peer, PeerFailure } from '../../../../src/traceback/node-options.ts';
import { RecordingLog } from '../../../support/recording-log.ts';

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
});
