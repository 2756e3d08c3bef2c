/** The units of packaging/: what systemd says of them, and what becomes of gluewall inside them. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../mininet/child.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { loadConfig } from '../../src/config/load.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeAnswer, composeQuery } from '../support/dns-messages.ts';
import { composeFrame } from '../support/frames.ts';
import { SystemdWorld } from '../support/systemd-world.ts';

const PACKAGING = repositoryPath('packaging');
/** Units as they are installed, some with a drop-in. */
const INSTALLED: readonly {
  readonly name: string;
  readonly unit: string;
  readonly dropIn?: string;
  /** In tenths of systemd's points, of which 100 is the worst and below 50 is OK. */
  readonly exposure: number;
}[] = [
  { name: 'gluewall.service', unit: 'gluewall.service', exposure: 15 },
  {
    name: 'gluewall.service that captures itself',
    unit: 'gluewall.service',
    dropIn: 'gluewall-captures-itself.conf',
    exposure: 20,
  },
  { name: 'gluewall-capture.service', unit: 'gluewall-capture.service', exposure: 16 },
  {
    name: 'gluewall-capture.service by TLS',
    unit: 'gluewall-capture.service',
    dropIn: 'gluewall-capture-tls.conf',
    exposure: 20,
  },
  { name: 'gluewall-node.service', unit: 'gluewall-node.service', exposure: 15 },
  { name: 'gluewall-prime@.service', unit: 'gluewall-prime@.service', exposure: 10 },
];

describeIf(['systemdAnalyze'], 'the systemd units', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The unit in a folder of its own, with a program in the place of a gluewall that is not installed here. */
  function install(unit: string, dropIn: string | undefined): string {
    const into = mkdtempSync(join(folder, 'unit-'));
    const text = readFileSync(join(PACKAGING, unit), 'utf8').replaceAll('=gluewall ', '=/bin/echo ');
    writeFileSync(join(into, unit), text);
    if (dropIn !== undefined) {
      mkdirSync(join(into, `${unit}.d`));
      copyFileSync(join(PACKAGING, dropIn), join(into, `${unit}.d`, dropIn));
    }
    return join(into, unit);
  }

  it('are all looked at here', () => {
    const files = readdirSync(PACKAGING).filter((name) => /\.(service|conf)$/.test(name));
    const listed = INSTALLED.flatMap(({ unit, dropIn }) => (dropIn === undefined ? [unit] : [dropIn]));
    expect(files.sort()).toEqual(listed.sort());
  });

  it.each(INSTALLED)('$name has nothing that systemd would warn of', async ({ unit, dropIn }) => {
    const path = install(unit, dropIn);
    const { status, stdout, stderr } = await runProgram('systemd-analyze', ['verify', '--man=no', path], process.env);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('and a word that systemd does not know is found', async () => {
    const path = install('gluewall.service', undefined);
    writeFileSync(path, readFileSync(path, 'utf8').replace('PrivateUsers=', 'PrivateUser='));
    const { stderr } = await runProgram('systemd-analyze', ['verify', '--man=no', path], process.env);
    expect(stderr).toMatch(/Unknown key(?: name)? 'PrivateUser'/);
  });

  it.each(INSTALLED)('$name is exposed by at most $exposure of 100', async ({ unit, dropIn, exposure }) => {
    const path = install(unit, dropIn);
    const args = ['security', '--offline=true', '--no-pager', `--threshold=${exposure}`, path];
    const { status, stdout } = await runProgram('systemd-analyze', args, process.env);
    expect(/Overall exposure level for .*: (\S+ \w+)/.exec(stdout)?.[1]).toMatch(/ (?:OK|SAFE)$/);
    expect(status, stdout).toBe(0);
  });
});

const NEAR = 'gwunit0';
const FAR = 'gwunit1';
const ASK = 'gluewall status --json --socket /run/gluewall/gluewall.sock';
const CONFIG = `
mode: monitor
inside: { networks: [192.0.2.0/24] }
trusted_resolvers: [192.0.2.1]
control: { socket: /run/gluewall/gluewall.sock }
`;
const LISTEN = `capture: { interfaces: [${NEAR}], listen: /run/gluewall/capture.sock }\n`;
const OVS = '/run/openvswitch';
const LOG = 'StandardOutput=append:/run/log\nStandardError=append:/run/log\n';
const INJECTOR = `
import socket, sys
for name, frame in zip(sys.argv[1::2], sys.argv[2::2]):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((name, 0))
    raw.send(bytes.fromhex(frame))
`;

interface UnitStatus {
  readonly capture: {
    readonly receivedByKernel: number;
    readonly openInterfaces: readonly string[];
  };
}

describeIf(['root', 'namespaces', 'systemd'], 'gluewall under systemd', () => {
  let world: SystemdWorld;

  beforeAll(async () => {
    world = await SystemdWorld.start();
    const packaging = '/run/world/gluewall/packaging';
    await world.done(
      `cp ${packaging}/*.service /etc/systemd/system/ && systemd-sysusers ${packaging}/gluewall.sysusers`,
    );
    await world.done(
      `ip link add ${NEAR} type veth peer name ${FAR} && ip link set ${NEAR} up && ip link set ${FAR} up`,
    );
    for (const unit of ['gluewall.service', 'gluewall-capture.service', 'gluewall-prime@.service']) {
      // A system call that is refused ends the process here, so that none goes unnoticed.
      await dropIn(unit, 'log', `[Service]\n${LOG}SystemCallErrorNumber=\n`);
    }
  });

  afterAll(async () => {
    await world?.stop();
  });

  async function dropIn(unit: string, name: string, text: string): Promise<void> {
    const folder = `/etc/systemd/system/${unit}.d`;
    await world.done(`mkdir -p ${folder} && printf '%s' '${text}' > ${folder}/${name}.conf && systemctl daemon-reload`);
  }

  async function configure(text: string): Promise<void> {
    await world.done(`install -o root -g gluewall -m 0640 /dev/stdin /etc/gluewall/gluewall.yaml <<'END'\n${text}END`);
  }

  async function restart(...units: readonly string[]): Promise<void> {
    await world.done(`systemctl stop gluewall gluewall-capture; : > /run/log; systemctl start ${units.join(' ')}`);
  }

  const log = () => world.done('cat /run/log');
  const property = async (unit: string, name: string) => (await world.done(`systemctl show -P ${name} ${unit}`)).trim();
  const mainPid = (unit: string) => property(unit, 'MainPID');

  async function answers<T>(what: string, test: (status: UnitStatus) => T | undefined): Promise<T> {
    try {
      return await until(what, 20_000, async () => {
        const { status, stdout } = await world.run(ASK);
        return status === 0 ? test(JSON.parse(stdout) as UnitStatus) : undefined;
      });
    } catch (cause) {
      throw new Error(
        `${what}: ${(await world.run(`${ASK}; systemctl --no-pager status gluewall*`)).stdout}${await log()}`,
        { cause },
      );
    }
  }

  const captures = ({ capture }: UnitStatus) => capture.openInterfaces.includes(NEAR) || undefined;

  async function rightsOf(unit: string): Promise<Readonly<Record<string, string>>> {
    const text = await world.done(`cat /proc/$(systemctl show -P MainPID ${unit})/status`);
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text)![1]!;
    const [effective, bounding, ambient] = [field('CapEff'), field('CapBnd'), field('CapAmb')];
    return { effective, bounding, ambient, noNewPrivileges: field('NoNewPrivs'), filtered: field('Seccomp') };
  }

  /** Puts an exchange of a resolver on the wire: its query leaves by the near end, the response comes in there. */
  async function exchange(name: string): Promise<void> {
    const inbound = { source: '198.51.100.53', destination: '192.0.2.1', sourcePort: 53, destinationPort: 40000 };
    const query = composeFrame(composeQuery(name)).toString('hex');
    const response = composeFrame(composeAnswer(name, '203.0.113.7'), inbound).toString('hex');
    await world.done(`/usr/bin/python3 -c '${INJECTOR}' ${NEAR} ${query} ${FAR} ${response}`);
  }

  async function expectCaptured(name: string): Promise<void> {
    const figures = () => answers('figures', ({ capture }) => capture.receivedByKernel);
    const before = await figures();
    await until('the exchange was captured', 10_000, async () => {
      await exchange(name);
      return (await figures()) >= before + 2 || undefined;
    });
  }

  describe('as two services, the default', () => {
    beforeAll(async () => {
      await configure(CONFIG + LISTEN);
      await restart('gluewall', 'gluewall-capture');
      await answers('the capture works', captures);
    });

    it('the controller holds no capability, the capture CAP_NET_RAW alone', async () => {
      const common = { noNewPrivileges: '1', filtered: '2' };
      const none = '0'.repeat(16);
      const netRaw = (1 << 13).toString(16).padStart(16, '0');
      expect(await rightsOf('gluewall')).toEqual({ effective: none, bounding: none, ambient: none, ...common });
      expect(await rightsOf('gluewall-capture')).toEqual({
        effective: netRaw,
        bounding: netRaw,
        ambient: netRaw,
        ...common,
      });
    });

    it('what passes the interface is captured', async () => {
      await expectCaptured('one.example');
    });

    it('the store is in the folder of the state, for its user alone', async () => {
      expect(await world.done('stat -c "%U %a" /var/lib/gluewall /var/lib/gluewall/gluewall.db')).toBe(
        'gluewall 700\ngluewall 600\n',
      );
    });

    it('the capture finds a controller that was restarted', async () => {
      const pid = await mainPid('gluewall-capture');
      await world.done('systemctl restart gluewall');
      await answers('the capture works', captures);
      expect(await mainPid('gluewall-capture')).toBe(pid);
      await expectCaptured('two.example');
    });

    it('each comes back as often as it is killed', { timeout: 120_000 }, async () => {
      for (const unit of ['gluewall', 'gluewall-capture']) {
        await world.done(`systemctl stop ${unit}`);
        // Faster than five in ten seconds, which would be the end of it by default.
        await dropIn(`${unit}.service`, 'fast', '[Service]\nRestartSec=100ms\n');
        await world.done(`systemctl start ${unit}`);
        for (let kill = 0; kill < 7; kill++) {
          const pid = await until('a process', 10_000, async () => {
            const now = await mainPid(unit);
            return now === '0' ? undefined : now;
          });
          await world.done(`kill -KILL ${pid}`);
          await until('another process', 10_000, async () => {
            const now = await mainPid(unit);
            return now === '0' || now === pid ? undefined : true;
          });
        }
        await world.done(`rm /etc/systemd/system/${unit}.service.d/fast.conf && systemctl daemon-reload`);
      }
      await answers('the capture works', captures);
    });

    it('a reload goes through, and one of an invalid file says so and changes nothing', async () => {
      const pid = await mainPid('gluewall');
      await world.done('systemctl reload gluewall');
      await configure('mode: sometimes\n');
      const { status } = await world.run('systemctl reload gluewall');
      expect(status).not.toBe(0);
      expect(await log()).toContain('gluewall.yaml:1:7: mode: want one of: monitor, enforce');
      await configure(CONFIG + LISTEN);
      await world.done('systemctl reload gluewall');
      expect(await mainPid('gluewall')).toBe(pid);
      expect(await property('gluewall', 'ActiveState')).toBe('active');
      await answers('it works', captures);
    });

    it('both end when they are told to, with what was learned on disk', async () => {
      await world.done('systemctl stop gluewall gluewall-capture');
      for (const unit of ['gluewall', 'gluewall-capture']) {
        expect([await property(unit, 'Result'), await property(unit, 'ExecMainStatus')]).toEqual(['success', '0']);
      }
      await world.done('test -s /var/lib/gluewall/gluewall.db');
    });
  });

  describe('as one service that captures by itself', () => {
    it('it holds CAP_NET_RAW, and captures', async () => {
      await world.done(
        'cp /run/world/gluewall/packaging/gluewall-captures-itself.conf /etc/systemd/system/gluewall.service.d/',
      );
      await world.done('systemctl daemon-reload');
      await configure(`${CONFIG}capture: { interfaces: [${NEAR}] }\n`);
      await restart('gluewall');
      await answers('the capture works', captures);
      expect((await rightsOf('gluewall')).effective).toBe((1 << 13).toString(16).padStart(16, '0'));
      await expectCaptured('three.example');
      await world.done('rm /etc/systemd/system/gluewall.service.d/gluewall-captures-itself.conf');
      await world.done('systemctl daemon-reload');
    });
  });

  describe('as a capture that comes by TLS', () => {
    it('it holds CAP_NET_RAW alone, and what it sees arrives', async () => {
      const dropIns = '/etc/systemd/system/gluewall-capture.service.d';
      await world.done(`cp /run/world/gluewall/packaging/gluewall-capture-tls.conf ${dropIns}/tls.conf`);
      await world.done('systemctl daemon-reload && cd /run/world && gluewall pki init --dir /run/world/lab');
      await world.done('cd /run/world/lab && install -m 0644 controller-cert.pem ca-cert.pem /etc/gluewall/');
      await world.done('cd /run/world/lab && install -o gluewall -m 0400 controller-key.pem /etc/gluewall/');
      const tls = 'tls: { key: controller-key.pem, certificate: controller-cert.pem, ca: ca-cert.pem }';
      await configure(`${CONFIG}capture: { interfaces: [${NEAR}], listen: "127.0.0.1:6654", ${tls} }\n`);
      await restart('gluewall', 'gluewall-capture');
      await answers('the capture works', captures);
      expect((await rightsOf('gluewall-capture')).effective).toBe((1 << 13).toString(16).padStart(16, '0'));
      await expectCaptured('four.example');
      await world.done(`rm ${dropIns}/tls.conf && systemctl daemon-reload`);
    });
  });

  describe('with secrets that only root may read', () => {
    it('the password of the store and the keys come as credentials', async () => {
      await world.done(
        'mkdir -p -m 0700 /etc/credstore && cd /run/world && gluewall pki init --dir /etc/credstore/lab',
      );
      await world.done('cd /etc/credstore && cp lab/controller-key.pem gluewall.openflow-key && chmod 600 gluewall.*');
      await world.done('cd /etc/credstore && cp lab/c*-cert.pem /etc/gluewall/ && chmod 644 /etc/gluewall/*.pem');
      await world.done('echo hidden > /etc/credstore/gluewall.store-password && chmod 600 /etc/credstore/gluewall.*');
      const place = '/run/credentials/gluewall.service';
      await configure(`${CONFIG}openflow:
  tls: { key: ${place}/openflow-key, certificate: controller-cert.pem, ca: ca-cert.pem }
store: { kind: mariadb, url: "mysql://gluewall@127.0.0.1:9/gluewall", password_file: ${place}/store-password }
`);
      await restart('gluewall');
      await answers('it runs', () => true);
      expect(await log()).toContain('listening for switches on 127.0.0.1:6653, by TLS');
      await world.done('rm -r /etc/credstore');
    });
  });

  describe('with a socket for dnstap', () => {
    it('lets in who is of its group, with access: group, and nobody else', async () => {
      await configure(`${CONFIG}dnstap: { listen: /run/gluewall/dnstap.sock, access: group }\n`);
      await restart('gluewall');
      await answers('it runs', () => true);
      const open = `import socket; socket.socket(socket.AF_UNIX).connect("/run/gluewall/dnstap.sock")`;
      const as = (groups: string) =>
        world.run(`setpriv --reuid 65534 --regid 65534 ${groups} /usr/bin/python3 -c '${open}'`);
      expect((await as('--groups gluewall')).status).toBe(0);
      expect((await as('--clear-groups')).stderr).toContain('PermissionError');
    });
  });

  describeIf(['openVswitch'], 'gluewall-prime@', () => {
    it('puts the base flows on a bridge', async () => {
      await configure(`${CONFIG}outside: { ports: [up0] }\n`);
      await world.done(`mkdir -p ${OVS} && ovsdb-tool create ${OVS}/conf.db /usr/share/openvswitch/vswitch.ovsschema`);
      await world.done(
        `ovsdb-server ${OVS}/conf.db --remote=punix:${OVS}/db.sock --unixctl=${OVS}/db.ctl --detach --log-file=/dev/null --pidfile=${OVS}/db.pid`,
      );
      await world.done(
        `ovs-vswitchd unix:${OVS}/db.sock --unixctl=${OVS}/vs.ctl --detach --log-file=/dev/null --pidfile=${OVS}/vs.pid`,
      );
      await world.done(
        'ovs-vsctl --timeout=20 add-br br0 -- set bridge br0 datapath_type=netdev fail_mode=secure protocols=OpenFlow13',
      );
      const { status } = await world.run('systemctl start gluewall-prime@br0');
      expect(status, await log()).toBe(0);
      expect(await world.done('ovs-ofctl -O OpenFlow13 dump-flows br0')).toContain('actions=NORMAL');
    });
  });
});

it('the configuration beside the units is whole', () => {
  const config = loadConfig(join(PACKAGING, 'gluewall.yaml'));
  expect(config.capture.listen).toEqual({ path: '/run/gluewall/capture.sock' });
  expect(config.control.socket).toBe('/run/gluewall/gluewall.sock');
});
