/** `gluewall event`, `rule preview`, `rule change` and `host timeline` as they are typed, and what pages ask, of a gluewall with a switch. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import { cookieOf, PIPELINE } from '../../src/controller/pipeline.ts';
import { FlowModFlag, FlowRemovedReason, NO_BUFFER } from '../../src/openflow/schema/constants.ts';
import type { EventRow } from '../../src/services/event-row-view.ts';
import type { EventView } from '../../src/services/event-services.ts';
import type { OverviewView } from '../../src/services/overview.ts';
import type { RulePreviewView } from '../../src/services/rule-preview.ts';
import type { SwitchView } from '../../src/services/switch-list.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { FakeSwitch } from '../support/fake-openflow-switch.ts';
import { composeFrame } from '../support/frames.ts';
import { gluewall as runGluewall } from '../support/gluewall-command.ts';

const PORT = 16_671;
const WAIT_MS = 10_000;
const { ask, drop } = PIPELINE.verdict.entries;
const ENDS = { source: '192.0.2.10', destination: '203.0.113.8', sourcePort: 40_000, destinationPort: 53 };
const FRAME = composeFrame(composeQuery('evil.test'), ENDS);

let directory: string;
let gluewall: GluewallProcess;
let fake: FakeSwitch;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-event-'));
  gluewall = await GluewallProcess.start(directory, {
    mode: 'enforce',
    warmup: 0,
    inside: { networks: ['192.0.2.0/24'] },
    outside: { ports: [2] },
    openflow: { listen: `127.0.0.1:${PORT}` },
    drop_flow: { life: '15s' },
  });
  fake = await FakeSwitch.connect(PORT);
  await gluewall.ready();
  const match = [{ field: 'in_port', value: 1 }] as const;
  const common = { bufferId: NO_BUFFER, totalLen: FRAME.length, reason: 1, tableId: 1, match, data: FRAME };
  fake.send({ type: 'packetIn', xid: 0, cookie: cookieOf(7, ask.rule), ...common });
  await gluewall.logged('the verdict', 0, ({ msg }) => msg === '203.0.113.8 is unknown and block');
}, 60_000);

afterAll(async () => {
  fake?.disconnect();
  await gluewall?.kill();
  rmSync(directory, { recursive: true, force: true });
});

const asked = async <V>(request: ControlRequest) => (await resultOf(askControl(gluewall.socketPath, request))) as V;
/** Not in this process, whose switch is to answer meanwhile. */
const command = (...args: string[]) => runGluewall(process.env, ...args, '--socket', gluewall.socketPath);

async function theEvent(): Promise<EventRow> {
  return until('the event is kept', WAIT_MS, async () => {
    const request = { operation: 'events search', limit: 10 } as const;
    return (await asked<{ readonly items: readonly EventRow[] }>(request)).items[0];
  });
}

describe('a blocked query', { timeout: 60_000 }, () => {
  it('is shown with the flow that drops it, its packet and its message', async () => {
    const { id } = await theEvent();
    const shown = await command('event', 'show', String(id));
    expect(shown, shown.stderr).toMatchObject({ status: 0 });
    expect(shown.stdout).toContain('203.0.113.8 is unknown and block');
    expect(shown.stdout).toContain('at least 0 packets dropped by the flow from 192.0.2.10, to 203.0.113.8');
    expect(shown.stdout).toContain('question    evil.test IN A');
    const view: EventView = JSON.parse((await command('event', 'show', String(id), '--json')).stdout);
    expect(view).toMatchObject({
      packet: { hex: FRAME.toString('hex') },
      drop: { standing: true, packets: 0 },
      now: { verdict: 'block', reason: 'unknown' },
      recursionDesired: true,
    });
  });

  it('has a packet that is written as a capture file', async () => {
    const { id } = await theEvent();
    const file = join(directory, 'query.pcap');
    expect((await command('event', 'packet', String(id), '--output', file)).status).toBe(0);
    expect(readFileSync(file).subarray(40).equals(FRAME)).toBe(true);
    const nowhere = await command('event', 'packet', String(id), '--output', join(directory, 'none', 'query.pcap'));
    expect(nowhere).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot be written') });
    expect((await command('event', 'show', '4711')).stderr).toContain('there is no event 4711');
    expect((await command('event', 'show', 'x')).stderr).toContain('"x" is no event');
  });

  it('is known to have been dropped when its flow has ended, as often as the switch said last', async () => {
    const mod = fake.ofType('flowMod').find(({ tableId, priority }) => tableId === 1 && priority === drop.priority)!;
    expect(mod.flags).toBe(FlowModFlag.SEND_FLOW_REM);
    fake.tables.apply({ ...mod, command: 'deleteStrict' });
    const { tableId, priority, match, cookie, idleTimeout, hardTimeout } = mod;
    fake.send({
      ...{ type: 'flowRemoved', xid: 0, cookie, priority, reason: FlowRemovedReason.HARD_TIMEOUT, tableId },
      ...{ durationSec: 600, durationNsec: 0, idleTimeout, hardTimeout, packetCount: 5n, byteCount: 350n, match },
    });
    const { id } = await theEvent();
    const ended = await until('the end', WAIT_MS, async () => {
      const { drop: proof } = await asked<EventView>({ operation: 'event show', event: id });
      return proof?.standing === false ? proof : undefined;
    });
    expect(ended).toMatchObject({ packets: 5, bytes: 350, flow: expect.stringContaining('from 192.0.2.10') });
  });

  it('would have passed with a rule, as a preview says; the rule is changed and shown on the timeline', async () => {
    const preview = await command('rule', 'preview', 'allow', '--to', '203.0.113.8');
    expect(preview.stdout).toMatch(/^it would have let pass 1 of 1 event, back to /);
    const request = { operation: 'rule preview', action: 'deny', match: { to: '203.0.113.8' } } as const;
    expect(await asked<RulePreviewView>(request)).toMatchObject({ events: 0, looked: 0 });
    const added = await command(
      'rule',
      'add',
      'allow',
      '--from',
      '192.0.2.10',
      '--to',
      '203.0.113.9',
      '--reason',
      'one',
      '--json',
    );
    const { rule } = JSON.parse(added.stdout);
    const changed = await command('rule', 'change', rule.id, '--reason', 'two', '--expires', '7d');
    expect(changed.stdout).toMatch(/^changed, and in force as it is now until /);
    const stale = { operation: 'rule remove', id: rule.id, ifVersion: rule.version } as const;
    await expect(asked(stale)).rejects.toMatchObject({ code: 'rule-changed' });
    expect((await command('rule', 'change', rule.id)).stderr).toContain('say what is to be another');
    const timeline = await command('host', 'timeline', '192.0.2.10', '--since', '1h');
    expect(timeline.stdout).toMatch(/ rule {6}rule \w+ was added by .*: two\n/);
    expect(timeline.stdout).toMatch(
      / event {5}203\.0\.113\.8 is unknown and block, asked for evil\.test A {2}\(event \d+\)\n/,
    );
    expect(timeline.stdout).toMatch(/ client {4}seen first/);
  });

  it('is counted in the overview, of the minute that goes on', async () => {
    const overview = await asked<OverviewView>({ operation: 'overview' });
    expect(overview.steps.reduce((sum, { block }) => sum + block, 0)).toBe(1);
    expect(overview.steps.reduce((sum, { packetIns }) => sum + packetIns, 0)).toBe(1);
    expect(overview).toMatchObject({
      clients: [{ address: '192.0.2.10', events: 1 }],
      now: { mode: 'enforce', enforced: true, switches: 1, capture: 'off', openHigh: 1 },
    });
  });

  it('came by a switch that is listed, with what is to be done on it', async () => {
    const answer = askControl(gluewall.socketPath, { operation: 'switches' });
    const views: SwitchView[] = [];
    for await (const item of answer) views.push(item as SwitchView);
    expect(views).toHaveLength(1);
    expect(views[0]).toMatchObject({ state: 'in step', address: '127.0.0.1', role: 'equal' });
    expect(views[0]!.since).not.toBeNull();
  });

  it('is asked about on axes only where there is a query log', async () => {
    const view = await asked<object>({ operation: 'host axes', host: '192.0.2.10' }).catch((error) => error);
    expect(view).toSatisfy((it: { readonly code?: string; readonly axes?: unknown[] }) =>
      it.code === undefined ? Array.isArray(it.axes) : it.code === 'no-query-log' || it.code === 'not-running',
    );
  });
});
