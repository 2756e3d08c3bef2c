/** The recorded OpenFlow 1.3 messages of other projects that the tests in this folder share; see the NOTICE beside them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '../../conditions.ts';

const vectorsFolder = join(import.meta.dirname, '..', '..', 'vectors', 'openflow13');

export interface Vector {
  /** Source and name within it. */
  readonly name: string;
  readonly bytes: Buffer;
  /** The OFPxxxC code with which Open vSwitch refuses it. */
  readonly decodeError?: string;
}

interface Row {
  readonly id: string;
  readonly hex: string;
  readonly expect: { readonly decode_error?: string; readonly ofp_print?: readonly string[] };
}

/** The lines of one of the `.jsonl` files. */
export function jsonLines(source: string, file = 'messages.jsonl'): readonly Row[] {
  return readFileSync(join(vectorsFolder, source, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** An os-ken message's JSON, integers above 2^53 as text so that no digit is lost. */
export function osKenJson(name: string): unknown {
  const text = readFileSync(join(vectorsFolder, `${name}.json`), 'utf8');
  return JSON.parse(text.replace(/: (\d{16,})/g, ': "$1"'));
}

function files(folder: string, source: string, ending: RegExp): Vector[] {
  return readdirSync(join(folder, source))
    .filter((file) => ending.test(file))
    .map((file) => ({ name: `${source}/${file}`, bytes: readFileSync(join(folder, source, file)) }));
}

function lines(source: string): Vector[] {
  return jsonLines(source).map(({ id, hex, expect }) => ({
    name: `${source}/${id}`,
    bytes: Buffer.from(hex, 'hex'),
    ...(expect.decode_error === undefined ? {} : { decodeError: expect.decode_error }),
  }));
}

/** Every message that is kept with this project. */
export const vectors: readonly Vector[] = [
  ...files(vectorsFolder, 'os-ken', /\.packet$|\.truncated64$/),
  ...files(vectorsFolder, 'kytos', /\.dat$/),
  ...lines('ovs'),
  ...lines('tcpdump'),
];

/** loxigen's messages, which stay in the shared folder; only for tests that have checked that it is there. */
export function loxigenVectors(): readonly Vector[] {
  return files(join(sharedFolder, 'data', 'openflow13'), 'loxigen', /\.bin$/);
}

/** loxigen's parts of messages, with the values that its authors give them. */
export function loxigenFragments(): readonly (Vector & { readonly json: unknown })[] {
  const folder = join(sharedFolder, 'data', 'openflow13', 'loxigen');
  return files(folder, 'fragments', /\.bin$/).map((vector) => ({
    ...vector,
    json: JSON.parse(readFileSync(join(folder, vector.name.replace(/bin$/, 'json')), 'utf8')),
  }));
}

/** What loxigen's authors expect of a message, integers above 2^53 as text so that no digit is lost. */
export function loxigenJson(name: string): unknown {
  const file = join(sharedFolder, 'data', 'openflow13', name.replace(/bin$/, 'json'));
  return JSON.parse(readFileSync(file, 'utf8').replace(/: (\d{16,})/g, ': "$1"'));
}

/** Messages that this codec refuses, each with the reason. */
export const refused: ReadonlyMap<string, string> = new Map([
  ['os-ken/libofproto-OFP13-flow_mod.truncated64', 'OFPBRC_BAD_LEN'],
  ['ovs/OFPT_METER_MOD request - bad command - OF1.3', 'OFPMMFC_BAD_COMMAND'],
  ['ovs/OFPT_METER_MOD request - bad flags - OF1.3', 'OFPMMFC_BAD_FLAGS'],
]);

/** Messages that come back with other bytes, with the reason. */
export const notVerbatim: ReadonlyMap<string, string> = new Map([
  ['tcpdump/frame 81 msg 0', 'the padding of two set_field matches holds leftover memory'],
]);

export const readable: readonly Vector[] = vectors.filter(({ name }) => !refused.has(name));
