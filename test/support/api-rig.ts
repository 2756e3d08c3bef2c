/** A console over real services: a store in memory with some events, a history, rules, findings; nodes and hosts are scripted. */
import * as dnsPacket from 'dns-packet';
import type { Role } from '../../src/accounts/actor.ts';
import { buildPackBook } from '../../src/cli/build-packs.ts';
import { defaultConfig } from '../../src/config/load.ts';
import { type Address, parseAddress, parseNetwork } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import { GluewallError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/log.ts';
import type { BotGroup } from '../../src/correlation/bot-group.ts';
import type { Evidence } from '../../src/correlation/detector.ts';
import { canonicalName, parseName } from '../../src/dns/name.ts';
import { EventTap } from '../../src/events/event-tap.ts';
import type { VerdictEvent } from '../../src/events/verdict-event.ts';
import { FindingBook } from '../../src/findings/finding-book.ts';
import type { ClientRecord } from '../../src/identity/client-identity.ts';
import { NsHistory } from '../../src/nsdb/ns-history.ts';
import type { BehaviourQuestions } from '../../src/services/behaviour-services.ts';
import type { AskedLog } from '../../src/services/log-services.ts';
import { createServices } from '../../src/services/services.ts';
import type { SwitchSight } from '../../src/services/switch-list.ts';
import type { NodeOperations } from '../../src/services/traceback-services.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { type Case, summarise } from '../../src/traceback/cases/case.ts';
import { type ConsoleRig, type Reply, startConsole } from './console-rig.ts';
import { endedCase } from './ended-case.ts';
import { foundOf, reasonOf } from './findings.ts';
import { composeFrame } from './frames.ts';
import { historyOptions } from './learning.ts';
import { policiesOn, ruleOf } from './policies.ts';
import { verdictEvent } from './verdict-events.ts';

export const CLIENT = '192.0.2.66';
export const SERVER = '192.0.2.53';
export const BLOCKED = '203.0.113.66';

export interface ApiRig extends ConsoleRig {
  readonly cookies: Readonly<Record<Role, string>>;
  /** Tokens of their roles, each of the user with that role. */
  readonly tokens: Readonly<Record<Role, string>>;
  readonly case: Case;
  readonly group: string;
  readonly findings: FindingBook;
  readonly store: MemoryStore;
  /** Cases that ended because nobody waited for them any more. */
  readonly cancelled: () => number;
  /** As a browser of the user with this role asks. */
  as(
    role: Role,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply>;
}

const address = (text: string): Address => parseAddress(text)!;
const nameOf = (text: string) => canonicalName(parseName(text)!);

export async function startApi(): Promise<ApiRig> {
  const store = new MemoryStore({ events: 1000 });
  await store.saveEvents(events());
  const findings = new FindingBook({ clock: systemClock, log: silentLog, store });
  await findings.load();
  findings.take([foundOf(CLIENT)]);
  const { accounts: _, ...gate } = gateServices(store, findings);
  const rig = await startConsole({ services: gate });
  const roles: readonly Role[] = ['viewer', 'analyst', 'admin'];
  const cookies = {} as Record<Role, string>;
  const tokens = {} as Record<Role, string>;
  for (const role of roles) {
    cookies[role] = await rig.signIn(role, role);
    const made = await rig.browse('POST', '/api/v1/tokens', cookies[role], { name: `of ${role}`, role });
    tokens[role] = String(made.json.secret);
  }
  const browser = { origin: rig.origin, 'sec-fetch-site': 'same-origin', 'x-gluewall': 'page' };
  return {
    ...rig,
    cookies,
    tokens,
    case: endedCase(),
    group: GROUP.id,
    findings,
    store,
    cancelled: () => node.cancelled,
    as: (role, method, path, body, headers = {}) =>
      rig.ask(method, `/api/v1${path}`, {
        headers: { ...browser, cookie: cookies[role], ...headers },
        ...(body === undefined ? {} : { body }),
      }),
  };
}

function gateServices(store: MemoryStore, findings: FindingBook) {
  const clock = systemClock;
  const history = new NsHistory(clock, historyOptions({ ttlCapSeconds: 86_400, size: 10, keepMs: 86_400_000 }));
  const nowMs = clock.nowMs();
  history.restore({
    zone: nameOf('corp.example'),
    nameServer: nameOf('ns1.corp.example'),
    address: address(SERVER),
    origin: 'learned',
    trust: 'referral',
    glue: 'in-domain',
    firstSeenAtMs: nowMs,
    lastSeenAtMs: nowMs,
    expiresAtMs: nowMs + 3_600_000,
    sightings: 2,
    teachers: [address('198.51.100.1')],
    lesson: {
      nsTtlSeconds: 7200,
      glueTtlSeconds: 3600,
      queryAtMs: nowMs - 10,
      queryId: 4711,
      queryName: nameOf('www.corp.example'),
      responseAtMs: nowMs,
    },
  });
  const configured = ruleOf('deny', { to: '198.51.100.99' }, { id: 'configured', origin: 'configuration' });
  return createServices({
    clock,
    history,
    policies: policiesOn(clock, history, [configured, ruleOf('allow', { to: '198.51.100.7' }, { id: 'kept' })]),
    bypasses: undefined,
    quarantines: undefined,
    switches: () => 1,
    switchSights: () => [SIGHT],
    packs: buildPackBook(defaultConfig(), clock, silentLog),
    reload: undefined,
    store,
    insideNetworks: () => [parseNetwork('192.0.2.0/24')!],
    trustedResolvers: () => [],
    modeOf: () => 'enforce',
    flush: async () => {},
    warmupMs: () => 0,
    tap: new EventTap<VerdictEvent>(10),
    clients: { record: () => RECORD, recordsOfMac: () => [RECORD], records: () => [RECORD] },
    queryLog: log,
    node,
    findings,
    behaviour,
    isOwnHost: () => false,
    endWarmup: () => {},
    status: () => ({ up: true }),
  });
}

function events(): VerdictEvent[] {
  const nowMs = Date.now();
  const question = { type: 'TXT', name: 'evil.test' } as const;
  const packet = composeFrame(dnsPacket.encode({ type: 'query', id: 7, flags: 256, questions: [question] }));
  const blocked = (age: number, changes: Partial<VerdictEvent> = {}) =>
    verdictEvent({ atMs: nowMs - age, packet, ...changes });
  return [
    ...Array.from({ length: 5 }, (_, index) => blocked(60_000 - index)),
    blocked(30_000, { client: address('192.0.2.67'), queryName: nameOf("o'hara--.test"), packet: undefined }),
    blocked(20_000, { verdict: 'allow', reason: 'history', destination: address(SERVER), packet: undefined }),
  ];
}

const SIGHT: SwitchSight = {
  datapathId: '0000000000000001',
  peer: '192.0.2.2:40000',
  role: 'equal',
  state: 'in step',
  sinceMs: Date.UTC(2026, 10, 21),
  flows: { allow: 1, drop: 2, allowBudget: 1000, dropBudget: 1000 },
  configured: { allow: 1000, drop: 1000 },
  enforces: true,
  waiting: 0,
  ports: new Map([['eth1', 1]]),
  outsidePorts: [1],
  wantedOutsidePorts: ['eth1'],
  hasMeters: true,
  hasBundles: true,
  copiesDropped: 0,
  asksDropped: 0,
  malformed: 0,
  errors: 0,
  unroomed: 0,
};

const RECORD: ClientRecord = {
  name: 'desk-7',
  nameSource: 'lease',
  mac: 0x020000000042,
  datapathId: '0000000000000001',
  port: 'eth3',
  addresses: [address(CLIENT)],
  isBehindRouter: false,
  seen: [
    {
      address: address(CLIENT),
      vlan: 7,
      firstSeenAtMs: Date.UTC(2026, 10, 21),
      lastSeenAtMs: Date.UTC(2026, 10, 22),
      moves: 1,
      movedFrom: 0x020000000041,
      movedAtMs: Date.UTC(2026, 10, 21, 3),
      leasedTo: undefined,
    },
  ],
};

const SEEN = { firstAtMs: Date.UTC(2026, 10, 21), lastAtMs: Date.UTC(2026, 10, 22) };
const GROUP: BotGroup = {
  id: 'G-4c7q',
  sinceMs: SEEN.firstAtMs,
  lastAtMs: SEEN.lastAtMs,
  score: 0.8,
  hosts: [{ host: address(CLIENT), score: 0.7, matches: 1 }],
  features: [
    { feature: { kind: 'destination', address: address(BLOCKED), port: 443 }, members: 2, others: 0, weight: 0.5 },
    { feature: { kind: 'timing', periodMs: 60_000 }, members: 2, others: 1, weight: 0.2 },
  ],
  matches: [{ hosts: [address(CLIENT), address('192.0.2.67')], features: 2 }],
  candidates: [
    {
      role: 'c2',
      address: address(BLOCKED),
      name: undefined,
      ports: [443],
      score: 0.9,
      contactedBy: [address(CLIENT)],
      suspects: 2,
      others: 0,
      ...SEEN,
      reasons: ['both hosts went there'],
    },
  ],
  victims: [{ address: address('198.51.100.80'), attackedBy: [address(CLIENT)], syns: 900, ...SEEN }],
  changes: [{ atMs: SEEN.firstAtMs, what: 'began', with: [] }],
};

const behaviour: BehaviourQuestions = {
  groups: async () => [GROUP],
  host: async () => ({
    hosts: [
      {
        mac: 0x020000000042,
        lastAtMs: SEEN.lastAtMs,
        score: 0.7,
        evidence: [reasonOf({ kind: 'beaconing' }) as Evidence],
        group: { id: GROUP.id, reason: reasonOf({ kind: 'group' }) },
      },
    ],
    unseen: [{ what: 'answers', why: 'the side of the clients is not seen', remedy: 'set behaviour.client_side' }],
  }),
  dnsTcp: async () => {
    throw new GluewallError('answers-unseen', 'not seen here');
  },
};

const found = (id: string): Case => {
  if (id === endedCase().id) return endedCase();
  throw new GluewallError('case-unknown', `there is no case ${id}`);
};
/** Works until nobody waits any more, when the name asked for is `long.example`. */
const node: NodeOperations & { cancelled: number } = {
  cancelled: 0,
  async *request({ name }, signal) {
    const ended = endedCase();
    yield { case: ended.id, step: 'opened', words: 'it begins' };
    if (name === nameOf('long.example')) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      this.cancelled++;
    }
    return ended;
  },
  list: async () => [summarise(endedCase())],
  show: async (id) => found(id),
  close: async (id, reason, by) => ({ ...found(id), state: 'closed', closed: { at: found(id).openedAt, reason, by } }),
  evidence: async (id) => [{ name: 'case.json', text: JSON.stringify(found(id)) }],
};

const log: AskedLog = {
  search: async ({ limit }) => ({
    entries: [
      {
        atMs: Date.now() - 1000,
        name: nameOf('evil.test'),
        type: 1,
        class: 1,
        client: address(CLIENT),
        clientPort: 40_000,
        server: address(SERVER),
        role: undefined,
        responseCode: 0,
        answers: [],
        mark: undefined,
        source: 'border',
        place: { atMs: 0, id: 1 } as never,
      },
    ].slice(0, limit),
    last: undefined,
  }),
  coverage: async () => [],
  quarantined: async () => [],
  trim: async () => ({}) as never,
  sourceFigures: async () => null,
  clientInLog: (client) => client,
};
