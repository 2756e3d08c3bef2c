/** Every example of a command in README, docs and --help is run here, by a shell, as it stands there. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { documentedCommands } from '../support/document-commands.ts';
import { LabFederation } from '../support/lab-federation.ts';

const root = join(import.meta.dirname, '..', '..');
const main = join(root, 'dist', 'src', 'cli', 'main.js');

/** Examples that end with 1 here: there is no such record, bridge or mistake to find. */
const REFUSED = [
  /^gluewall (lookup|check|clients) /,
  /^gluewall (allow|rule) remove /,
  /^gluewall rule change /,
  /^gluewall report /,
  /^gluewall switch /,
  /^gluewall doctor/,
  /^gluewall bypass .*--group/,
  /^gluewall bypass end/,
  /^gluewall pack refresh \w/,
  /^gluewall traceback (request|show|close|export) /,
  /^gluewall (bots|host) show /,
  /^gluewall quarantine end /,
  /^gluewall picture /,
  /^gluewall event (show|packet) /,
  /^gluewall user add .* < /,
  /^gluewall (user|token) remove /,
  /^gluewall inbox (show|events|acknowledge|escalate|reopen|comment) /,
  /^gluewall findings (show|acknowledge|escalate|close|reopen|comment|trace) /,
];

/** Examples that need another host, or a gluewall that does not run: here they end with a message that says so. */
const ELSEWHERE = [
  /^gluewall capture /,
  /^gluewall store .*mysql:/,
  /^gluewall store migrate /,
  /^gluewall audit verify \//,
  /^gluewall traceback verify /,
];

const QUERY_LINE =
  '21-Nov-2025 10:11:12.123 queries: info: client @0x7f2c04000b01 192.0.2.10#53211 (a.example): query: a.example IN A + (192.0.2.53)\n';

const PASSWORD = 'a sentence that nobody knows\n';

let directory: string;
let lab: LabFederation | undefined;
let running: GluewallProcess;
/** Where the console is, and the token for it, as the examples name them. */
let place: Readonly<Record<'CONSOLE' | 'GLUEWALL_TOKEN', string>> | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  lab = await LabFederation.make();
  const { key, certificate, ca } = await lab.files('node.example.org');
  const tls = { key, certificate, ca };
  running = await GluewallProcess.start(directory, {
    openflow: { listen: '127.0.0.1:0' },
    console: { listen: '127.0.0.1:0' },
    control: { socket: join(directory, 'control.sock') },
    inside: { networks: ['192.0.2.0/24'] },
    trusted_resolvers: ['192.0.2.53'],
    response: { rpz: { file: join(directory, 'response.zone') } },
    node: { name: 'node.example.org', listen: '127.0.0.1:0', tls, zones: ['example.org'], clients: ['192.0.2.0/24'] },
  });
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin', 'gluewall'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(join(directory, 'bin', 'gluewall'), 0o755);
  copyFileSync(join(root, 'test', 'vectors', 'pcap', 'dnscap', 'dns.pcap'), join(directory, 'border.pcap'));
  const run = (command: string) => expect(shell(command)).toMatchObject({ status: 0 });
  run(
    'gzip -k border.pcap && cp border.pcap border.pcapng && cp border.pcap border-1.pcap && cp border.pcap border-2.pcap',
  );
  writeFileSync(join(directory, 'queries.log'), QUERY_LINE);
  writeFileSync(join(directory, 'password.txt'), PASSWORD);
  run('cp queries.log queries.log.1 && cp queries.log queries.log.2 && gzip queries.log.2');
  run('gluewall history export --output history.jsonl');
  run('gluewall history export --format csv --output history.csv && gzip history.csv');
  run('gluewall history export --format cof --output passive-dns.cof');
  const { secret } = JSON.parse(shell('gluewall token add examples --role admin --json').stdout) as { secret: string };
  const url = await until(
    'the console is there',
    10_000,
    async () => (await running.status()).console?.url ?? undefined,
  );
  place = { CONSOLE: url, GLUEWALL_TOKEN: secret };
}, 60_000);

afterAll(async () => {
  await running?.kill();
  lab?.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** After how long Ctrl-C comes to what would go on for ever: later, when it came before the command listened to it. */
const FOLLOWED_SECONDS = [3, 9, 27];
const KILLED_BY_INTERRUPT = 130;

function shell(command: string) {
  if (!command.includes('--follow')) return runInShell(command);
  let last: ReturnType<typeof runInShell> | undefined;
  for (const seconds of FOLLOWED_SECONDS) {
    last = runInShell(command.replace('gluewall', `timeout --preserve-status -s INT ${seconds} gluewall`));
    if (last.status !== KILLED_BY_INTERRUPT) break;
  }
  return last!;
}

function runInShell(command: string) {
  const local = command
    .replace(/\/etc\/gluewall(\/gluewall)?\.yaml/g, 'gluewall.yaml')
    .replace(/--wait \w+/, '--wait 0s')
    .replace(/(completion \w+ >) .*/, '$1 /dev/null');
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', local], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 40_000,
    input: /^gluewall user (add|password) [^<]*$/.test(command) ? PASSWORD : '',
    env: { ...process.env, PATH: `${join(directory, 'bin')}:${process.env.PATH}`, ...place },
  });
  return { status, stdout, stderr };
}

function shellExamples(): string[] {
  const pages = [
    'README.md',
    ...readdirSync(join(root, 'docs')).flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : [])),
  ];
  return pages.flatMap((page) => {
    const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(
      ([, text]) => text!,
    );
    const lines = blocks.flatMap((text) => text.split('\n').map((line) => line.replace(/\s{2,}#.*/, '').trim()));
    return lines.filter((line) => line.startsWith('gluewall '));
  });
}

const commands = documentedCommands();
const examples = [...new Set([...shellExamples(), ...commands.flatMap((command) => command.examples)])];
/** It is what answers all the others. */
const runnable = examples.filter((example) => !/^(\w+=\S+ )?gluewall (run|node)\b/.test(example));

it('every command has examples of itself', () => {
  expect(commands.length).toBeGreaterThan(15);
  for (const { name, examples: own } of commands) {
    expect(own.length, name).toBeGreaterThan(0);
    for (const example of own) expect(example).toContain(name);
  }
  expect(shellExamples().length).toBeGreaterThan(8);
});

describe('every example runs', () => {
  it.each(runnable)(
    '%s',
    (example) => {
      const { status, stderr, stdout } = shell(example);
      expect(stderr).not.toMatch(/^ {4}at /m);
      if (ELSEWHERE.some((pattern) => pattern.test(example))) {
        expect(status, `${stderr}${stdout}`).toBeGreaterThan(0);
        expect(stderr).toMatch(/gluewall: .{40}/);
        return;
      }
      const expected = REFUSED.some((pattern) => pattern.test(example)) ? [0, 1] : [0];
      expect(expected, `${status}: ${stderr}${stdout}`).toContain(status);
      // What is refused is said in words, and nothing is given.
      if (status === 1 && stdout === '') expect(stderr).toMatch(/gluewall: .{20}/);
      else if (/ --json\b/.test(example) && !example.includes('events')) expect(() => JSON.parse(stdout)).not.toThrow();
    },
    60_000,
  );
});
