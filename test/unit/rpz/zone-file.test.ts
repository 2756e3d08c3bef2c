import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseName } from '../../../src/dns/name.ts';
import { Protection } from '../../../src/rpz/protection.ts';
import { RpzZone, type ZoneState } from '../../../src/rpz/zone.ts';
import { serialOfFile, ZoneFile } from '../../../src/rpz/zone-file.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const APEX = parseName('rpz.example.net')!;
const NOW_MS = 1_795_000_000_000;

let directory: string;
let clock: VirtualClock;
let log: RecordingLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  clock = new VirtualClock();
  log = new RecordingLog();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function zoneAt(serial: number): ZoneState {
  const zone = new RpzZone(APEX, serial - 1);
  const open = new Protection({ names: [], addresses: [], networks: [], lists: [] });
  zone.update([], open, { zonesOfAddress: () => [], zonesOfServer: () => [] }, 0);
  return zone.state;
}
const SERIAL = NOW_MS / 1000;

describe('ZoneFile', () => {
  it('puts the newest zone in place, for all to read, and leaves nothing else behind', async () => {
    const path = join(directory, 'zone');
    const file = new ZoneFile({ path, reload: ['/bin/true'] }, clock, log);
    for (let count = 0; count < 5; count++) file.put(zoneAt(SERIAL + count));
    await file.settled();
    expect(file.figures).toMatchObject({ serial: SERIAL + 4, problem: undefined, failures: 0 });
    expect(file.figures.writes).toBeLessThan(5);
    expect(readdirSync(directory)).toEqual(['zone']);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(await serialOfFile(path, APEX)).toBe(SERIAL + 4);
    await file.stop();
  });

  it('says once what is wrong, tries again, and says that it works again', async () => {
    const folder = join(directory, 'later');
    const file = new ZoneFile({ path: join(folder, 'zone'), reload: undefined }, clock, log);
    file.put(zoneAt(SERIAL));
    await file.settled();
    clock.advance(30_000);
    await file.settled();
    expect(file.figures).toMatchObject({ failures: 2, serial: undefined, problem: expect.stringContaining('ENOENT') });
    mkdirSync(folder);
    clock.advance(30_000);
    await file.settled();
    expect(file.figures).toMatchObject({ problem: undefined, serial: SERIAL });
    expect(log.lines.map((line) => line.split(':')[0])).toEqual(['error', 'info']);
    await file.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('says what a command that is not there, or fails, says, and nothing of it can steer a terminal', async () => {
    const run = async (...reload: readonly string[]) => {
      const file = new ZoneFile({ path: join(directory, 'zone'), reload }, clock, log);
      file.put(zoneAt(SERIAL));
      await file.settled();
      await file.stop();
      return file.figures.problem;
    };
    expect(await run(join(directory, 'none'))).toContain('could not be run (ENOENT)');
    expect(await run('/bin/sh', '-c', "printf 'no\\033[31m' >&2; exit 7")).toMatch(/ended with 7: no\\x1b\[31m$/);
  });
});

describe('ZoneFile with a command that leaves something behind', () => {
  it.each([
    ['exit 0', undefined],
    ['echo no >&2; exit 7', expect.stringContaining('ended with 7: no')],
  ])('does not wait for it: %s', async (end, problem) => {
    const startedMs = performance.now();
    const reload = ['/bin/sh', '-c', `sleep 5 & ${end}`];
    const file = new ZoneFile({ path: join(directory, 'zone'), reload }, clock, log);
    file.put(zoneAt(SERIAL));
    await file.stop();
    expect(file.figures).toMatchObject({ problem, writes: 1 });
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  it('does not let a flood of words fill anything', async () => {
    const reload = ['/bin/sh', '-c', 'yes | head -c 3000000 >&2; exit 7'];
    const file = new ZoneFile({ path: join(directory, 'zone'), reload }, clock, log);
    file.put(zoneAt(SERIAL));
    await file.stop();
    expect(file.figures.problem!.length).toBeLessThan(1500);
    expect(file.figures.problem).toContain('ended with 7: y');
  });
});

describe('serialOfFile', () => {
  it('finds none where there is none of ours', async () => {
    expect(await serialOfFile(join(directory, 'none'), APEX)).toBeUndefined();
    expect(await serialOfFile(directory, APEX)).toBeUndefined();
    writeFileSync(join(directory, 'other'), Buffer.alloc(100_000, 0xff));
    expect(await serialOfFile(join(directory, 'other'), APEX)).toBeUndefined();
    const tooBig = 'rpz.example.net. IN SOA localhost. hostmaster.localhost. 4294967296 300 60 604800 60\n';
    writeFileSync(join(directory, 'other'), tooBig);
    expect(readFileSync(join(directory, 'other'), 'utf8')).toBe(tooBig);
    expect(await serialOfFile(join(directory, 'other'), APEX)).toBeUndefined();
  });
});
