import { Command } from 'commander';
import { vi } from 'vitest';

export interface CommandRun {
  readonly stdout: string;
  readonly exitCode: number;
  /** What the command threw; the program's main turns it into a message and an exit code. */
  readonly error: unknown;
}

/** Runs one command line in this process, on a program that has only what `add` adds. */
export async function runCommand(add: (program: Command) => void, ...args: readonly string[]): Promise<CommandRun> {
  const program = new Command('gluewall').exitOverride();
  add(program);
  let stdout = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await program.parseAsync(args, { from: 'user' });
    return { stdout, exitCode: Number(process.exitCode ?? 0), error: undefined };
  } catch (error) {
    return { stdout, exitCode: Number(process.exitCode ?? 0), error };
  } finally {
    process.exitCode = before;
    spy.mockRestore();
  }
}
