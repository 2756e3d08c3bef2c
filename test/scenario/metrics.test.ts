/** The metrics of a running gluewall, as Prometheus gets them. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { cookieOf, PIPELINE } from '../../src/controller/pipeline.ts';
import { NO_BUFFER } from '../../src/openflow/schema/constants.ts';
import { runGluewall } from '../support/command-line.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { FakeSwitch } from '../support/fake-openflow-switch.ts';
import { composeFrame } from '../support/frames.ts';
import { metricNames } from '../support/metric-names.ts';
import { promtool } from '../support/promtool.ts';

const PORT = 16659;
const SWITCH_ID = '000000000000002a';
const SEED = '203.0.113.53';
const ALLOWED = '203.0.113.54';
const UNKNOWN = '203.0.113.8';
const { ask } = PIPELINE.verdict.entries;

let directory: string;
let gluewall: GluewallProcess;
let fake: FakeSwitch;
let url: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  gluewall = await GluewallProcess.start(directory, {
    mode: 'enforce',
    warmup: 0,
    inside: { networks: ['192.0.2.0/24'] },
    outside: { ports: [2] },
    openflow: { listen: `127.0.0.1:${PORT}` },
    control: { socket: join(directory, 'control.sock') },
    metrics: { listen: '127.0.0.1:0' },
    allow: [ALLOWED],
    seed: [SEED],
  });
  const { msg } = await gluewall.logged('where the metrics are', 0, (line) => line.msg.startsWith('metrics: '));
  url = msg.slice('metrics: '.length);
  fake = await FakeSwitch.connect(PORT, { datapathId: 0x2an });
  await gluewall.ready();
});

afterEach(async () => {
  await gluewall.kill();
  rmSync(directory, { recursive: true, force: true });
});

function query(destination: string, id: number): void {
  send(composeFrame(composeQuery('www.bank.test', id), { source: '192.0.2.10', destination }));
}

function send(data: Buffer): void {
  const match = [{ field: 'in_port', value: 1 }] as const;
  const common = { bufferId: NO_BUFFER, totalLen: data.length, reason: 1, tableId: 1, match, data };
  fake.send({ type: 'packetIn', xid: 0, cookie: cookieOf(7, ask.rule), ...common });
}

async function scrape(): Promise<string> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return response.text();
}

/** Waits until a scrape has all these lines. */
async function scraped(...lines: readonly string[]): Promise<string> {
  let text = '';
  await until(`metrics ${lines.join(', ')}`, 10_000, async () => {
    text = await scrape();
    return lines.every((line) => text.includes(`\n${line}\n`)) || undefined;
  }).catch((cause: Error) => {
    const missing = lines.filter((line) => !text.includes(`\n${line}\n`));
    const own = text.split('\n').filter((line) => missing.some((one) => line.startsWith(one.split(/[{ ]/)[0]!)));
    throw new Error(`${cause.message}; the last scrape has:\n${own.join('\n')}`, { cause });
  });
  return text;
}

const valueOfLine = (text: string, start: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${start} `))
      ?.split(' ')[1],
  );

describe('the metrics of a running gluewall', () => {
  it('tell what became of queries, and how long it took', async () => {
    query(SEED, 1);
    query(ALLOWED, 2);
    query(UNKNOWN, 3);
    query(UNKNOWN, 3);
    send(Buffer.alloc(14));
    const text = await scraped(
      'gluewall_verdicts_total{verdict="allow",reason="seed",mode="enforce"} 1',
      'gluewall_verdicts_total{verdict="allow",reason="allowRule",mode="enforce"} 1',
      'gluewall_verdicts_total{verdict="block",reason="unknown",mode="enforce"} 1',
      'gluewall_holds_total{outcome="blocked"} 1',
      'gluewall_holds_total{outcome="merged"} 1',
      'gluewall_held_packets 0',
    );
    const wanted = [
      `gluewall_packet_ins_total{switch="${SWITCH_ID}"} 5`,
      'gluewall_packets_released_total 2',
      'gluewall_packet_ins_ignored_total{reason="unreadable"} 1',
      'gluewall_losses_total{place="frames from switches unreadable",switch=""} 1',
      'gluewall_hold_duration_seconds_count 1',
      'gluewall_switches_connected 1',
      `gluewall_switch_flows{switch="${SWITCH_ID}",kind="allow"} 2`,
      `gluewall_switch_flows{switch="${SWITCH_ID}",kind="drop"} 1`,
      'gluewall_enforce_in_force{group="default"} 1',
      'gluewall_warmup_remaining_seconds 0',
      'gluewall_bypasses_active 0',
      'gluewall_store_failing 0',
      'gluewall_metrics_problems_total 0',
      'gluewall_rules{action="allow",origin="configuration"} 1',
    ];
    expect(wanted.filter((line) => !text.includes(`\n${line}\n`))).toEqual([]);
    expect(text).toMatch(/\ngluewall_rule_hits_total\{rule="[^"]+",action="allow"\} 1\n/);
    expect(text).toMatch(/\ngluewall_config_info\{hash="[0-9a-f]{12}"\} 1\n/);
    // 50 ms by default, and no more than a busy machine adds.
    const heldSeconds = valueOfLine(text, 'gluewall_hold_duration_seconds_sum');
    expect(heldSeconds).toBeGreaterThanOrEqual(0.049);
    expect(heldSeconds).toBeLessThan(5);
  });

  it('have nothing that docs/metrics.md has not', async () => {
    const known = new Set(metricNames());
    const named = (await scrape()).matchAll(/^([a-z]\w*)[{ ]/gm);
    for (const [, name] of named) expect([...known]).toContain(name);
  });

  it('see a switch go', async () => {
    const before = await scraped('gluewall_switches_connected 1');
    expect(before).toContain(`switch="${SWITCH_ID}"`);
    fake.disconnect();
    const text = await scraped('gluewall_switches_connected 0');
    expect(text).not.toContain(SWITCH_ID);
  });

  it('tell of a bypass until it ends', async () => {
    const command = (...args: string[]) =>
      expect(runGluewall(directory, args)).toMatchObject({ status: 0, stderr: '' });
    command('bypass', '--for', '10m', '--reason', 'mail is down');
    const text = await scraped('gluewall_bypasses_active 1');
    const endsAt = valueOfLine(text, 'gluewall_bypass_end_timestamp_seconds{group="all"}');
    expect(endsAt - Date.now() / 1000).toBeGreaterThan(500);
    expect(endsAt - Date.now() / 1000).toBeLessThan(601);
    command('bypass', 'end');
    expect(await scraped('gluewall_bypasses_active 0')).not.toContain('gluewall_bypass_end_timestamp_seconds{');
  });

  it('tell of a reload and of one that is refused', async () => {
    const before = await scraped('gluewall_config_last_reload_successful 1');
    const hashOf = (text: string) => /gluewall_config_info\{hash="(\w+)"\}/.exec(text)?.[1];
    const good = readFileSync(gluewall.configPath, 'utf8');
    writeFileSync(gluewall.configPath, `${good}\nno_such_key: 1\n`);
    process.kill(gluewall.pid!, 'SIGHUP');
    const refused = await scraped(
      'gluewall_config_last_reload_successful 0',
      'gluewall_config_reloads_total{outcome="refused"} 1',
    );
    expect(hashOf(refused)).toBe(hashOf(before));
    writeFileSync(gluewall.configPath, good.replace(ALLOWED, '203.0.113.99'));
    process.kill(gluewall.pid!, 'SIGHUP');
    const applied = await scraped(
      'gluewall_config_last_reload_successful 1',
      'gluewall_config_reloads_total{outcome="applied"} 1',
    );
    expect(hashOf(applied)).not.toBe(hashOf(before));
  });

  it('end the connection of one who does not finish a request', async () => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const parts: string[] = [];
    socket.setEncoding('latin1').on('data', (part: string) => parts.push(part));
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
    await once(socket, 'close');
    expect(parts.join('')).toMatch(/^HTTP\/1\.1 408 /);
    await scraped('gluewall_switches_connected 1');
  });

  it('are counted while queries come, and hold none of them up', async () => {
    let id = 10;
    const judged = (text: string) =>
      valueOfLine(text, 'gluewall_verdicts_total{verdict="allow",reason="seed",mode="enforce"}') || 0;
    const first = judged(await scrape());
    for (let round = 0; round < 20; round++) {
      for (let count = 0; count < 50; count++) query(SEED, id++);
      await Promise.all([scrape(), scrape(), fake.echo()]);
    }
    const last = await until('all are judged', 5000, async () => {
      const text = await scrape();
      return judged(text) === first + 1000 ? text : undefined;
    });
    expect(fake.ofType('packetOut')).toHaveLength(1000);
    const measured = valueOfLine(last, 'gluewall_verdict_duration_seconds_count');
    expect(measured).toBeGreaterThan(0);
    expect(measured).toBeLessThanOrEqual(1000);
    expect(valueOfLine(last, 'gluewall_verdict_duration_seconds_sum')).toBeGreaterThan(0);
  });
});

describeIf(['promtool'], 'promtool', () => {
  it('finds nothing to complain of', async () => {
    query(SEED, 1);
    const { status, text } = promtool(['check', 'metrics'], {}, await scrape());
    expect(text).toBe('');
    expect(status).toBe(0);
  });
});
