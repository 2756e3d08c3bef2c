/** A Response Policy Zone of ours in a real BIND and a real Unbound: from its file, and by AXFR. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgram } from '../../mininet/child.ts';
import { until } from '../../mininet/until.ts';
import { parseAddress } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import { AxfrServer } from '../../src/rpz/axfr-server.ts';
import { Notifier } from '../../src/rpz/notifier.ts';
import { Protection } from '../../src/rpz/protection.ts';
import type { Trigger } from '../../src/rpz/trigger.ts';
import { readTsigSecret, type TsigKey } from '../../src/rpz/tsig-key.ts';
import { RpzZone } from '../../src/rpz/zone.ts';
import { writeZoneFile, ZoneFile } from '../../src/rpz/zone-file.ts';
import { describeIf } from '../support/describe-if.ts';
import { digStatus, RpzResolvers } from '../support/rpz-resolvers.ts';

const APEX = 'rpz.gluewall.internal';
const AXFR_PORT = 5354;
const SECRET = Buffer.alloc(32, 7).toString('base64');
const PORTS = { bindFile: 5320, bindAxfr: 5321, bindAxfr512: 5322, unboundFile: 5330, unboundAxfr: 5331 } as const;
const NOTHING_PROTECTED = new Protection({ names: [], addresses: [], networks: [], lists: [] });
const NO_SERVERS = { zonesOfAddress: () => [], zonesOfServer: () => [] };

const C2: Trigger = { kind: 'name', name: parseName('c2.example')! };
const BULLET: Trigger = { kind: 'server-name', name: parseName('ns.bullet.example')! };
const NSIP: Trigger = { kind: 'server-address', address: parseAddress('198.51.100.7')! };
/** What only has to be understood: an IPv6 address in each form, and names of odd octets. */
const ODD: readonly Trigger[] = [
  ...['2001:db8::57:35', '2001:db8::1:0:0:1', '2001:db8:0:1:1:1:1:1', '::1', '2001:db8:1:2:3:4:5:6', '64:ff9b::'].map(
    (text): Trigger => ({ kind: 'server-address', address: parseAddress(text)! }),
  ),
  ...['\\"', '$INCLUDE /etc/passwd', ';', '@', '(', '\n* CNAME .\n', '\0', '\xff\x80', ' ', 'a.b', 'IN', 'CNAME'].map(
    (label): Trigger => ({ kind: 'name', name: wireName(label) }),
  ),
];
const ALL = [C2, BULLET, NSIP, ...ODD];

/** A label of any octets below `odd.example`. */
function wireName(label: string): Name {
  return `${String.fromCharCode(label.length)}${label}\x03odd\x07example\0` as Name;
}

describeIf(['root', 'namespaces'], 'a Response Policy Zone in real resolvers', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const resolvers = new RpzResolvers(directory);
  const path = join(directory, 'rpz.zone');
  const zone = new RpzZone(parseName(APEX)!, undefined);
  const keys = { sha256: keyFile('sha256'), sha512: keyFile('sha512') };
  const log = silentLog;
  const options = { key: keys.sha256, unsignedOnLoopback: true };
  const server = new AxfrServer(
    { ...options, listen: { host: '127.0.0.1', port: AXFR_PORT } },
    () => zone.state,
    systemClock,
    log,
  );
  const other = new AxfrServer(
    { key: keys.sha512, unsignedOnLoopback: false, listen: { host: '127.0.0.1', port: AXFR_PORT + 1 } },
    () => zone.state,
    systemClock,
    log,
  );
  const places = [PORTS.bindAxfr, PORTS.unboundAxfr].map((port) => ({ host: '127.0.0.1', port }));
  const notifier = new Notifier(places, '127.0.0.1', keys.sha256, systemClock, log);
  const others = new Notifier(
    [{ host: '127.0.0.1', port: PORTS.bindAxfr512 }],
    '127.0.0.1',
    keys.sha512,
    systemClock,
    log,
  );
  const reloadBind = new ZoneFile({ path, reload: resolvers.reloadCommand(PORTS.bindFile, APEX) }, systemClock, log);
  const reloadUnbound = new ZoneFile(
    { path: `${path}.unbound`, reload: resolvers.unboundReloadCommand(PORTS.unboundFile, APEX) },
    systemClock,
    log,
  );

  function keyFile(hash: 'sha256' | 'sha512'): TsigKey {
    const file = join(directory, `${hash}.secret`);
    writeFileSync(file, `${SECRET}\n`, { mode: 0o600 });
    return { name: parseName(`gluewall-${hash}`)!, algorithm: `hmac-${hash}`, secret: readTsigSecret(file) };
  }

  function put(triggers: readonly Trigger[]): void {
    const wanted = triggers.map((trigger) => ({
      trigger,
      behind: [],
      why: 'F-test',
      expiresAtMs: systemClock.nowMs() + 3_600_000,
    }));
    zone.update(wanted, NOTHING_PROTECTED, NO_SERVERS, systemClock.nowMs());
    reloadBind.put(zone.state);
    reloadUnbound.put(zone.state);
  }

  const secondary = (
    hash: 'sha256' | 'sha512',
    port: number,
  ) => `key "gluewall-${hash}" { algorithm hmac-${hash}; secret "${SECRET}"; };
zone "${APEX}" { type secondary; file "rpz.secondary"; primaries { 127.0.0.1 port ${port} key "gluewall-${hash}"; }; };`;

  beforeAll(async () => {
    await resolvers.startServers();
    put(ALL);
    await reloadBind.settled();
    await reloadUnbound.settled();
    await server.start();
    await other.start();
    await resolvers.startBind(PORTS.bindFile, APEX, `zone "${APEX}" { type primary; file "${path}"; };`);
    await resolvers.startBind(PORTS.bindAxfr, APEX, secondary('sha256', AXFR_PORT));
    await resolvers.startBind(PORTS.bindAxfr512, APEX, secondary('sha512', AXFR_PORT + 1));
    await resolvers.startUnbound(PORTS.unboundFile, `  name: "${APEX}"\n  zonefile: "${path}.unbound"`);
    await resolvers.startUnbound(PORTS.unboundAxfr, `  name: "${APEX}"\n  primary: 127.0.0.1@${AXFR_PORT}`);
  }, 120_000);

  afterAll(async () => {
    notifier.stop();
    others.stop();
    await Promise.all([reloadBind.stop(), reloadUnbound.stop(), server.stop(), other.stop(), resolvers.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  /** Waits until the zone is in force, and only then looks at what each name gets. */
  async function answers(port: number, blocked: string): Promise<Readonly<Record<string, string | undefined>>> {
    await until(`port ${port} blocks ${blocked}`, 20_000, async () =>
      (await digStatus('127.0.0.1', port, blocked)) === 'NXDOMAIN' ? true : undefined,
    );
    const names = ['c2.example', 'k3.www.c2.example', 'www.nsip.example', 'www.nsdname.example', 'www.good.example'];
    const found = await Promise.all(names.map((name) => digStatus('127.0.0.1', port, name)));
    return Object.fromEntries(names.map((name, index) => [name, found[index]]));
  }

  const BLOCKED = {
    'c2.example': 'NXDOMAIN',
    'k3.www.c2.example': 'NXDOMAIN',
    'www.nsip.example': 'NXDOMAIN',
    'www.nsdname.example': 'NXDOMAIN',
    'www.good.example': 'NOERROR',
  };

  it.each(Object.entries(PORTS))(
    'blocks by name, name server and its address, and nothing else: %s',
    async (_, port) => {
      expect(await answers(port, 'c2.example')).toEqual(BLOCKED);
    },
    60_000,
  );

  it('lets go, and takes up, what has changed: by reload, by NOTIFY', async () => {
    const before = zone.state.serial;
    const gone = { kind: 'name', name: parseName('good.example')! } as const;
    put([gone]);
    notifier.notify(zone.state);
    others.notify(zone.state);
    expect(zone.state.serial).toBeGreaterThan(before);
    const changed = { ...BLOCKED, 'www.good.example': 'NXDOMAIN' };
    const open = {
      'c2.example': 'NOERROR',
      'k3.www.c2.example': 'NOERROR',
      'www.nsip.example': 'NOERROR',
      'www.nsdname.example': 'NOERROR',
    };
    for (const port of Object.values(PORTS)) {
      expect([port, await answers(port, 'www.good.example')]).toEqual([port, { ...changed, ...open }]);
    }
    expect(reloadBind.figures.problem).toBeUndefined();
    expect(reloadUnbound.figures.problem).toBeUndefined();
    await until('secondaries have answered', 10_000, () => (notifier.figures.sent >= 2 ? true : undefined));
  }, 120_000);

  it('is understood as a whole: nothing is called invalid, and named-checkzone takes it', async () => {
    const zoneOfAll = new RpzZone(parseName(APEX)!, undefined);
    const wanted = ALL.map((trigger) => ({ trigger, behind: [], why: 'F-test\n$GENERATE', expiresAtMs: 2e12 }));
    zoneOfAll.update(wanted, NOTHING_PROTECTED, NO_SERVERS, 1.8e12);
    expect(zoneOfAll.state.entries).toHaveLength(ALL.length);
    const file = join(directory, 'all.zone');
    await writeZoneFile(file, zoneOfAll.state);
    const checked = await runProgram('named-checkzone', ['-D', APEX, file], process.env);
    expect(checked).toMatchObject({ status: 0 });
    const records = checked.stdout.split('\n').filter((line) => /\sCNAME\s+\.$/.test(line));
    expect(records).toHaveLength(zoneOfAll.state.entries.flatMap(({ owners }) => owners).length);
    const said = readFileSync(join(directory, 'named.log'), 'utf8');
    expect(said).toContain('reload done: success');
    expect(said.split('\n').filter((line) => /rpz.*(invalid|canonical|bad)/i.test(line))).toEqual([]);
  });

  it('gives dig the zone with the key, and nothing without', async () => {
    const ask = (...args: readonly string[]) =>
      runProgram('dig', ['@127.0.0.1', '-p', String(AXFR_PORT + 1), APEX, ...args], process.env);
    const key = `hmac-sha512:gluewall-sha512:${SECRET}`;
    expect((await ask('AXFR', '-y', key)).stdout).toContain(`*.good.example.${APEX}.`);
    expect((await ask('IXFR=1', '-y', key)).stdout).toContain(`*.good.example.${APEX}.`);
    expect((await ask('SOA', '+notcp', '-y', key)).stdout).toContain(String(zone.state.serial));
    expect((await ask('AXFR')).stdout).toContain('Transfer failed');
    const wrong = `hmac-sha512:gluewall-sha512:${Buffer.alloc(32, 8).toString('base64')}`;
    expect((await ask('SOA', '+tcp', '-y', wrong)).stdout).toContain('BADSIG');
    expect((await ask('SOA', '+tcp', '-y', `hmac-sha512:nobody:${SECRET}`)).stdout).toContain('BADKEY');
  }, 30_000);
});
