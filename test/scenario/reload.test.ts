/** `gluewall reload`, SIGHUP and what is wrong with a configuration, as they are typed, on a gluewall with a switch of the tests. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import { PIPELINE, ruleOf } from '../../src/controller/pipeline.ts';
import type { CheckView } from '../../src/services/explain-verdict.ts';
import type { ReloadView } from '../../src/services/reload-view.ts';
import type { RuleView } from '../../src/services/rule-services.ts';
import { FakeSwitch } from '../support/fake-openflow-switch.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { restless } from '../support/restless.ts';

const PORT = 16671;
const SETTLE_MS = 5000;
const BASE = {
  mode: 'enforce',
  warmup: 0,
  inside: { networks: ['192.0.2.0/24'] },
  outside: { ports: [2] },
  openflow: { listen: `127.0.0.1:${PORT}` },
};

let folder: string;
let running: GluewallProcess;
let bridge: FakeSwitch;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-reload-'));
  const rules = [
    { action: 'allow', to: '203.0.113.8', reason: 'x' },
    { action: 'deny', to: '203.0.113.0/24', reason: 'y' },
  ];
  running = await GluewallProcess.start(folder, { ...BASE, rules });
  bridge = await FakeSwitch.connect(PORT);
  await running.ready();
});

afterAll(async () => {
  await running?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const type = (...args: string[]) => gluewall(process.env, ...args, '--socket', running.socketPath);
const write = (text: string) => writeFileSync(running.configPath, text);
const good = (change: object = {}) => stringify({ store: { file: join(folder, 'gluewall.db') }, ...BASE, ...change });
/** As a command does, which takes a second to start. */
const request = async <T>(asked: ControlRequest) => (await resultOf(askControl(running.socketPath, asked))) as T;
const reload = () => request<ReloadView>({ operation: 'reload', isTrial: false });
const rulesNow = async () => {
  const rules: RuleView[] = [];
  for await (const rule of askControl(running.socketPath, { operation: 'rule list' })) rules.push(rule as RuleView);
  return rules;
};
const reasonOf = async (destination: string, queryName?: string) => {
  const named = queryName === undefined ? {} : { queryName };
  return (await request<CheckView>({ operation: 'check', destination, ...named })).reason;
};
/** What the switch was told to have, by rule of the pipeline. */
const entries = (...rules: number[]) => bridge.tables.flows.filter(({ cookie }) => rules.includes(ruleOf(cookie)));

it('warnings about the configuration are told when gluewall starts', async () => {
  const line = await running.logged('the warning', 0, ({ msg }) => msg.includes('cannot win'));
  expect(line).toMatchObject({
    level: 'warn',
    msg: expect.stringMatching(/gluewall\.yaml:\d+:5: this allow cannot win: .*; see line \d+$/),
  });
});

describe('a good configuration', () => {
  beforeEach(async () => {
    write(good());
    await reload();
  });

  it('is taken up, printed as a difference, and on the switch', async () => {
    write(
      good({ groups: [{ name: 'lab', clients: ['192.0.2.66', 'port:1'], mode: 'monitor' }], allow: ['203.0.113.9'] }),
    );
    const { status, stdout } = await restless(running.configPath, () => type('reload'));
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^allow\n {2}\+ "203\.0\.113\.9"\ngroups\n {2}\+ \{"name":"lab".*\}\n.*gluewall\.yaml is in force\n$/s,
    );
    const { groupDns } = PIPELINE.classify.entries;
    await until('the group is on the switch', SETTLE_MS, () => entries(groupDns.rule).length > 0 || undefined);
    expect(entries(PIPELINE.verdict.entries.observe.rule)).not.toEqual([]);
    write(good());
    expect(await reload()).toMatchObject({ outcome: 'applied' });
    await until('the group has gone', SETTLE_MS, () => entries(groupDns.rule).length === 0 || undefined);
    expect((await running.status()).openflowErrors).toBe(0);
  });

  it('that says what is in force already changes nothing on the switch', async () => {
    await bridge.echo();
    const before = bridge
      .ofType('flowMod')
      .filter(({ cookie }) => ruleOf(cookie) !== PIPELINE.verdict.entries.ask.rule);
    write(`# another text\n${good()}`);
    const { status, stdout } = await type('reload');
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${running.configPath} says what is in force already\n` });
    await bridge.echo();
    const after = bridge.ofType('flowMod').filter(({ cookie }) => ruleOf(cookie) !== PIPELINE.verdict.entries.ask.rule);
    expect(after).toHaveLength(before.length);
  });

  it('as a trial says what it would change, and changes nothing', async () => {
    write(good({ allow: ['203.0.113.9'] }));
    await restless(running.configPath, async () => {
      const { stdout } = await type('reload', '--dry-run');
      expect(stdout).toContain('is good, and would change this; it is taken up by itself within seconds');
      expect(await rulesNow()).toEqual([]);
      write(good());
    });
  });

  it('says which keys take a restart, each time', async () => {
    for (let round = 0; round < 2; round++) {
      write(good({ hold: { time: '20ms' }, warmup: `${round + 1}h` }));
      const { stdout } = await type('reload');
      expect(stdout).toContain('hold.time (takes a restart)\n  - "50ms"\n  + "20ms"\n');
    }
  });

  it('is warned about where a rule decides nothing, with both lines', async () => {
    write(`${good()}rules:
  - { action: deny, to: 203.0.113.0/24, reason: an attack }
  - { action: allow, to: 203.0.113.8, reason: ticket 1 }
  - { action: deny, to: 203.0.113.9, reason: the same once more }
  - { action: allow, from: group:labs, to: 192.0.2.1, reason: nobody }
  - { action: allow, to: 198.51.100.1, reason: over, expires: "2020-01-01T00:00:00Z" }
`);
    const first = readFileSync(running.configPath, 'utf8').split('\n').indexOf('rules:') + 2;
    const { warnings } = await reload();
    const at = (line: number, text: string) => `${running.configPath}:${line}:${text}`;
    expect(warnings).toEqual([
      expect.stringContaining(at(first + 4, '54: this rule expired at 2020-01-01T00:00:00.000Z and decides nothing')),
      at(
        first + 1,
        `5: this allow cannot win: a deny is asked first that is about all of it (to 203.0.113.0/24); see line ${first}`,
      ),
      at(first + 2, `5: this rule never decides: one before it denies the same (to 203.0.113.0/24); see line ${first}`),
      expect.stringContaining(at(first + 3, '22: there is no group labs')),
    ]);
    expect((await type('reload')).stdout).toContain(`warning: ${warnings[0]}\n`);
    expect(await reasonOf('203.0.113.8')).toBe('denyRule');
    expect(await reasonOf('198.51.100.1')).toBe('unknown');
  });

  it('may have names with escapes', async () => {
    write(`${good()}rules:
  - { action: deny, zone: 'a\\.b.Example', reason: a dot in a label }
  - { action: deny, zone: '\\255\\032x.example', reason: odd octets }
  - { action: deny, to: 'name:ns\\.1.example', reason: a name server }
`);
    await reload();
    expect((await rulesNow()).map(({ match }) => match)).toEqual([
      { zone: 'a\\.b.example' },
      { zone: '\\255\\032x.example' },
      { to: 'name:ns\\.1.example' },
    ]);
    expect(await reasonOf('198.51.100.1', 'www.A\\.B.example')).toBe('denyRule');
    expect(await reasonOf('198.51.100.1', 'www.a.b.example')).toBe('unknown');
  });

  it('rules keep their hits and those of commands their place', async () => {
    await type('allow', 'add', '203.0.113.77', '--reason', 'by hand');
    write(good({ rules: [{ action: 'allow', to: '203.0.113.77', reason: 'in the file' }] }));
    await reload();
    expect((await type('allow', 'remove', '203.0.113.77')).stdout).toContain('stands in the configuration');
    write(good());
    await reload();
    expect((await rulesNow()).map(({ reason }) => reason)).toEqual(['by hand']);
    expect((await type('allow', 'remove', '203.0.113.77')).status).toBe(0);
  });
});

describe('a bad configuration changes nothing, and says where it is bad and what to do', () => {
  const ALLOWED = { allow: ['203.0.113.9'] };

  beforeEach(async () => {
    write(good(ALLOWED));
    await reload();
  });

  it.each([
    ['no YAML', 'rules: [', /:\d+:\d+: /],
    ['a tab', 'hold:\n\ttime: 1s', /:\d+:1: a tab stands here: YAML is indented with spaces/],
    ['a key twice', 'mode: monitor', /the key "mode" stands here twice/],
    ['an unknown key', 'ruls: []', /:\d+:1: unknown key "ruls"; did you mean "rules"\?/],
    [
      'an unknown key of a rule',
      'rules:\n  - { action: deny, form: 192.0.2.1, reason: x }',
      /did you mean "rules\[\]\.from"\?/,
    ],
    ['a rule without a reason', 'rules: [{ action: deny, to: 192.0.2.1 }]', /rules\.0\.reason/],
    [
      'a network with host bits',
      'rules: [{ action: deny, to: 192.0.2.1/24, reason: x }]',
      /write 192\.0\.2\.0\/24, or 192\.0\.2\.1/,
    ],
    [
      'a name that is none',
      'rules: [{ action: deny, zone: a..b, reason: x }]',
      /rules\.0\.zone: "a\.\.b" is not understood: want a domain name/,
    ],
    [
      'a bad escape',
      "rules: [{ action: deny, zone: '\\999.example', reason: x }]",
      /want a domain name; odd octets as \\DDD/,
    ],
    [
      'a time without a zone',
      'rules: [{ action: deny, reason: x, expires: "2030-01-01" }]',
      /want a time with its zone/,
    ],
    [
      'two groups of one name',
      'groups: [{ name: a, clients: [192.0.2.1] }, { name: a, clients: [192.0.2.2] }]',
      /two groups a/,
    ],
    ['nothing inside', 'trusted_resolvers: [here]', /"here" is no IPv4 or IPv6 address/],
  ])('%s', async (_what, added, said) => {
    const since = running.log.length;
    write(`${good(ALLOWED)}${added}\n`);
    const { status, stdout, stderr } = await type('reload');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(said);
    expect(stderr).toContain(`${running.configPath}:`);
    expect(stderr).not.toContain('    at ');
    const line = await running.logged('the alarm', since, ({ alarm }) => alarm === 'reload');
    expect(line).toMatchObject({ level: 'error', msg: expect.stringContaining('everything is as it was before') });
    expect(await rulesNow()).toHaveLength(1);
  });

  it('and so does one that has gone', async () => {
    rmSync(running.configPath);
    const { status, stderr } = await type('reload');
    expect(status).not.toBe(0);
    expect(stderr).toContain('cannot be read (ENOENT)');
    expect(await rulesNow()).toHaveLength(1);
  });

  it('SIGHUP says the same, and goes on', async () => {
    const since = running.log.length;
    write('mode: [');
    process.kill(running.pid!, 'SIGHUP');
    await running.logged('the alarm', since, ({ alarm }) => alarm === 'reload');
    write(good());
    process.kill(running.pid!, 'SIGHUP');
    await running.logged('the reload', since, ({ msg }) => msg.startsWith('reloaded: allow: - '));
  });
});

it('a gluewall that does not run has nothing to reload', async () => {
  const { status, stderr } = await gluewall(process.env, 'reload', '--socket', join(folder, 'nobody'));
  expect(status).not.toBe(0);
  expect(stderr).not.toContain('    at ');
});
