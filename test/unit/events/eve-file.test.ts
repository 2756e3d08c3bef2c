import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GluewallError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';
import { eveLine } from '../../../src/events/eve.ts';
import { EveFile, type EveFileOptions } from '../../../src/events/eve-file.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { anyVerdictEvent, verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let directory: string;
let path: string;
let file: EveFile<VerdictEvent>;
let said: string[];
let clock: VirtualClock;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-eve-'));
  path = join(directory, 'eve.json');
  said = [];
  clock = new VirtualClock();
});

afterEach(async () => {
  await file?.stop();
  rmSync(directory, { recursive: true });
});

async function started(options: Partial<EveFileOptions> = {}): Promise<EveFile<VerdictEvent>> {
  const say = (_fields: object, message: string) => said.push(message);
  file = new EveFile(path, eveLine, { ...silentLog, error: say, info: say }, { clock, ...options });
  await file.start();
  return file;
}

/** The port of each event, in the order of the file: every line is one JSON object. */
function ports(name = path): number[] {
  const text = readFileSync(name, 'utf8');
  if (text === '') return [];
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line).src_port);
}

const push = (from: number, to: number) => {
  for (let clientPort = from; clientPort < to; clientPort++) file.push(verdictEvent({ clientPort }));
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const isIdle = () => vi.waitFor(() => expect(file.figures.waiting).toBe(0), { interval: 1 });

describe('EveFile', () => {
  it('appends a line for each event, in order, to what is there', async () => {
    await started();
    push(0, 3);
    await file.stop();
    await started();
    push(3, 5);
    await file.stop();
    expect(ports()).toEqual(range(0, 5));
    expect(file.figures).toEqual({ written: 2, lost: 0, waiting: 0, failedWrites: 0 });
  });

  it('is readable by the group, and writable by the owner alone', async () => {
    await started();
    expect(statSync(path).mode & 0o777 & ~0o640).toBe(0);
    expect(statSync(path).mode & 0o600).toBe(0o600);
  });

  it('writes without being asked to stop', async () => {
    await started();
    push(0, 2500);
    await isIdle();
    expect(ports()).toEqual(range(0, 2500));
  });

  it('any event is one line', async () => {
    const events = fc.sample(anyVerdictEvent, 300);
    await started();
    for (const event of events) file.push(event);
    await file.stop();
    expect(ports()).toEqual(events.map(({ clientPort }) => clientPort));
  });

  it('loses what does not fit, counted, and keeps the oldest', async () => {
    await started({ backlog: 10 });
    push(0, 25);
    expect(file.figures).toMatchObject({ lost: 15, waiting: 10 });
    await file.stop();
    expect(ports()).toEqual(range(0, 10));
  });

  it('what comes after the end is lost, and stop is safe twice', async () => {
    await started();
    push(0, 1);
    await Promise.all([file.stop(), file.stop()]);
    await file.stop();
    push(1, 3);
    file.reopen();
    expect(ports()).toEqual([0]);
    expect(file.figures).toMatchObject({ written: 1, lost: 2 });
  });

  it('stop before start is nothing', async () => {
    file = new EveFile(path, eveLine, silentLog);
    await file.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('ends a line that was torn by a crash', async () => {
    writeFileSync(path, '{"torn":');
    await started();
    push(0, 1);
    await file.stop();
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('{"torn":');
    expect(JSON.parse(lines[1]!)).toMatchObject({ src_port: 0 });
  });

  it.each([
    ['a folder that is not there', () => join(directory, 'absent', 'eve.json'), 'ENOENT); make the folder'],
    ['a folder', () => directory, 'EISDIR'],
    ['a device', () => '/dev/null', 'is no regular file'],
  ])('refuses %s', async (_what, where, reason) => {
    path = where();
    const starting = started();
    await expect(starting).rejects.toBeInstanceOf(GluewallError);
    await expect(starting).rejects.toMatchObject({ code: 'eve-file', message: expect.stringContaining(reason) });
  });
});

describe('rotation', () => {
  it('goes on in a new file', async () => {
    await started();
    push(0, 10);
    await isIdle();
    renameSync(path, `${path}.1`);
    push(10, 20);
    await isIdle();
    file.reopen();
    await vi.waitFor(() => expect(existsSync(path)).toBe(true), { interval: 1 });
    push(20, 30);
    await file.stop();
    expect(ports(`${path}.1`)).toEqual(range(0, 20));
    expect(ports()).toEqual(range(20, 30));
  });

  it('under load, again and again, no line is lost, torn or out of order', async () => {
    await started();
    let next = 0;
    const rotated: string[] = [];
    for (let round = 0; round < 20; round++) {
      for (let burst = 0; burst < 5; burst++) {
        push(next, next + 200);
        next += 200;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const name = `${path}.${round}`;
      renameSync(path, name);
      rotated.push(name);
      file.reopen();
      push(next, next + 100);
      next += 100;
      await vi.waitFor(() => expect(existsSync(path)).toBe(true), { interval: 1 });
    }
    await file.stop();
    const all = [...rotated, path].flatMap((name) => ports(name));
    expect(all).toEqual(range(0, next));
    expect(file.figures).toMatchObject({ written: next, lost: 0 });
  });

  it('a file that another writes to as well stays whole', async () => {
    await started();
    push(0, 5);
    await isIdle();
    appendFileSync(path, '{"src_port":-1}\n');
    push(5, 10);
    await file.stop();
    expect(ports()).toEqual([...range(0, 5), -1, ...range(5, 10)]);
  });

  it('where the new file cannot be had, the old one goes on, and the log says so', async () => {
    await started();
    push(0, 5);
    await isIdle();
    renameSync(directory, `${directory}.away`);
    file.reopen();
    push(5, 10);
    await vi.waitFor(() => expect(said).toHaveLength(1), { interval: 1 });
    await isIdle();
    renameSync(`${directory}.away`, directory);
    expect(said[0]).toContain('cannot be opened (ENOENT)');
    expect(ports()).toEqual(range(0, 10));
  });
});

/** A file on a disk that takes `free` octets and then nothing until more is set free. */
class FullDisk {
  free = Number.POSITIVE_INFINITY;
  code = 'ENOSPC';

  readonly open: typeof open = async (...args) => {
    const handle = await open(...args);
    const write = handle.write.bind(handle) as (
      octets: Buffer,
      offset: number,
      length: number,
    ) => ReturnType<FileHandle['write']>;
    const limited = async (octets: Buffer | string, offset = 0) => {
      const buffer = Buffer.from(octets);
      const length = Math.min(buffer.length - offset, this.free);
      if (length === 0) throw Object.assign(new Error(`${this.code}: write`), { code: this.code });
      this.free -= length;
      return write(buffer, offset, length);
    };
    return Object.assign(handle, { write: limited });
  };
}

describe('a disk that does not take it', () => {
  const nextTry = async () => {
    const { failedWrites, written } = file.figures;
    clock.advance(1000);
    await vi.waitFor(
      () => expect(file.figures.failedWrites + file.figures.written).toBeGreaterThan(failedWrites + written),
      { interval: 1 },
    );
  };

  it.each(['ENOSPC', 'EIO'])('%s is said once and tried again until it goes', async (code) => {
    const disk = new FullDisk();
    await started({ open: disk.open });
    Object.assign(disk, { free: 100, code });
    push(0, 3);
    await vi.waitFor(() => expect(file.figures.failedWrites).toBe(1), { interval: 1 });
    await nextTry();
    await nextTry();
    expect(file.figures).toMatchObject({ failedWrites: 3, waiting: 3, written: 0 });
    expect(said).toEqual([expect.stringContaining('cannot be written')]);
    push(3, 6);
    disk.free = Number.POSITIVE_INFINITY;
    await nextTry();
    await isIdle();
    expect(ports()).toEqual(range(0, 6));
    expect(said[1]).toContain('are written to');
    expect(said).toHaveLength(2);
  });

  it('wherever the disk fills up, no line is lost or torn once there is room', async () => {
    const length = JSON.stringify({}).length + 600;
    for (let free = 0; free < length; free += 37) {
      const disk = new FullDisk();
      await started({ open: disk.open });
      disk.free = free;
      push(0, 3);
      await vi.waitFor(() => expect(file.figures.failedWrites + file.figures.written).toBeGreaterThan(0), {
        interval: 1,
      });
      disk.free = Number.POSITIVE_INFINITY;
      await file.stop();
      expect(ports(), `${free} free`).toEqual([0, 1, 2]);
      rmSync(path);
    }
  });

  it('does not grow without end: what finds no room is lost and counted', async () => {
    const disk = new FullDisk();
    await started({ open: disk.open, backlog: 5 });
    disk.free = 0;
    push(0, 5);
    await vi.waitFor(() => expect(file.figures.failedWrites).toBe(1), { interval: 1 });
    push(5, 30);
    expect(file.figures).toMatchObject({ waiting: 10, lost: 20 });
    await file.stop();
    expect(file.figures).toMatchObject({ waiting: 0, lost: 30, written: 0 });
  });

  it('a rotation while it is full leaves the line whole in the new file', async () => {
    const disk = new FullDisk();
    await started({ open: disk.open });
    disk.free = 700;
    push(0, 4);
    await vi.waitFor(() => expect(file.figures.failedWrites).toBe(1), { interval: 1 });
    renameSync(path, `${path}.1`);
    file.reopen();
    await vi.waitFor(() => expect(file.figures.failedWrites).toBe(2), { interval: 1 });
    disk.free = Number.POSITIVE_INFINITY;
    await file.stop();
    const old = readFileSync(`${path}.1`, 'utf8');
    const whole = old.slice(0, old.lastIndexOf('\n') + 1);
    writeFileSync(`${path}.1`, whole);
    expect([...ports(`${path}.1`), ...ports()]).toEqual([0, 1, 2, 3]);
  });
});
