import { describe, expect, it } from 'vitest';
import { AskedQueryLog } from '../../../../src/cli/node/asked-query-log.ts';
import type { FromNodeThread } from '../../../../src/cli/node/node-protocol.ts';
import { parseAddress } from '../../../../src/core/address.ts';

const client = parseAddress('192.0.2.66')!;
const PAGE = { entries: [], last: undefined };

function create() {
  const sent: FromNodeThread[] = [];
  return { sent, log: new AskedQueryLog((message) => sent.push(message)) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('AskedQueryLog', () => {
  it('asks for pages that do not hold up the main thread, and learns what clients are called', async () => {
    const { sent, log } = create();
    const asked = log.search({ limit: 10_000 });
    await turn();
    expect(sent).toEqual([{ kind: 'search', id: 0, question: { limit: 250 } }]);
    expect(log.nameOf(client)).toBeUndefined();
    log.take({ kind: 'found', id: 0, page: PAGE, names: [[client, 'bot.lan']] });
    expect(await asked).toBe(PAGE);
    expect(log.nameOf(client)).toBe('bot.lan');
  });

  it('rejects with what the log says', async () => {
    const { log } = create();
    const asked = log.search({ limit: 1 });
    await turn();
    log.take({ kind: 'not found', id: 0, code: 'store-away', message: 'the database is away' });
    await expect(asked).rejects.toMatchObject({ code: 'store-away' });
  });

  it('asks a bounded number of questions at once, the others in their order', async () => {
    const { sent, log } = create();
    const asked = Array.from({ length: 40 }, () => log.search({ limit: 1 }));
    await turn();
    expect(sent).toHaveLength(4);
    for (let id = 0; id < 40; id++) {
      log.take({ kind: 'found', id, page: PAGE, names: [] });
      await turn();
    }
    expect(await Promise.all(asked)).toHaveLength(40);
    expect(sent).toHaveLength(40);
  });

  it('bounds those that wait for their turn', async () => {
    const { log } = create();
    const asked = Array.from({ length: 4 + 4096 }, () => log.search({ limit: 1 }));
    await expect(log.search({ limit: 1 })).rejects.toMatchObject({ code: 'store-closed' });
    expect(asked).toHaveLength(4100);
  });

  it('calls off a question that nobody waits for, and does not begin one', async () => {
    const { sent, log } = create();
    const gone = new AbortController();
    const asked = log.search({ limit: 1 }, gone.signal);
    await turn();
    gone.abort();
    expect(sent.at(-1)).toEqual({ kind: 'drop', id: 0 });
    log.take({ kind: 'found', id: 0, page: PAGE, names: [] });
    await asked;
    expect(await log.search({ limit: 1 }, gone.signal)).toEqual(PAGE);
    expect(sent).toHaveLength(2);
  });
});
