import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { GatedInternet } from './gated-internet.ts';
import { type HostName, hosts } from './internet.ts';
import type { MiniInternet } from './mini-internet.ts';
import { Story, type StoryRow } from './story.ts';

const options = new Command('demo')
  .description('Tells the story of gluewall on a mini-Internet of real servers behind a real switch.')
  .option('--once', 'end after the story; without it, on a terminal, commands can be run on the hosts')
  .option('--json', 'end with one line of JSON: {"rows":[…],"passed":N,"failed":N}')
  .parse()
  .opts<{ once?: true; json?: true }>();

function printRow({ case: name, expected, observed, ok }: StoryRow): void {
  const verdict = ok ? 'ok    ' : 'FAILED';
  const detail = expected === observed ? observed : `${observed}   (expected: ${expected})`;
  process.stdout.write(`${verdict} ${name.padEnd(72)} ${detail}\n`);
}

/** Runs `HOST COMMAND…` lines until an empty one or the end of input. */
async function explore(internet: MiniInternet): Promise<void> {
  const { stranger } = hosts;
  process.stdout.write(`\nThe world goes on. Hosts: ${Object.keys(hosts).join(', ')}. Type HOST COMMAND, such as\n`);
  process.stdout.write(
    `  client dig @${stranger.ipv4} www.bank.test +time=1 +tries=1\nor an empty line, or Ctrl-D, to end.\n`,
  );
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  lines.prompt();
  for await (const line of lines) {
    const [host = '', ...argv] = line.trim().split(/\s+/);
    if (host === '') break;
    process.stdout.write(await answerTo(internet, host, argv));
    lines.prompt();
  }
  lines.close();
}

async function answerTo(internet: MiniInternet, host: string, argv: readonly string[]): Promise<string> {
  if (!(host in hosts)) return `there is no host ${host}\n`;
  if (argv.length === 0) return `type a command after ${host}\n`;
  const { stdout, stderr } = await internet.run(host as HostName, argv, 30);
  return stdout + stderr;
}

async function demo(): Promise<boolean> {
  const rows: StoryRow[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-demo-'));
  process.stdout.write('Building a mini-Internet behind one Open vSwitch bridge…\n');
  const world = await GatedInternet.start(directory);
  const story = new Story(world, (row) => {
    rows.push(row);
    printRow(row);
  });
  try {
    await story.tell();
    if (options.once === undefined && process.stdin.isTTY) await explore(world.internet);
  } finally {
    await world.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  const passed = rows.filter(({ ok }) => ok).length;
  const failed = rows.length - passed;
  const last = options.json === true ? JSON.stringify({ rows, passed, failed }) : `${passed} passed, ${failed} failed`;
  process.stdout.write(`${last}\n`);
  return failed === 0;
}

process.exitCode = (await demo()) ? 0 : 1;
