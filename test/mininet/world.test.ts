import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { describeIf } from '../support/describe-if.ts';

const script = pathToFileURL(repositoryPath('scripts', 'world.mjs')).href;

/** Starts a process that makes a new private world (inside the one we are in) and runs a shell command there. */
function startWorld(shellCommand: string): ChildProcessWithoutNullStreams {
  const command = JSON.stringify(['sh', '-c', shellCommand]);
  const program = `import { runInWorld } from '${script}'; process.exit(await runInWorld(${command}));`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, GLUEWALL_WORLD: '' },
  });
}

function outcome(child: ChildProcessWithoutNullStreams): Promise<{ code: number | null; output: string }> {
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** Resolves with the first thing a process says. */
function firstOutput(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
}

/** Whether a process whose command line contains the mark still lives. */
async function alive(mark: string): Promise<boolean> {
  const child = spawn('ps', ['-eo', 'args=']);
  const { output } = await outcome(child);
  return output.includes(mark);
}

describeIf(['root', 'namespaces'], 'the private world', () => {
  it('has loopback up and nothing else, and process ids and folders of its own', async () => {
    const { code, output } = await outcome(
      startWorld('ip -o link; ip -o addr show dev lo; ls /run; echo "parent $PPID"; echo "$TMPDIR $GLUEWALL_WORLD"'),
    );
    expect(code).toBe(0);
    expect(output.match(/^\d+: \w+: </gm)).toEqual(['1: lo: <']);
    expect(output).toContain('127.0.0.1/8');
    expect(output).toContain('lock\nnetns\nshm\ntmp\nparent 1\n/run/tmp 1\n');
  });

  it('leaves the network of the machine as it was', async () => {
    const before = readFileSync('/proc/self/net/dev', 'utf8').split('\n').length;
    await outcome(startWorld('ip link add left type veth peer name right'));
    expect(readFileSync('/proc/self/net/dev', 'utf8').split('\n')).toHaveLength(before);
  });

  it('keeps the exit code', async () => {
    expect((await outcome(startWorld('exit 7'))).code).toBe(7);
  });

  it('ends at once though an orphan lives on and holds the output', async () => {
    const startedAtMs = performance.now();
    const { code } = await outcome(startWorld('(sleep 987 &) ; exit 3'));
    expect(code).toBe(3);
    expect(performance.now() - startedAtMs).toBeLessThan(5000);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('ends with all it holds on %s', async (signal, code) => {
    const child = startWorld(`echo started; sleep 98.${code} & sleep 98.${code}`);
    const ended = outcome(child);
    await firstOutput(child);
    child.kill(signal);
    expect((await ended).code).toBe(code);
    expect(await alive(`sleep 98.${code}`)).toBe(false);
  });

  it('ends with all it holds when the process that made it is killed', async () => {
    const child = startWorld('echo started; sleep 97.531 & sleep 97.531');
    await firstOutput(child);
    // The output closes only when the last process inside is gone.
    const ended = outcome(child);
    child.kill('SIGKILL');
    await ended;
    expect(await alive('sleep 97.531')).toBe(false);
  });
});
