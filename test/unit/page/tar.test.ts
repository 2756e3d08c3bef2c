import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { composeTar } from '../../../page/src/pages/cases/tar.ts';

const AT_MS = Date.parse('2026-11-22T08:00:00.000Z');

function read(archive: Uint8Array, ...options: string[]): string {
  return execFileSync('tar', [...options, '-f', '-'], { input: archive, encoding: 'utf8', env: { TZ: 'UTC' } });
}

test('tar reads the archive: every file with its time and its text', () => {
  const files = [
    { name: 'case.json', text: '{"größe":"☃"}\n' },
    { name: 'empty', text: '' },
    { name: 'report.md', text: 'x'.repeat(512) },
    { name: 'long.md', text: 'line\n'.repeat(5000) },
  ];
  const archive = composeTar('evidence-1', files, AT_MS);
  expect(archive.length % 512).toBe(0);
  const listed = read(archive, '-tv').trim().split('\n');
  expect(listed).toHaveLength(files.length);
  for (const [index, { name, text }] of files.entries()) {
    expect(listed[index]).toMatch(new RegExp(`^-rw-r--r-- .*2026-11-22 08:00 evidence-1/${name}$`));
    expect(read(archive, '-xO', `evidence-1/${name}`)).toBe(text);
  }
});
