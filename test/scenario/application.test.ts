/** The whole process against a switch of the tests, over a real connection. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { cookieOf, PIPELINE } from '../../src/controller/pipeline.ts';
import { FragmentFlag, NO_BUFFER } from '../../src/openflow/schema/constants.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { FakeSwitch } from '../support/fake-openflow-switch.ts';
import { composeFrame } from '../support/frames.ts';

const PORT = 16654;
const { ask, allow, drop, dropClient } = PIPELINE.verdict.entries;
const VERDICT_PRIORITIES: readonly number[] = [allow.priority, drop.priority, dropClient.priority];

let directory: string;
let gluewall: GluewallProcess;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
});

afterEach(async () => {
  await gluewall?.kill();
  rmSync(directory, { recursive: true, force: true });
});

async function start(mode: 'monitor' | 'enforce'): Promise<void> {
  gluewall = await GluewallProcess.start(directory, {
    mode,
    warmup: 0,
    inside: { networks: ['192.0.2.0/24'] },
    outside: { ports: [2] },
    openflow: { listen: `127.0.0.1:${PORT}` },
  });
}

/** A query as an entry of an enforcing controller, this one or one before, sends it. */
function askingPacket() {
  const data = composeFrame(composeQuery('www.bank.test'), { source: '192.0.2.10', destination: '203.0.113.8' });
  const match = [{ field: 'in_port', value: 1 }] as const;
  const common = { bufferId: NO_BUFFER, totalLen: data.length, reason: 1, tableId: 1, match, data };
  return { type: 'packetIn', xid: 0, cookie: cookieOf(7, ask.rule), ...common } as const;
}

/** A switch that has said who it is and waits in the middle of the handshake. */
async function identifiedSwitch() {
  const fake = await FakeSwitch.connect(PORT, { deafTo: ['getConfigRequest'] });
  const { xid } = await fake.waitFor('getConfigRequest');
  const goOn = () => fake.send({ type: 'getConfigReply', xid, flags: FragmentFlag.NX_MATCH, missSendLen: 0xffff });
  return { fake, goOn };
}

describe('a switch that has not said yet who it is', () => {
  it('gets nothing for the packets it sends', async () => {
    await start('enforce');
    const fake = await FakeSwitch.connect(PORT, { deafTo: ['featuresRequest'] });
    await fake.waitFor('featuresRequest');
    fake.send(askingPacket());
    await fake.echo();
    const { verdicts } = await gluewall.status();
    expect(verdicts).toEqual({});
    expect(fake.ofType('flowMod')).toEqual([]);
  });
});

const verdictFlows = (fake: FakeSwitch) =>
  fake.ofType('flowMod').filter(({ tableId, priority }) => tableId === 1 && VERDICT_PRIORITIES.includes(priority));

describe('a switch that still asks when it comes to a controller that monitors', () => {
  it('gets its packets back at once, before its flows are in step, and no verdict flow ever', async () => {
    await start('monitor');
    const { fake, goOn } = await identifiedSwitch();
    fake.send(askingPacket());
    await fake.waitFor('packetOut');
    goOn();
    await gluewall.logged('the verdict', 0, ({ msg }) => msg === '203.0.113.8 is unknown and would block');
    await gluewall.ready();
    await fake.echo();
    expect(verdictFlows(fake)).toEqual([]);
  });
});

describe('a switch that comes to a controller that enforces', () => {
  it('has its queries judged from the first packet on', async () => {
    await start('enforce');
    const { fake, goOn } = await identifiedSwitch();
    fake.send(askingPacket());
    await gluewall.logged('the verdict', 0, ({ msg }) => msg === '203.0.113.8 is unknown and block');
    goOn();
    await gluewall.ready();
    await fake.echo();
    expect(fake.ofType('packetOut')).toEqual([]);
    expect(verdictFlows(fake).map(({ priority, command }) => [priority, command])).toContainEqual([
      drop.priority,
      'add',
    ]);
  });
});
