import { describe, expect, it } from 'vitest';
import { LiveIntakes } from '../../../src/querylog/live-intakes.ts';
import { SourceIntake } from '../../../src/querylog/source-intake.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingQueryLog } from '../../support/recording-query-log.ts';
import { sourceOptions } from '../../support/source-options.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const store = new RecordingQueryLog();
  const intakes = new LiveIntakes(clock);
  const make = (name: string) => () => new SourceIntake(sourceOptions({ name }), store, clock, new RecordingLog());
  const of = (name: string, sender: string) => intakes.of(name, sender, make(name));
  return { clock, store, intakes, make, of };
}

describe('LiveIntakes', () => {
  it('bounds those of a sender, and all', () => {
    const { of, intakes, make } = setUp();
    for (let at = 0; at < 128; at++) expect(of(`a${at}`, 'a')).toBeDefined();
    expect(of('a128', 'a')).toBeUndefined();
    expect(of('a5', 'a')).toBe(of('a5', 'b'));
    for (let at = 0; at < 128; at++) expect(of(`b${at}`, `b${at}`)).toBeDefined();
    expect(of('c', 'c')).toBeUndefined();
    expect(intakes.sharedOf('c', make('c'))).toBe(intakes.sharedOf('c', make('c')));
    expect(intakes.figures()).toHaveLength(257);
  });

  it('lets the one that was silent longest make room, of the sender where that has too many', () => {
    const { clock, of, intakes } = setUp();
    of('b', 'b');
    for (let at = 0; at < 128; at++) of(`a${at}`, 'a');
    clock.advance(5 * 60_000);
    of('a0', 'a');
    clock.advance(5 * 60_000 - 1);
    expect(of('new', 'a')).toBeUndefined();
    clock.advance(1);
    expect(of('new', 'a')).toBeDefined();
    const names = intakes.figures().map(({ source }) => source);
    expect(names).toHaveLength(129);
    expect(names).not.toContain('a1');
    expect(names).toEqual(expect.arrayContaining(['b', 'a0', 'a2', 'new']));
  });

  it('hands over what all have when it stops, twice', async () => {
    const { clock, store, intakes, make, of } = setUp();
    of('a', 'a')!.pushRecord(Buffer.from(`${clock.nowMs()} a.example`));
    intakes.sharedOf('b', make('b')).pushRecord(Buffer.from(`${clock.nowMs()} b.example`));
    await intakes.stop();
    await intakes.stop();
    expect(store.names.toSorted()).toEqual(['a.example', 'b.example']);
  });
});
