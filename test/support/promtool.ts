import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PromtoolAnswer {
  readonly status: number | null;
  /** Both of its outputs. */
  readonly text: string;
}

/** Runs promtool in a folder with these files. */
export function promtool(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
  input = '',
): PromtoolAnswer {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-promtool-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { status, stdout, stderr, error } = spawnSync('promtool', args, {
      cwd: folder,
      input,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, text: `${stdout}${stderr}${error?.message ?? ''}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
