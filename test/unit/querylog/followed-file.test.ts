import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FollowedFile } from '../../../src/querylog/followed-file.ts';

let folder = '';
let opened: FollowedFile[] = [];
const at = (name: string) => join(folder, name);

async function open(name: string, portionOctets = 100): Promise<FollowedFile> {
  const file = await FollowedFile.open(at(name), Buffer.alloc(portionOctets));
  opened.push(file);
  return file;
}

/** What a read gives, its octets as text. */
async function read(file: FollowedFile): Promise<string> {
  const what = await file.read();
  return typeof what === 'string' ? what : `octets ${what.octets.toString('latin1')}`;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-followed-'));
});

afterEach(async () => {
  for (const file of opened) await file.close();
  opened = [];
  rmSync(folder, { recursive: true });
});

describe('a file that is followed', () => {
  it('is read in portions, to its end, and on when it grows', async () => {
    writeFileSync(at('q'), 'abcdef');
    const file = await open('q', 4);
    expect([await read(file), await read(file), await read(file)]).toEqual(['octets abcd', 'octets ef', 'end']);
    appendFileSync(at('q'), 'gh');
    expect([await read(file), await read(file), file.offset]).toEqual(['octets gh', 'end', 8]);
  });

  it('says when it has become shorter', async () => {
    writeFileSync(at('q'), 'abcdef');
    const file = await open('q');
    await read(file);
    truncateSync(at('q'), 3);
    expect(await read(file)).toBe('replaced');
  });

  it.each(['xbcdef', 'xbcdefghi'])('says when %s was written in its place', async (text) => {
    writeFileSync(at('q'), 'abcdef');
    const file = await open('q');
    await read(file);
    writeFileSync(at('q'), text);
    utimesSync(at('q'), 1, 1);
    expect(await read(file)).toBe('replaced');
  });

  it('goes to a place in the file that it is of, and in no other', async () => {
    writeFileSync(at('a'), 'abcdef');
    writeFileSync(at('b'), 'abcdef');
    const [a, b] = [await open('a'), await open('b')];
    await read(a);
    expect([a.isAt(a.fingerprint), b.isAt(a.fingerprint), await b.goTo(a.fingerprint, 6)]).toEqual([true, false, true]);
    expect(await b.goTo(a.fingerprint, 7)).toBe(false);
    writeFileSync(at('c'), 'xbcdef');
    expect(await (await open('c')).goTo(a.fingerprint, 6)).toBe(false);
  });

  it('has a longer fingerprint when it has grown, in which the shorter is known', async () => {
    writeFileSync(at('q'), '');
    const file = await open('q');
    const [empty] = [file.fingerprint];
    appendFileSync(at('q'), 'abc');
    await read(file);
    expect(empty).toMatch(/^0::\d+-\d+$/);
    expect(file.fingerprint).toMatch(/^3:[\da-f]{32}:\d+-\d+$/);
    expect(await (await open('q')).goTo(empty, 0)).toBe(true);
  });

  it('gives its beginning, wherever it is read', async () => {
    writeFileSync(at('q'), 'abcdef');
    const file = await open('q');
    await read(file);
    expect([(await file.head(3)).toString(), (await file.head(100)).toString()]).toEqual(['abc', 'abcdef']);
  });

  it('is no folder, no device, and nothing of /proc', async () => {
    mkdirSync(at('folder'));
    await expect(open('folder')).rejects.toThrow('is a folder, and no file');
    await expect(FollowedFile.open('/dev/zero', Buffer.alloc(1))).rejects.toThrow('is a device, and no file');
    await expect(FollowedFile.open('/proc/self/status', Buffer.alloc(1))).rejects.toThrow(
      'no file that can be followed',
    );
  });
});
