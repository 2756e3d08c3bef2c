/** `gluewall learn` as its users run it, on a capture of this minute. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as dnsPacket from 'dns-packet';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { pcapFile } from '../support/capture-file-builder.ts';
import { runGluewall } from '../support/command-line.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { composeFrame } from '../support/frames.ts';
import { referral } from '../support/scenario.ts';

const SERVER = '203.0.113.21';
const TLD_SERVER = '198.51.100.2';

let directory: string;
let running: GluewallProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  writeFileSync(
    join(directory, 'gluewall.yaml'),
    `mode: enforce
inside: {networks: [192.0.2.0/24]}
outside: {ports: [1]}
openflow: {listen: "127.0.0.1:0"}
control: {socket: ${join(directory, 'control.sock')}}
store: {file: ${join(directory, 'gluewall.db')}}
`,
  );
  writeFileSync(join(directory, 'border.pcap'), capture(true));
  writeFileSync(join(directory, 'responses.pcap'), capture(false));
});

afterEach(async () => {
  await running?.kill();
  running = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** A query for www.example.org and the referral that answers it, just now. */
function capture(withQuery: boolean): Buffer {
  const name = 'www.example.org';
  const response = dnsPacket.encode({
    type: 'response',
    id: 7,
    questions: [{ name, type: 'A' }],
    ...referral('example.org', SERVER, 3600),
  });
  const query = composeFrame(composeQuery(name, 7), { source: '192.0.2.2', destination: TLD_SERVER });
  const answer = composeFrame(response, {
    source: TLD_SERVER,
    destination: '192.0.2.2',
    sourcePort: 53,
    destinationPort: 40_000,
  });
  const seconds = Math.floor(Date.now() / 1000);
  const records = [query, answer].map((octets, index) => ({ seconds, ticks: index * 1000, octets }));
  return pcapFile(withQuery ? records : records.slice(1));
}

const gluewall = (...args: string[]) => runGluewall(directory, args);

it('gives what it learned to the store of a gluewall that rests, and to one that runs', async () => {
  const { status, stdout } = gluewall('learn', 'border.pcap', '--teach', 'matched');
  expect(status).toBe(0);
  expect(stdout).toContain('1 queries; 1 responses with their query, 0 without');
  expect(stdout).toContain('learned 1 triples: 1 zones, 1 name servers, 1 addresses');
  expect(stdout).toContain('1 triples taken into the history');
  expect(gluewall('lookup', SERVER)).toMatchObject({ status: 0, stdout: expect.stringContaining('ns.example.org') });
  rmSync(join(directory, 'gluewall.db'));

  running = await GluewallProcess.start(join(directory, 'run'), {
    openflow: { listen: '127.0.0.1:0' },
    control: { socket: join(directory, 'control.sock') },
    mode: 'enforce',
    inside: { networks: ['192.0.2.0/24'] },
    outside: { ports: [1] },
  });
  const ask = (...args: string[]) => gluewall(...args, '--socket', running!.socketPath);
  expect(ask('learn', 'border.pcap', '--teach', 'matched').status).toBe(0);
  expect((await running.lookup(SERVER)).known).toBe(true);
  expect((await running.status()).mode.inForce).toBe('monitor');
  expect(ask('learn', 'border.pcap', '--teach', 'matched', '--ends-warmup').status).toBe(0);
  await running.logged('enforcing', 0, ({ msg }) => msg.includes('warm-up is over'));
});

it('believes responses without their queries only when told to, and a stranger not in mode chain', () => {
  const learned = (...args: string[]) => {
    const { status, stdout } = gluewall('learn', ...args, '--dry-run', '--list', '--json');
    expect(status).toBe(0);
    const { triples, responsesUnmatched, refused, list } = JSON.parse(stdout);
    expect(list).toHaveLength(triples);
    return { triples, responsesUnmatched, refused };
  };
  expect(learned('responses.pcap', '--teach', 'matched')).toEqual({
    triples: 0,
    responsesUnmatched: 1,
    refused: { 'response answers no query that left': 1 },
  });
  expect(learned('responses.pcap', '--teach', 'matched', '--trust-unmatched').triples).toBe(1);
  expect(learned('border.pcap', '--teach', 'chain')).toEqual({
    triples: 0,
    responsesUnmatched: 0,
    refused: { 'responder is not known': 1 },
  });
  expect(gluewall('lookup', SERVER).status).toBe(1);
});

it('goes on behind a file that is no capture, and says so', () => {
  writeFileSync(join(directory, 'broken.pcap'), 'this is no capture, and long enough to tell');
  const { status, stdout, stderr } = gluewall('learn', 'broken.pcap', 'border.pcap', '--teach', 'matched');
  expect(status).toBe(1);
  expect(stderr).toContain('broken.pcap');
  expect(stdout).toContain('1 triples taken into the history');
});
