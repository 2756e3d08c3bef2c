import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/core/log.ts';
import { logFormat } from '../../src/querylog/readers/list.ts';
import { SourceIntake } from '../../src/querylog/source-intake.ts';
import { FollowedLog } from '../support/followed-log.ts';
import { sourceOptions } from '../support/source-options.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const opened: FollowedLog[] = [];

function followed(options: ConstructorParameters<typeof FollowedLog>[0] = {}): FollowedLog {
  const log = new FollowedLog(options);
  opened.push(log);
  return log;
}

afterEach(async () => {
  for (const log of opened.splice(0)) await log.end();
});

/** All that was written is in the store, each query once. */
async function expectAllOnce(log: FollowedLog): Promise<void> {
  await log.untilAll();
  await log.pass(10_000);
  expect(log.store.names.toSorted()).toEqual(log.written.toSorted());
}

describe('a log file that is followed', () => {
  it('is read from its beginning, and as it grows, line by line', async () => {
    const log = followed();
    log.write(3);
    log.start();
    await log.untilAll();
    const line = log.lines(1);
    appendFileSync(log.path, line.slice(0, 20));
    await log.pass(5000);
    expect(log.store.names).toHaveLength(3);
    appendFileSync(log.path, line.slice(20));
    await expectAllOnce(log);
    expect(log.store.names).toEqual(log.written);
  });

  it('may be larger than what is read at once', async () => {
    const log = followed();
    log.write(120_000);
    log.start();
    await expectAllOnce(log);
  });

  it('survives rename and create, and what is still written to the old one', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    log.write(2);
    log.rename();
    log.create();
    await log.pass(3000);
    log.write(2, `${log.path}.1`);
    await log.untilAll();
    log.write(3);
    await log.pass(750);
    log.write(1, `${log.path}.1`);
    await expectAllOnce(log);
    expect(log.log.lines.filter((line) => line.startsWith('warn'))).toEqual([]);
  });

  it('survives two rotations between two looks at it', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    log.rename();
    log.write(4);
    log.rename();
    log.write(3);
    await expectAllOnce(log);
  });

  it('survives copytruncate, also when it has grown beyond where it was meanwhile', async () => {
    const log = followed();
    log.write(50);
    log.start();
    await log.untilAll();
    log.write(5);
    log.copyTruncate();
    log.write(2);
    await log.untilAll();
    log.write(1);
    log.copyTruncate();
    log.write(500);
    await expectAllOnce(log);
  });

  it('is read from its beginning when it was truncated without a copy; half a line before it is dropped', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    appendFileSync(log.path, log.lines(1).slice(0, -5));
    await log.pass(2000);
    truncateSync(log.path);
    log.write(2);
    await log.pass(10_000);
    expect(log.store.names).toEqual(log.written.toSpliced(5, 1));
    expect(log.follower.figures().refused).toEqual({});
  });

  it('may be gone for a while', async () => {
    const log = followed();
    log.start();
    await log.pass(2000);
    expect(log.follower.figures().problem).toBe(`${log.path} is not there`);
    log.write(2);
    await log.untilAll();
    unlinkSync(log.path);
    await log.pass(20_000);
    log.write(2);
    await expectAllOnce(log);
    const warnings = log.log.lines.filter((line) => line.startsWith('warn'));
    expect(warnings).toEqual([`warn: the log file ${log.path} is not there; it is read as soon as it is`]);
    expect(log.follower.figures().problem).toBeUndefined();
  });

  it.each(['rename', 'copyTruncate'] as const)(
    'may be rotated (%s) while we were down, more than once',
    async (how) => {
      const log = followed();
      log.write(5);
      log.start();
      await log.untilAll();
      await log.stop();
      for (let count = 0; count < 3; count++) {
        log.write(3);
        log[how]();
      }
      log.write(1);
      log.start();
      await expectAllOnce(log);
    },
  );

  it('may be rotated while we were down to a name with a date', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    await log.stop();
    for (const date of ['20261119', '20261120']) {
      log.write(3);
      renameSync(log.path, join(log.folder, `queries-${date}.log`));
    }
    log.write(1);
    log.start();
    await expectAllOnce(log);
  });

  it('is told from another that begins like it by where it lies, when it was rotated while we were down', async () => {
    const log = followed();
    const first = log.lines(1);
    appendFileSync(log.path, first);
    log.start();
    await log.untilAll();
    await log.stop();
    log.rename();
    log.write(1, `${log.path}.1`);
    appendFileSync(log.path, first + log.lines(1));
    log.start();
    await log.until(() => log.store.names.length >= 4, 'the end of both files');
    await log.pass(10_000);
    expect(log.store.names).toEqual(['h0.example', 'h1.example', 'h0.example', 'h2.example']);
  });

  it('may be rotated to names whose numbers count upwards', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    renameSync(log.path, `${log.path}.1`);
    utimesSync(`${log.path}.1`, Date.now() / 1000 - 100, Date.now() / 1000 - 100);
    log.write(3);
    await log.untilAll();
    renameSync(log.path, `${log.path}.2`);
    log.write(2);
    await expectAllOnce(log);
  });

  it('says that it was rotated, and with what it goes on', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    log.rename();
    log.write(3);
    await expectAllOnce(log);
    expect(log.log.lines.at(-1)).toBe(`info: the file of ns1 was rotated: reading goes on with ${log.path}`);
  });

  it('is not read in a format that it is not of', async () => {
    const log = followed({ format: logFormat('bind') });
    writeFileSync(log.path, 'dnsmasq[7]: query[A] a.example from 192.0.2.10\n'.repeat(5));
    log.start();
    await log.pass(1000);
    const problem = `${log.path} looks like dnsmasq, and not like bind: set its format`;
    expect([log.follower.figures().problem, log.store.names]).toEqual([problem, []]);
  });

  it('is another file of the same name after we were down: it is read from the beginning, and what is packed is named', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    await log.stop();
    rmSync(log.path);
    writeFileSync(`${log.path}.1.gz`, gzipSync('something'));
    log.write(3);
    log.start();
    await expectAllOnce(log);
    const warnings = log.log.lines.filter((line) => line.startsWith('warn'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('up to octet');
    expect(warnings[0]).toContain('queries.log.1.gz are not read: unpack it and use gluewall log import');
  });

  it('may have been packed while we were down: what was rotated away behind it is read', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    await log.stop();
    log.rename();
    for (let count = 0; count < 2; count++) {
      log.write(3);
      utimesSync(log.path, Date.now() / 1000 + 10 + count, Date.now() / 1000 + 10 + count);
      log.rename();
    }
    rmSync(`${log.path}.3`);
    writeFileSync(`${log.path}.3.gz`, gzipSync('something'));
    log.write(1);
    log.start();
    await expectAllOnce(log);
  });

  it('may be packed while it is read', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    log.store.failure = new Error('away');
    log.write(40_000);
    await log.pass(1000);
    log.rename();
    rmSync(`${log.path}.1`);
    log.write(3);
    utimesSync(log.path, Date.now() / 1000 + 10, Date.now() / 1000 + 10);
    log.rename();
    writeFileSync(`${log.path}.2.gz`, gzipSync('something'));
    log.write(3);
    log.store.failure = undefined;
    await log.pass(31_000);
    await expectAllOnce(log);
  });

  it('may be written by a clock that is an hour off, which is said of it alone, and not for what is old', async () => {
    const [right, wrong] = [followed({ name: 'right' }), followed({ name: 'wrong' })];
    for (const log of [right, wrong]) {
      appendFileSync(log.path, log.lines(1000, 5 * 86_400_000));
      log.start();
      await log.untilAll();
      for (let count = 0; count < 20; count++) {
        appendFileSync(log.path, log.lines(1, log === wrong ? 3_600_000 : 0));
        await log.pass(500);
      }
      await expectAllOnce(log);
    }
    const warnings = [right, wrong].map(({ log }) => log.lines.filter((line) => line.startsWith('warn')));
    const said = 'warn: the times of wrong are 1 hour behind the clock of this machine; check its clock, and ours';
    expect(warnings).toEqual([[], [said]]);
    expect(right.follower.figures().behindMs).toBeLessThan(1000);
  });

  it('may be a link, which leads to another file later', async () => {
    const log = followed();
    const [first, second] = ['first', 'second'].map((name) => join(log.folder, name)) as [string, string];
    log.write(2, first);
    symlinkSync(first, log.path);
    log.start();
    await log.untilAll();
    log.write(2, second);
    rmSync(log.path);
    symlinkSync(second, log.path);
    await expectAllOnce(log);
  });

  it.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a named pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
    ['made anew at each read', (path: string) => symlinkSync('/proc/self/status', path)],
  ])('is refused by name when it is %s, and taken up when it is a file', async (kind, make) => {
    const log = followed();
    make(log.path);
    log.start();
    await log.pass(20_000);
    const problem = kind.startsWith('made')
      ? 'says that it is empty, and is not: no file that can be followed'
      : `is ${kind}, and no file`;
    expect(log.log.lines).toEqual([`warn: the log file ${log.path} ${problem}; it is tried again`]);
    rmSync(log.path, { recursive: true });
    log.write(2);
    await expectAllOnce(log);
  });

  it('waits where it is while the store takes nothing, and stops all the same', async () => {
    const log = followed();
    log.write(5);
    log.start();
    await log.untilAll();
    log.store.failure = new Error('away');
    log.write(60_000);
    await log.pass(5000);
    expect(log.follower.figures().problem).toBe('away');
    await log.stop();
    log.store.failure = undefined;
    log.start();
    await expectAllOnce(log);
  });

  it('may be read by another process, too: it goes on behind what that one has read', async () => {
    const log = followed();
    log.write(10);
    log.start();
    await log.untilAll();
    await log.pass(6000);
    const position = (await log.store.position('ns1'))!;
    const other = new SourceIntake(sourceOptions(), log.store, new VirtualClock(), silentLog);
    other.resume(position);
    log.write(5);
    other.push(readFileSync(log.path).subarray(position.offset));
    await other.end();
    await log.pass(3000);
    expect(log.store.names).toEqual(log.written);
    expect(log.follower.figures().problem).toContain('another process reads the source ns1, too');
    log.write(3);
    await log.untilAll();
    await log.pass(10_000);
    expect(log.store.names).toEqual(log.written);
    expect(log.follower.figures().problem).toBeUndefined();
    expect(log.log.lines.join('\n')).toContain(
      'is read by another process, too; reading goes on behind what that one has',
    );
  });

  it('says that the store does not say where it was, and asks again', async () => {
    const log = followed();
    const { position } = log.store;
    log.store.position = async () => {
      throw new Error('away');
    };
    log.write(3);
    log.start();
    await log.pass(1000);
    expect(log.store.names).toEqual([]);
    log.store.position = position;
    await expectAllOnce(log);
  });

  it('is read exactly once, whatever happens in whatever order', async () => {
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(fc.constant('write'), fc.integer({ min: 1, max: 60 })) },
      { weight: 3, arbitrary: fc.tuple(fc.constant('pass'), fc.integer({ min: 1, max: 12 })) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom('rename', 'copyTruncate', 'half', 'kill', 'stop'), fc.constant(0)),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
        const log = new FollowedLog();
        log.write(1);
        log.start();
        await log.untilAll();
        let half = '';
        for (const [what, amount] of actions) {
          if (half !== '' && what !== 'pass' && what !== 'kill' && what !== 'stop') {
            appendFileSync(log.path, half);
            half = '';
          }
          if (what === 'write') log.write(amount);
          else if (what === 'pass') await log.pass(amount * 250);
          else if (what === 'rename' || what === 'copyTruncate') {
            log[what]();
            // A file in which nothing stands cannot be told from another.
            log.write(1);
          } else if (what === 'half') {
            const line = log.lines(1);
            appendFileSync(log.path, line.slice(0, 9));
            half = line.slice(9);
          } else {
            if (what === 'kill') log.kill();
            else await log.stop();
            log.start();
          }
        }
        appendFileSync(log.path, half);
        await log.untilAll();
        await log.pass(8000);
        expect(log.store.names.toSorted()).toEqual(log.written.toSorted());
        await log.end();
      }),
      { numRuns: 40 },
    );
  });
});
