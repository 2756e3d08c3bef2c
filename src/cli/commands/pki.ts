/** `pki`: keys and certificates for a lab, and the lines that put them to use. */
import { isIP } from 'node:net';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { FilePair, LabFiles, NamedFiles } from '../../pki/lab-files.ts';
import { nodeName } from '../../traceback/messages.ts';
import { connectCommand } from '../connect-command.ts';
import { printJson, printLines } from '../output.ts';

const MAX_DAYS = 36_500;
const MAX_SWITCHES = 256;
const MAX_NODES = 256;
/** Of a name in a certificate's subject (RFC 5280 appendix A.1). */
const MAX_NODE_CHARACTERS = 64;
/** Names of the files of the authority and the controller. */
const TAKEN = ['ca', 'controller'];
const PORT = 6653;
const NODE_PORT = 8853;
/** Where Open vSwitch has its own files. */
const SWITCH_FOLDER = '/etc/openvswitch';

interface InitOptions {
  readonly dir: string;
  readonly days: string;
  readonly controller: string;
  readonly switch?: readonly string[];
  readonly node?: readonly string[];
  readonly json?: true;
}

export function addPkiCommands(program: Command): void {
  const examples = [
    'gluewall pki init',
    'gluewall pki init --dir lab-pki --switch br0 br1 --days 30 --json',
    'gluewall pki init --dir federation-pki --node node.shop.example node.office.example',
    'gluewall pki init --dir federation-pki --node node.later.example',
  ];
  program
    .command('pki')
    .description('keys and certificates with which switches, gluewall and traceback nodes know each other')
    .command('init')
    .description(
      'make a certificate authority for a lab, a key and certificate for gluewall and others for switches, or for nodes; ' +
        'the key of the authority lies beside them: in production use an authority of your own',
    )
    .option('--dir <folder>', 'where the files go; existing ones are not overwritten', 'pki')
    .option('--days <count>', 'how long the certificates are valid', '3650')
    .option('--switch <name...>', 'a key and certificate for each of these (default one for all: switch)')
    .option(
      '--node <name...>',
      'a key and certificate for each of these traceback nodes, of the authority in --dir where there is one; without --switch for nobody else',
    )
    .option('--controller <name>', 'host name or address of gluewall, for its certificate', 'gluewall')
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`)
    .action(init);
}

async function init(options: InitOptions): Promise<void> {
  const switches = switchNames(options.switch ?? (options.node === undefined ? ['switch'] : []));
  const lab = {
    directory: options.dir,
    days: daysArgument(options.days),
    controller: switches.length === 0 ? undefined : controllerName(options.controller),
    switches,
    nodes: nodeNames(options.node ?? [], switches),
  };
  // The library behind it is large, and no other command needs it.
  const { writeLabFiles } = await import('../../pki/lab-files.ts');
  const files = await writeLabFiles(lab, systemClock.nowMs());
  const answer = {
    ...files,
    switches: files.switches.map((one) => ({ ...one, commands: switchCommands(files, one, options.controller) })),
    nodes: files.nodes.map((one) => ({ ...one, configuration: nodeConfiguration(files, one) })),
    ...(files.controller === undefined ? {} : { configuration: configuration(files, files.controller) }),
  };
  if (options.json === true) await printJson(answer);
  else await printLines(describe(answer));
}

interface Answer extends LabFiles {
  readonly switches: readonly (NamedFiles & { readonly commands: readonly string[] })[];
  readonly nodes: readonly (NamedFiles & { readonly configuration: string })[];
  readonly configuration?: string;
}

function describe(answer: Answer): readonly string[] {
  const { authority, isOldAuthority, switches, nodes, configuration: text, validUntil } = answer;
  const whom = [
    ...(text === undefined ? [] : ['any switch and for gluewall']),
    ...(nodes.length > 0 ? ['any node'] : []),
  ];
  return [
    `made keys and certificates for a lab, valid until ${validUntil}`,
    ...(isOldAuthority
      ? [
          `they are of the authority in ${authority.certificate}, which was there already: nodes that have theirs of it`,
          'name the new ones in node.peers, and are named there',
        ]
      : []),
    `whoever has ${authority.key} can pass for ${whom.join(', and for ')}: in production use an authority of your own`,
    ...(text === undefined ? [] : ['', 'gluewall.yaml:', '', ...text.trimEnd().split('\n')]),
    ...switches.flatMap(({ name, key, certificate, commands }) => [
      '',
      `on the host of switch "${name}", with ${key}, ${certificate} and ${authority.certificate} copied to ${SWITCH_FOLDER}`,
      '(its first controller removes all flows of a bridge):',
      '',
      ...commands,
    ]),
    ...nodes.flatMap(({ name, key, certificate, configuration: ofNode }) => [
      '',
      `gluewall.yaml of node "${name}", with ${key}, ${certificate} and ${authority.certificate} (docs/traceback.md says the rest):`,
      '',
      ...ofNode.trimEnd().split('\n'),
    ]),
  ];
}

function configuration({ authority }: LabFiles, controller: FilePair): string {
  const tls = { key: controller.key, certificate: controller.certificate, ca: authority.certificate };
  const text = stringify({ openflow: { tls } }, { lineWidth: 0 });
  return text.replace('openflow:\n', 'openflow:\n  # listen: "0.0.0.0:6653"   # for switches on other hosts\n');
}

/** What can be said of a node by its name: what it serves is for its operator to add. */
function nodeConfiguration({ authority, nodes }: LabFiles, { name, key, certificate }: NamedFiles): string {
  const peers = nodes
    .filter((other) => other.name !== name)
    .map((other) => ({ name: other.name, url: `https://${other.name}:${NODE_PORT}` }));
  const node = { name, listen: `0.0.0.0:${NODE_PORT}`, tls: { key, certificate, ca: authority.certificate }, peers };
  return stringify({ node }, { lineWidth: 0 });
}

function switchCommands(
  { authority }: LabFiles,
  { key, certificate }: NamedFiles,
  controller: string,
): readonly string[] {
  const family = isIP(controller);
  const host = family === 6 ? `[${controller}]` : family === 4 ? controller : 'ADDRESS-OF-GLUEWALL';
  return [
    `ovs-vsctl set-ssl ${[key, certificate, authority.certificate].map(onSwitch).join(' ')}`,
    connectCommand('BRIDGE', `ssl:${host}:${PORT}`),
  ];
}

function onSwitch(file: string): string {
  return `${SWITCH_FOLDER}/${basename(file)}`;
}

function daysArgument(text: string): number {
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new GluewallError('usage', `"${text}" is no number of days: want a whole number from 1 to ${MAX_DAYS}`);
}

/** They name files, and stand in certificates. */
function switchNames(names: readonly string[]): readonly string[] {
  if (names.length > MAX_SWITCHES) throw new GluewallError('usage', `want at most ${MAX_SWITCHES} switches at once`);
  for (const [index, name] of names.entries()) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
      const wanted = 'want letters, digits, dots, dashes and underscores, at most 63';
      throw new GluewallError('usage', `"${name}" is no name of a switch: ${wanted}`);
    }
    const isTaken = [...TAKEN, ...names.slice(0, index)].some((one) => one.toLowerCase() === name.toLowerCase());
    if (isTaken) throw new GluewallError('usage', `"${name}" names two files: give each switch a name of its own`);
  }
  return names;
}

/** They name files, and are what peers know each other by. */
function nodeNames(names: readonly string[], switches: readonly string[]): readonly string[] {
  if (names.length > MAX_NODES) throw new GluewallError('usage', `want at most ${MAX_NODES} nodes at once`);
  for (const [index, name] of names.entries()) {
    if (!nodeName.safeParse(name).success || name.length > MAX_NODE_CHARACTERS) {
      const wanted = `want a host name in lower case, at most ${MAX_NODE_CHARACTERS} characters`;
      throw new GluewallError('usage', `"${name}" is no name of a node: ${wanted}`);
    }
    if ([...TAKEN, ...switches, ...names.slice(0, index)].some((one) => one.toLowerCase() === name)) {
      throw new GluewallError('usage', `"${name}" names two files: give each node a name of its own`);
    }
  }
  return names;
}

function controllerName(text: string): string {
  if (isIP(text) !== 0 || /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/.test(text)) return text;
  throw new GluewallError('usage', `"${text}" is neither a host name of at most 63 characters nor an address`);
}
