/** What is to be said of the machine, as a function of what was seen of it. */
import type { Finding } from './finding.ts';
import type { InterfaceFacts, SystemFacts } from './system-facts.ts';

/** The oldest Node that gluewall runs on: `engines` of package.json. */
export const OLDEST_NODE = '20.19';

export function nodeFinding(nodeVersion: string): Finding {
  const check = 'node';
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split('.').map(Number);
  const isNewEnough = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  const message = `Node.js ${nodeVersion}`;
  if (isNewEnough) return { check, ok: true, message };
  const remedy = `install Node.js ${OLDEST_NODE} or later (Debian 13 has it: apt install nodejs)`;
  return { check, ok: false, message: `${message} is older than ${OLDEST_NODE}`, remedy };
}

const NEEDED_FOR: Readonly<Record<string, string>> = { pcap: 'capturing', 'better-sqlite3': 'the store' };

const BUILD_REMEDY =
  'apt install build-essential libpcap-dev python3, then npm rebuild in the folder of gluewall, with this version of Node.js';

/** Without a gate nothing is captured. */
export function packageFindings(packages: SystemFacts['packages'], isGate = true): readonly Finding[] {
  const needed = [...packages].filter(([name]) => isGate || name !== 'pcap');
  return needed.map(([name, present]) => {
    const check = `package-${name}`;
    if (present.ok) return { check, ok: true, message: `${name} loads` };
    const message = `${name} does not load, and ${NEEDED_FOR[name]} needs it: ${present.problem}`;
    return { check, ok: false, message, remedy: BUILD_REMEDY };
  });
}

export function programFindings(programs: SystemFacts['programs']): readonly Finding[] {
  return [...programs].map(([name, isThere]): Finding => {
    const check = `program-${name}`;
    if (isThere) return { check, ok: true, message: `${name} is installed` };
    return { check, ...WITHOUT[name]! };
  });
}

/** gluewall runs without either. */
const WITHOUT: Readonly<Record<string, Omit<Finding, 'check'>>> = {
  setpriv: {
    ok: false,
    message: 'setpriv is not installed: run by root, the capture keeps all of its rights',
    remedy: 'apt install util-linux',
  },
  'ovs-vsctl': {
    ok: null,
    message:
      'ovs-vsctl is not installed: bridges of this machine cannot be looked at (those of others connect all the same)',
    remedy: 'apt install openvswitch-switch, if a bridge of this machine is to be under gluewall',
  },
};

/** `isCapturing`: a running gluewall says that its interfaces are open. */
export function rightsFinding({ hasNetRaw, userId }: SystemFacts, isCapturing: boolean): Finding {
  const check = 'rights';
  if (isCapturing) return { check, ok: true, message: 'the running gluewall may capture' };
  const who = userId === 0 ? 'root' : `user ${userId}`;
  if (hasNetRaw === undefined)
    return { check, ok: null, message: 'not known: /proc/self/status shows no capabilities' };
  if (hasNetRaw) return { check, ok: true, message: `this process (${who}) has CAP_NET_RAW: it may capture` };
  const remedy = 'run gluewall as root, or as a service with AmbientCapabilities=CAP_NET_RAW; and doctor as that user';
  return {
    check,
    ok: false,
    message: `this process (${who}) has no CAP_NET_RAW: run so, gluewall cannot capture`,
    remedy,
  };
}

/** `interfaces` are those the configuration has gluewall capture on; `hasOtherSource`: it need not. */
export function interfaceFindings(interfaces: readonly InterfaceFacts[], hasOtherSource: boolean): readonly Finding[] {
  if (interfaces.length > 0) return interfaces.map(interfaceFinding);
  if (hasOtherSource)
    return [{ check: 'interface', ok: true, message: 'none is captured here: what is learned comes from elsewhere' }];
  const message = 'the configuration names no interface to capture on: nothing is learned, and warm-up never ends';
  const remedy = 'name one in outside.ports or capture.interfaces, or set openflow.learn';
  return [{ check: 'interface', ok: false, message, remedy }];
}

function interfaceFinding({ name, exists, isUp }: InterfaceFacts): Finding {
  const check = 'interface';
  if (!exists) {
    const remedy = 'correct outside.ports or capture.interfaces; `ip link` lists the interfaces';
    return { check, ok: false, message: `interface ${name} does not exist`, remedy };
  }
  if (isUp === undefined)
    return { check, ok: null, message: `interface ${name} exists; whether it is up is not known` };
  if (isUp) return { check, ok: true, message: `interface ${name} is up` };
  return { check, ok: false, message: `interface ${name} is down`, remedy: `ip link set ${name} up` };
}
