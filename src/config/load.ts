import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GluewallError } from '../core/errors.ts';
import { isUrl } from '../core/is-url.ts';
import type { TlsFiles } from '../core/tls-settings.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigWarning, configWarnings } from './config-warnings.ts';
import { contradictions } from './contradictions.ts';
import { describeIssue } from './describe-issue.ts';
import { readYaml, type YamlText } from './read-yaml.ts';
import { type Config, configSchema } from './schema.ts';

/** The most warnings that are told. */
const MAX_WARNINGS = 100;

export interface ConfigWithWarnings {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** The file says nothing: all defaults, or a disk that was full. */
  readonly isEmpty: boolean;
}

type NodeConfig = NonNullable<Config['node']>;
type RpzConfig = NonNullable<Config['response']['rpz']>;

/** Room for the longest lists of IPv6 addresses that the schema takes. */
const MAX_CONFIG_BYTES = 64 * 1024 * 1024;

/**
 * Reads a configuration file; relative paths in it start at its folder. Throws ConfigError with the mistakes, or GluewallError `config` when the file cannot be
 * read.
 */
export function loadConfig(file: string): Config {
  return loadConfigWithWarnings(file).config;
}

/** As `loadConfig`, with what its author hardly meant: each a `file:line:column: reason`. */
export function loadConfigWithWarnings(file: string): ConfigWithWarnings {
  let octets: Buffer | undefined;
  try {
    octets = readAtMost(file, MAX_CONFIG_BYTES);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new GluewallError('config', `${file}: cannot be read (${code}); give another file`, { cause });
  }
  if (octets === undefined) throw new GluewallError('config', `${file}: larger than ${MAX_CONFIG_BYTES} octets`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (cause) {
    throw new GluewallError('config', `${file}: is no UTF-8 text`, { cause });
  }
  const parsed = parseConfigWithWarnings(text, file);
  return { ...parsed, config: withPathsFrom(dirname(resolve(file)), parsed.config) };
}

/** Files beside the configuration are found from wherever a command is called. */
function withPathsFrom(folder: string, config: Config): Config {
  const { root_hints, packs, lists, openflow, capture, clients, store, querylog, node, response, eve } = config;
  const from = (file: string) => resolve(folder, file);
  const withTls = <C extends { readonly tls?: TlsFiles | undefined }>(section: C): C =>
    section.tls === undefined ? section : { ...section, tls: tlsFrom(section.tls, from) };
  return {
    ...config,
    ...(root_hints === undefined ? {} : { root_hints: from(root_hints) }),
    packs: { ...packs, ...pathsFrom(packs, ['folder', 'state'], from) },
    lists: lists.map((list) => ({
      ...list,
      ...pathsFrom(
        list,
        isUrl(list.from) ? ['ca_file', 'authorization_file'] : ['from', 'ca_file', 'authorization_file'],
        from,
      ),
    })),
    openflow: withTls(openflow),
    capture: withTls(capture),
    clients: { ...clients, leases: clients.leases.map(from) },
    store: storeFrom(store, from),
    querylog: queryLogFrom(querylog, from),
    node: node === undefined ? node : nodeFrom(node, from),
    response: response.rpz === undefined ? response : { ...response, rpz: rpzFrom(response.rpz, from) },
    eve: eve.file === undefined ? eve : { ...eve, file: from(eve.file) },
    console: consoleFrom(config.console, from),
  };
}

function storeFrom(store: Config['store'], from: (file: string) => string): Config['store'] {
  return { ...store, ...pathsFrom(store, ['file', 'password_file', 'ca_file', 'journal'], from) };
}

function queryLogFrom(querylog: Config['querylog'], from: (file: string) => string): Config['querylog'] {
  const { anonymise, sources } = querylog;
  return {
    ...querylog,
    ...pathsFrom(querylog, ['folder'], from),
    ...(anonymise === undefined ? {} : { anonymise: { key_file: from(anonymise.key_file) } }),
    sources: sources.map((source) => ({ ...source, ...pathsFrom(source, ['file'], from) })),
  };
}

function nodeFrom(node: NodeConfig, from: (file: string) => string): NodeConfig {
  const { tls } = node;
  return {
    ...node,
    ...pathsFrom(node, ['folder'], from),
    tls: { ...tlsFrom(tls, from), ...pathsFrom(tls, ['crl'], from) },
  };
}

function consoleFrom(section: Config['console'], from: (file: string) => string): Config['console'] {
  const { tls, oidc } = section;
  return {
    ...section,
    ...(tls === undefined ? {} : { tls: { key: from(tls.key), certificate: from(tls.certificate) } }),
    ...(oidc === undefined ? {} : { oidc: { ...oidc, client_secret_file: from(oidc.client_secret_file) } }),
  };
}

function rpzFrom(rpz: RpzConfig, from: (file: string) => string): RpzConfig {
  const { tsig } = rpz;
  return {
    ...rpz,
    ...pathsFrom(rpz, ['file'], from),
    ...(tsig === undefined ? {} : { tsig: { ...tsig, secret_file: from(tsig.secret_file) } }),
  };
}

/** Those of the keys that are there. */
function pathsFrom<K extends string>(
  section: { readonly [key in K]?: string | undefined },
  keys: readonly K[],
  from: (file: string) => string,
): { readonly [key in K]?: string } {
  const paths = keys.flatMap((key) => (section[key] === undefined ? [] : [[key, from(section[key])] as const]));
  return Object.fromEntries(paths) as { readonly [key in K]?: string };
}

function tlsFrom({ key, certificate, ca }: TlsFiles, from: (file: string) => string): TlsFiles {
  return { key: from(key), certificate: from(certificate), ca: from(ca) };
}

/** Undefined when there is more. A pipe has no size beforehand, and a device may have no end. */
function readAtMost(file: string, maxBytes: number): Buffer | undefined {
  const descriptor = openSync(file, 'r');
  try {
    if (fstatSync(descriptor).size > maxBytes) return undefined;
    const parts: Buffer[] = [];
    let total = 0;
    while (total <= maxBytes) {
      const part = Buffer.allocUnsafe(64 * 1024);
      const count = readSync(descriptor, part);
      if (count === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, count));
      total += count;
    }
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** The configuration of an empty file: every key at its default. */
export function defaultConfig(): Config {
  return configSchema.parse({});
}

/** Reads configuration text; `file` is named in messages. Throws ConfigError. */
export function parseConfig(text: string, file: string): Config {
  return parseConfigWithWarnings(text, file).config;
}

function parseConfigWithWarnings(text: string, file: string): ConfigWithWarnings {
  const yaml = readYaml(text);
  if (!('value' in yaml)) throw new ConfigError(file, yaml);
  const result = configSchema.safeParse(yaml.value ?? {}, { reportInput: true });
  if (!result.success) {
    throw new ConfigError(
      file,
      result.error.issues.flatMap((issue) => describeIssue(issue, yaml)),
    );
  }
  const problems = contradictions(result.data);
  if (problems.length > 0) {
    throw new ConfigError(
      file,
      problems.map(({ path, problem }) => ({ ...yaml.placeOfKey(path), message: problem })),
    );
  }
  const warnings = configWarnings(result.data, Date.now()).slice(0, MAX_WARNINGS);
  const isEmpty = Object.keys(yaml.value ?? {}).length === 0;
  return { config: result.data, warnings: warnings.map((one) => describeWarning(file, yaml, one)), isEmpty };
}

function describeWarning(file: string, yaml: YamlText, { path, other, problem }: ConfigWarning): string {
  const { line, column } = yaml.placeOfKey(path);
  const beside = other === undefined ? '' : `; see line ${yaml.placeOfKey(other).line}`;
  return `${file}:${line}:${column}: ${problem}${beside}`;
}
