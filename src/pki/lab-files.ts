/** The files of a lab: an authority, a controller and switches, nodes of several organisations. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GluewallError } from '../core/errors.ts';
import { type KeyAndCertificate, LabAuthority } from './lab-authority.ts';

/** The name of the authority's files. */
const AUTHORITY = 'ca';

export interface LabOptions {
  readonly directory: string;
  readonly days: number;
  /** Goes into the certificate's subject and its subjectAltName; its files are `controller-…`. Undefined: none is made. */
  readonly controller: string | undefined;
  /** Names of switches, which are those of their files, too. */
  readonly switches: readonly string[];
  /** DNS names of traceback nodes, which are those of their files, too. */
  readonly nodes: readonly string[];
}

/** Paths of a private key and its certificate. */
export interface FilePair {
  readonly key: string;
  readonly certificate: string;
}

/** Of a switch or a node. */
export interface NamedFiles extends FilePair {
  readonly name: string;
}

export interface LabFiles {
  readonly authority: FilePair;
  /** It was there, and issued what is new. */
  readonly isOldAuthority: boolean;
  readonly controller?: FilePair;
  readonly switches: readonly NamedFiles[];
  readonly nodes: readonly NamedFiles[];
  /** ISO 8601. */
  readonly validUntil: string;
}

/**
 * Makes keys and certificates, and writes them to `directory`, keys with mode 0600. Throws GluewallError `pki-files` when
 * one is there already or cannot be written; then nothing is left behind. Where there are to be nodes alone, an authority that is
 * there already is used.
 */
export async function writeLabFiles(options: LabOptions, nowMs: number): Promise<LabFiles> {
  const directory = resolve(options.directory);
  const pairOf = (name: string): FilePair => ({
    key: join(directory, `${name}-key.pem`),
    certificate: join(directory, `${name}-cert.pem`),
  });
  const named = (names: readonly string[]) => names.map((name) => ({ name, ...pairOf(name) }));
  const controllers = options.controller === undefined ? [] : [options.controller];
  const places = {
    authority: pairOf(AUTHORITY),
    ...(options.controller === undefined ? {} : { controller: pairOf('controller') }),
    switches: named(options.switches),
    nodes: named(options.nodes),
  };
  const controllerPairs = places.controller === undefined ? [] : [places.controller];
  const isForNodes = options.nodes.length > 0 && options.switches.length + controllers.length === 0;
  const old = isForNodes ? oldAuthority(places.authority, nowMs, options.days) : undefined;
  const issued = [...controllerPairs, ...places.switches, ...places.nodes];
  const pairs = old === undefined ? [places.authority, ...issued] : issued;
  refuseExisting(pairs);
  const authority = old ?? (await LabAuthority.create('gluewall lab CA', nowMs, options.days));
  const contents = old === undefined ? [authority.files] : [];
  for (const name of [...controllers, ...options.switches, ...options.nodes])
    contents.push(await authority.issue(name));
  writePairs(directory, pairs, contents);
  const validUntil = new Date(authority.validUntilMs).toISOString();
  return { ...places, isOldAuthority: old !== undefined, validUntil };
}

/** Undefined where there are not both of its files. */
function oldAuthority({ key, certificate }: FilePair, nowMs: number, days: number): LabAuthority | undefined {
  if (!existsSync(key) || !existsSync(certificate)) return undefined;
  try {
    const files = { keyPem: readFileSync(key, 'latin1'), certificatePem: readFileSync(certificate, 'latin1') };
    return LabAuthority.from(files, nowMs, days);
  } catch (cause) {
    const problem = `${certificate} and ${key} are there already, and cannot issue anything`;
    const remedy = 'name another folder with --dir, or move them away';
    throw new GluewallError('pki-files', `${problem}: ${(cause as Error).message}; ${remedy}`, { cause });
  }
}

function refuseExisting(pairs: readonly FilePair[]): void {
  const existing = pairs.flatMap(({ key, certificate }) => [key, certificate]).find((file) => existsSync(file));
  if (existing === undefined) return;
  const remedy = 'it is not overwritten; name another folder with --dir, or move it away';
  throw new GluewallError('pki-files', `${existing} is there already: ${remedy}`);
}

function writePairs(directory: string, pairs: readonly FilePair[], contents: readonly KeyAndCertificate[]): void {
  const written: string[] = [];
  const write = (file: string, text: string, mode: number) => {
    // Whoever made it in the meantime keeps it.
    const descriptor = openSync(file, 'wx', mode);
    written.push(file);
    try {
      writeFileSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    for (const [index, { key, certificate }] of pairs.entries()) {
      write(key, contents[index]!.keyPem, 0o600);
      write(certificate, contents[index]!.certificatePem, 0o644);
    }
  } catch (cause) {
    for (const file of written) rmSync(file, { force: true });
    const { code, path } = cause as NodeJS.ErrnoException;
    const remedy = 'name a folder with --dir that you may write to';
    throw new GluewallError('pki-files', `${path ?? directory} cannot be written (${code}); ${remedy}`, { cause });
  }
}
