import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GluewallError, messageOf } from '../../../src/core/errors.ts';
import { readTsigSecret } from '../../../src/rpz/tsig-key.ts';

const SECRET = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function read(text: string, mode = 0o600) {
  const file = join(directory, 'secret');
  writeFileSync(file, text, { mode });
  return readTsigSecret(file);
}

function problemOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(GluewallError);
    expect(error).toMatchObject({ code: 'tsig-key' });
    return messageOf(error);
  }
  throw new Error('it was taken');
}

describe('readTsigSecret', () => {
  it('reads a secret, and shows nothing of it', () => {
    const secret = read(`${SECRET}\n`);
    expect(secret.export().toString()).toBe('secret-secret-secret-secret');
    expect(inspect(secret) + JSON.stringify(secret)).not.toContain('secret-');
  });

  it.each([
    ['too short', 'c2VjcmV0'],
    ['no Base64', 'not a secret, this'],
    ['empty', ''],
    ['two lines', `${SECRET}\n${SECRET}`],
  ])('refuses one that is %s, without saying it', (_, text) => {
    const problem = problemOf(() => read(text));
    expect(problem).toContain('openssl rand -base64 32');
    if (text !== '') expect(problem).not.toContain(text);
  });

  it('refuses a file that others may read, a folder, and none', () => {
    expect(problemOf(() => read(SECRET, 0o640))).toContain('mode 0640: others could read it');
    expect(problemOf(() => readTsigSecret(directory))).toContain('is no file');
    expect(problemOf(() => readTsigSecret(join(directory, 'none')))).toContain('ENOENT');
  });
});
