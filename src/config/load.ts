import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GluewallError } from '../core/errors.ts';
import type { TlsFiles } from '../core/tls-settings.ts';
import { ConfigError } from './config-error.ts';
import { contradictions } from './contradictions.ts';
import { describeIssue } from './describe-issue.ts';
import { readYaml } from './read-yaml.ts';
import { type Config, configSchema } from './schema.ts';

/** Room for the longest lists of IPv6 addresses that the schema takes. */
const MAX_CONFIG_BYTES = 64 * 1024 * 1024;

/**
 * Reads a configuration file; relative paths in it start at its folder. Throws ConfigError with the mistakes, or GluewallError `config` when the file cannot be
 * read.
 */
export function loadConfig(file: string): Config {
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
  return withPathsFrom(dirname(resolve(file)), parseConfig(text, file));
}

/** Files beside the configuration are found from wherever a command is called. */
function withPathsFrom(folder: string, config: Config): Config {
  const { root_hints, openflow, capture, store, eve } = config;
  const from = (file: string) => resolve(folder, file);
  const withTls = <C extends { readonly tls?: TlsFiles | undefined }>(section: C): C =>
    section.tls === undefined ? section : { ...section, tls: tlsFrom(section.tls, from) };
  return {
    ...config,
    ...(root_hints === undefined ? {} : { root_hints: from(root_hints) }),
    openflow: withTls(openflow),
    capture: withTls(capture),
    store: storeFrom(store, from),
    eve: eve.file === undefined ? eve : { ...eve, file: from(eve.file) },
  };
}

function storeFrom(store: Config['store'], from: (file: string) => string): Config['store'] {
  const names = ['file', 'password_file', 'ca_file', 'journal'] as const;
  const paths = names.flatMap((name) => (store[name] === undefined ? [] : [[name, from(store[name])]]));
  return { ...store, ...Object.fromEntries(paths) };
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
  return result.data;
}
