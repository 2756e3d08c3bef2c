import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowFlow } from '../../../src/controller/verdict-flows.ts';
import { type Ipv4Address, parseAddress } from '../../../src/core/address.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { FragmentFlag } from '../../../src/openflow/schema/constants.ts';
import type { FlowStats } from '../../../src/openflow/schema/multipart.ts';
import { FakeTables, portDescription } from '../../support/fake-openflow-switch.ts';
import { SessionRig } from '../../support/session-rig.ts';

/** Refuses to remember, as a full switch does. */
class DeafTables extends FakeTables {
  override apply(): void {}
}

let rig: SessionRig;

beforeEach(async () => {
  rig = new SessionRig();
  await rig.start();
});
afterEach(() => rig.stop());

describe('flows', () => {
  const unchanged = () => rig.log.filter((line) => /flows in step: \d+ were there, 0 changed/.test(line));

  it('are compared with all parts of a reply joined', async () => {
    const tables = new FakeTables();
    const first = await rig.connectReady({ tables });
    first.fake.disconnect();
    await rig.reason();
    const { fake } = await rig.connectReady({ tables, flowsPerPart: 3 });
    expect(fake.ofType('flowMod')).toEqual([]);
    expect(unchanged()).toHaveLength(1);
  });

  it('are not sent again to a switch that comes back with them, nor are meters', async () => {
    const tables = new FakeTables();
    const first = await rig.connectReady({ tables });
    first.fake.disconnect();
    await rig.reason();
    const { fake } = await rig.connectReady({ tables });
    expect(fake.ofType('flowMod')).toEqual([]);
    expect(fake.ofType('meterMod')).toEqual([]);
  });

  it('that others made stay', async () => {
    const tables = new FakeTables();
    const { fake } = await rig.connectReady({ tables });
    const foreign = { ...tables.flows[0]!, cookie: 0x1234n, priority: 77 };
    tables.flows = [...tables.flows, foreign];
    fake.disconnect();
    await rig.reason();
    await rig.connectReady({ tables });
    expect(tables.flows).toContain(foreign);
  });

  it('that are very many are sent in slices, each behind a barrier, and compared twice more while they still differ', async () => {
    const count = 10_050;
    const verdicts = Array.from({ length: count }, (_, index) => allowFlow({ destination: index as Ipv4Address }, 300));
    rig.hooks = { ...rig.hooks, verdictFlows: () => verdicts };
    const { fake } = await rig.connectReady({ tables: new DeafTables() });
    expect(rig.log.filter((line) => line.includes('10000 of 10050'))).toHaveLength(3);
    const sent = fake.received
      .map(({ type }) => type)
      .filter((type) => type === 'flowMod' || type === 'barrierRequest');
    const runs = sent
      .join(' ')
      .split('barrierRequest')
      .map((run) => run.split('flowMod').length - 1);
    expect(runs.filter((run) => run >= 10_000 && run < count)).toHaveLength(3);
    expect(runs.reduce((sum, run) => sum + run, 0)).toBeGreaterThan(3 * count);
  });

  it('that verdicts made and that ended meanwhile are all the difference there is', async () => {
    const tables = new FakeTables();
    const flowFor = (text: string) => allowFlow({ destination: parseAddress(text)! }, 300);
    const want = (...addresses: string[]) => {
      rig.hooks = { ...rig.hooks, verdictFlows: () => addresses.map(flowFor) };
    };
    want('198.51.100.1', '198.51.100.2');
    const first = await rig.connectReady({ tables });
    first.fake.disconnect();
    await rig.reason();
    want('198.51.100.2', '198.51.100.3');
    const { fake } = await rig.connectReady({ tables });
    const changes = fake.ofType('flowMod').map(({ command, match }) => [command, match.at(-1)]);
    const match = (text: string) => ({ field: 'ipv4_dst', value: parseAddress(text) });
    expect(changes).toEqual([
      ['add', match('198.51.100.3')],
      ['deleteStrict', match('198.51.100.1')],
    ]);
  });

  it('change with a meter rate by MODIFY of that meter alone', async () => {
    const { fake, session } = await rig.connectReady();
    rig.hooks = {
      ...rig.hooks,
      meterRates: () =>
        new Map([
          [1, 1000],
          [2, 50],
        ]),
    };
    session.desireChanged();
    await fake.waitFor('meterMod', 3);
    expect(fake.ofType('meterMod').slice(2)).toMatchObject([{ command: 'modify', meterId: 2, bands: [{ rate: 50 }] }]);
    expect(session.counters.get('errors')).toBe(0);
  });

  it('are brought in step once more when asked while that is under way, however often', async () => {
    const { fake, session } = await rig.connectReady();
    const before = fake.ofType('barrierRequest').length;
    for (let ask = 0; ask < 50; ask++) session.desireChanged();
    // A round that finds nothing to change has one barrier, behind the meters.
    await fake.waitFor('barrierRequest', before + 2);
    await fake.echo();
    expect(fake.ofType('barrierRequest')).toHaveLength(before + 2);
  });
});

describe('ports', () => {
  const isForPort7 = ({ match }: FlowStats) => match.some((oxm) => oxm.field === 'in_port' && oxm.value === 7);

  const status = (): Message => ({
    type: 'portStatus',
    xid: 0,
    reason: 2,
    port: portDescription(['outside', 7]),
  });

  it('are read again on a PORT_STATUS, and the flows follow', async () => {
    const { fake, session } = await rig.connectReady();
    fake.ports = { inside: 1, outside: 7 };
    fake.send(status());
    await rig.until('flow for port 7', () => fake.tables.flows.some(isForPort7));
    expect(session.ports.get('outside')).toBe(7);
  });

  it('that change during the handshake are not missed', async () => {
    const { baseFlows } = rig.hooks;
    const fake = await rig.connect({ deafTo: ['getConfigRequest'], meters: 0 });
    const { xid } = await fake.waitFor('getConfigRequest');
    rig.hooks = {
      ...rig.hooks,
      baseFlows(session) {
        // Too late for the port description that the handshake asked for.
        fake.ports = { inside: 1, outside: 7 };
        if (session.ports.get('outside') !== 7) fake.send(status());
        return baseFlows(session);
      },
    };
    fake.send({ type: 'getConfigReply', xid, flags: FragmentFlag.NX_MATCH, missSendLen: 0xffff });
    await rig.until('flow for port 7', () => fake.tables.flows.some(isForPort7));
  });

  it('that change very often are read seldom', async () => {
    const { fake } = await rig.connectReady();
    const asked = () =>
      fake.received.filter((one) => one.type === 'multipartRequest' && one.body.type === 'portDescription').length;
    const before = asked();
    fake.write(Buffer.concat(Array.from({ length: 500 }, () => encodeMessage(status()))));
    await rig.until('read', () => asked() > before);
    await fake.echo();
    expect(asked() - before).toBeLessThanOrEqual(2);
  });

  it('do not end the connection when PORT_STATUS bears the xid of a request under way', async () => {
    const fake = await rig.connect({ deafTo: ['barrierRequest'], meters: 0 });
    const { xid } = await fake.waitFor('barrierRequest');
    fake.send({ ...status(), xid });
    await fake.echo();
    expect(rig.told).toEqual([]);
    fake.send({ type: 'barrierReply', xid });
    await rig.until('ready', () => rig.told.includes('ready'));
  });
});

describe('a switch that reads nothing', () => {
  it('is cut off before what waits for it grows without bound', async () => {
    const { fake, session } = await rig.connectReady();
    fake.stopReading();
    const frame = Buffer.alloc(60_000);
    const before = process.memoryUsage().arrayBuffers;
    const MESSAGES = 2000;
    for (let sent = 0; sent < MESSAGES; sent++) {
      session.verdicts.release(1, frame, 0, frame.length);
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await rig.reason()).toBe('the switch reads too slowly');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('is cut off within one turn of the event loop, too', async () => {
    const { fake, session } = await rig.connectReady();
    fake.stopReading();
    const frame = Buffer.alloc(60_000);
    for (let sent = 0; sent < 1000; sent++) session.verdicts.release(1, frame, 0, frame.length);
    expect(rig.told.at(-1)).toBe('closed: the switch reads too slowly');
  });
});
