import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Reloader } from '../../../src/cli/reloader.ts';
import { configDifference } from '../../../src/config/difference.ts';
import { loadConfigWithWarnings } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-reload-'));
  file = join(folder, 'gluewall.yaml');
  write('mode: monitor\n');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string) => writeFileSync(file, text);

function setUp() {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const applied: Config[] = [];
  let reading = 0;
  let reads = 0;
  let slow: Promise<void> = Promise.resolve();
  let most = 0;
  const read = async (from: string, before: Config) => {
    most = Math.max(most, ++reading);
    reads++;
    await slow;
    reading--;
    const found = loadConfigWithWarnings(from);
    return { ...found, hash: 'abc', differences: configDifference(before, found.config) };
  };
  const { config } = loadConfigWithWarnings(file);
  const apply = (next: Config) => applied.push(next);
  const reloader = new Reloader({ clock, log, file, read, config, apply });
  /** Time passes, and what was begun meanwhile is done. */
  const pass = async (durationMs: number) => {
    for (const endMs = clock.nowMs() + durationMs; clock.nowMs() < endMs; ) {
      clock.advance(Math.min(1000, endMs - clock.nowMs()));
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  };
  /** Reading does not end before `goOn` is called. */
  const makeSlow = () => {
    let goOn = () => {};
    slow = new Promise((resolve) => {
      goOn = resolve;
    });
    return goOn;
  };
  return { clock, log, applied, reloader, pass, makeSlow, mostReading: () => most, reads: () => reads };
}

describe('a reload', () => {
  it('takes a changed file up, says what has changed, and counts', async () => {
    const { reloader, applied, log, clock } = setUp();
    const startMs = clock.nowMs();
    expect(reloader.figures).toMatchObject({ applied: 0, refused: 0, last: undefined, appliedAtMs: startMs });
    clock.advance(5000);
    write('mode: monitor\nwarmup: 1h\nallow: [192.0.2.1]\n');
    expect(await reloader.reload(false)).toEqual({
      file,
      outcome: 'applied',
      differences: [
        { path: 'warmup', removed: ['"2d"'], added: ['"1h"'], isLive: true },
        { path: 'allow', removed: [], added: ['"192.0.2.1"'], isLive: true },
      ],
      warnings: [],
    });
    expect(applied.map(({ warmup }) => warmup)).toEqual([3_600_000]);
    expect(log.lines).toEqual(['info: reloaded: warmup: - "2d", + "1h"', 'info: reloaded: allow: + "192.0.2.1"']);
    expect(reloader.figures).toMatchObject({ applied: 1, refused: 0, last: 'applied', appliedAtMs: startMs + 5000 });
  });

  it('of a file that says the same changes nothing', async () => {
    const { reloader, applied, log } = setUp();
    write('# another text\nmode: monitor\n');
    expect(await reloader.reload(false)).toMatchObject({ outcome: 'unchanged', differences: [] });
    expect(applied).toEqual([]);
    expect(log.lines).toEqual(['info: reloaded: nothing has changed']);
  });

  it('of a file that is wrong changes nothing, and says what is wrong and where', async () => {
    const { reloader, applied, log } = setUp();
    write('mode: monitor\nwarmpu: 1h\n');
    await expect(reloader.reload(false)).rejects.toMatchObject({ code: 'config' });
    expect(applied).toEqual([]);
    expect(log.lines).toEqual([
      `error: ${file}:2:1: unknown key "warmpu"; did you mean "warmup"?\nnot reloaded: everything is as it was before`,
    ]);
    expect(reloader.figures).toMatchObject({ applied: 0, refused: 1, last: 'refused' });
    write('mode: monitor\nwarmup: 1h\n');
    expect(await reloader.reload(false)).toMatchObject({ outcome: 'applied' });
    expect(reloader.figures).toMatchObject({ applied: 1, refused: 1, last: 'applied' });
  });

  it('as a trial says what would change, or what is wrong, and does nothing', async () => {
    const { reloader, applied, log } = setUp();
    write('warmup: 1h\n');
    expect(await reloader.reload(true)).toMatchObject({ outcome: 'trial', differences: [{ path: 'warmup' }] });
    write('warmup: 1\n');
    await expect(reloader.reload(true)).rejects.toThrow('gluewall.yaml:1:9: warmup');
    expect(applied).toEqual([]);
    expect(log.lines).toEqual([]);
    expect(reloader.figures).toMatchObject({ applied: 0, refused: 0, last: undefined });
  });

  it('tells of what takes a restart, again and again until there was one', async () => {
    const { reloader, applied, log } = setUp();
    write('mode: monitor\nhold: { time: 20ms }\n');
    const restart = { path: 'hold.time', removed: ['"50ms"'], added: ['"20ms"'], isLive: false };
    expect(await reloader.reload(false)).toMatchObject({ outcome: 'applied', differences: [restart] });
    expect(applied).toEqual([]);
    write('mode: monitor\nhold: { time: 20ms }\nwarmup: 1h\n');
    expect((await reloader.reload(false)).differences).toMatchObject([{ path: 'warmup' }, restart]);
    expect(applied).toHaveLength(1);
    expect((await reloader.reload(false)).differences).toEqual([restart]);
    write('mode: monitor\nwarmup: 1h\n');
    expect(await reloader.reload(false)).toMatchObject({ outcome: 'unchanged' });
    expect(log.lines).toContain('info: takes a restart: hold.time: - "50ms", + "20ms"');
  });

  it('shows lists by what came and went, and of long ones the first', async () => {
    const { reloader, log } = setUp();
    const addresses = Array.from({ length: 30 }, (_, n) => `192.0.2.${n}`);
    write(`mode: monitor\nallow: [${addresses.join(', ')}]\n`);
    await reloader.reload(false);
    expect(log.lines[0]).toMatch(/^info: reloaded: allow: (\+ "192\.0\.2\.\d+", ){19}\+ "192\.0\.2\.19" and 10 more$/);
  });

  it('tells the warnings', async () => {
    const { reloader, log } = setUp();
    write(
      'rules:\n  - { action: allow, to: 192.0.2.1, reason: x }\n  - { action: deny, to: 192.0.2.0/24, reason: y }\n',
    );
    const { warnings } = await reloader.reload(false);
    expect(warnings).toHaveLength(1);
    expect(log.lines[0]).toBe(`warn: ${warnings[0]}`);
  });

  it('comes one after the other, the last file in the end', async () => {
    const { reloader, applied, mostReading } = setUp();
    const all = ['1h', '2h', '3h'].map((length) => {
      write(`warmup: ${length}\n`);
      return reloader.reload(false);
    });
    const outcomes = (await Promise.all(all)).map(({ outcome }) => outcome);
    expect(mostReading()).toBe(1);
    expect(outcomes).toEqual(['applied', 'unchanged', 'unchanged']);
    expect(applied.at(-1)!.warmup).toBe(3 * 3_600_000);
  });
});

describe('a file that is watched', () => {
  it('is reloaded once it has changed and rests', async () => {
    const { reloader, applied, pass } = setUp();
    reloader.start();
    await pass(10_000);
    write('warmup: 1h\n');
    await pass(2000);
    expect(applied).toEqual([]);
    // Still being written.
    write('warmup: 12h\n');
    await pass(2000);
    expect(applied).toEqual([]);
    await pass(2000);
    expect(applied.map(({ warmup }) => warmup)).toEqual([12 * 3_600_000]);
    await pass(60_000);
    expect(reloader.figures.applied).toBe(1);
    reloader.stop();
  });

  it('is refused once, and not looked at again until it is another', async () => {
    const { reloader, log, pass } = setUp();
    reloader.start();
    write('warmup: 1\n');
    await pass(60_000);
    expect(reloader.figures).toMatchObject({ refused: 1, applied: 0 });
    unlinkSync(file);
    await pass(60_000);
    expect(reloader.figures).toMatchObject({ refused: 2, applied: 0 });
    expect(log.lines.at(-1)).toContain(`${file}: cannot be read (ENOENT)`);
    write('warmup: 1h\n');
    await pass(60_000);
    expect(reloader.figures).toMatchObject({ refused: 2, applied: 1 });
    reloader.stop();
  });

  it('takes its time to be read, and is not begun again meanwhile', async () => {
    const { reloader, pass, makeSlow, reads } = setUp();
    reloader.start();
    const goOn = makeSlow();
    write('warmup: 1h\n');
    await pass(60_000);
    expect(reads()).toBe(1);
    goOn();
    await pass(60_000);
    expect(reads()).toBe(1);
    expect(reloader.figures).toMatchObject({ applied: 1 });
    reloader.stop();
  });

  it('that a command has taken up is not taken up once more', async () => {
    const { reloader, pass } = setUp();
    reloader.start();
    write('warmup: 1h\n');
    await reloader.reload(false);
    await pass(60_000);
    expect(reloader.figures.applied).toBe(1);
    reloader.stop();
    write('warmup: 2h\n');
    await pass(60_000);
    expect(reloader.figures.applied).toBe(1);
  });
});
