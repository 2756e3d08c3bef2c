import { describe, expect, it } from 'vitest';
import type { FoundEntry, LogPage, LogQuestion } from '../../../src/querylog/query-log-store.ts';
import { hostAxes } from '../../../src/services/host-axes.ts';
import { addressOf, nameOf } from '../../support/store-rows.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOST = addressOf('192.0.2.66');
const STANDS_FOR = addressOf('10.1.2.3');
const clock = new VirtualClock();

const entry = (number: number, changes: Partial<FoundEntry> = {}): FoundEntry => ({
  atMs: clock.nowMs() - number,
  name: nameOf('a.example'),
  type: 1,
  class: 1,
  client: STANDS_FOR,
  clientPort: 40_000 + (number % 2),
  server: addressOf('203.0.113.66'),
  role: undefined,
  responseCode: undefined,
  answers: [],
  mark: undefined,
  source: 'log',
  place: { atMs: clock.nowMs() - number, number },
  ...changes,
});

function logOf(entries: readonly FoundEntry[]) {
  const asked: LogQuestion[] = [];
  const search = async (question: LogQuestion): Promise<LogPage> => {
    asked.push(question);
    const from = question.after === undefined ? 0 : question.after.number + 1;
    const page = entries.slice(from, from + question.limit);
    const isLast = from + page.length >= entries.length;
    return { entries: page, last: isLast ? undefined : { atMs: 0, number: from + page.length - 1 } };
  };
  return { asked, log: { search, clientInLog: () => STANDS_FOR } };
}

describe('the axes of a host', () => {
  it('are of its queries of the last day, as the log has it, drawn with its own address', async () => {
    const { asked, log } = logOf([
      entry(0),
      entry(1),
      entry(2),
      entry(3, { server: undefined }),
      entry(4, { clientPort: undefined }),
    ]);
    const view = await hostAxes({ host: HOST }, { clock, queryLog: log });
    expect(asked[0]).toMatchObject({ client: STANDS_FOR, sinceMs: clock.nowMs() - 86_400_000 });
    expect(view).toMatchObject({ address: '192.0.2.66', more: false });
    expect(view.axes).toHaveLength(1);
    expect(view.axes[0]).toMatchObject({ family: 'ipv4', queries: 3 });
    expect(view.axes[0]!.axes).toHaveLength(10);
    expect(view.axes[0]!.lines[0]).toEqual({ values: [40_000, 192, 0, 2, 66, 203, 0, 113, 66, 53], queries: 2 });
  });

  it('stop at 20,000 entries of the log, and say that there are more', async () => {
    const { asked, log } = logOf(Array.from({ length: 25_000 }, (_, index) => entry(index)));
    const view = await hostAxes({ host: HOST, sinceMs: 0 }, { clock, queryLog: log });
    expect(asked).toHaveLength(10);
    expect(view).toMatchObject({ more: true, axes: [{ queries: 20_000 }] });
  });

  it('are refused where there is no query log', async () => {
    await expect(hostAxes({ host: HOST }, { clock })).rejects.toMatchObject({ code: 'no-query-log' });
  });
});
