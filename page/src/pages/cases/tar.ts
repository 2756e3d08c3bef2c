/** Files as one archive: ustar (POSIX.1-1988, IEEE Std 1003.1 "pax"), which every tar reads. */
const BLOCK_OCTETS = 512;
const MODE = '0000644';
/** Offset and length of the fields of a header. */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  user: [108, 8],
  group: [116, 8],
  size: [124, 12],
  time: [136, 12],
} as const;
const CHECKSUM = [148, 8] as const;
const TYPE_AT = 156;
const MAGIC_AT = 257;

/** A file of an archive. */
export interface ArchivedFile {
  /** ASCII, fewer than 100 characters with the folder. */
  readonly name: string;
  readonly text: string;
}

/** An archive of a folder with these files, all of one time. */
export function composeTar(folder: string, files: readonly ArchivedFile[], atMs: number): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts = files.flatMap(({ name, text }) => {
    const content = encoder.encode(text);
    const padding = new Uint8Array((BLOCK_OCTETS - (content.length % BLOCK_OCTETS)) % BLOCK_OCTETS);
    return [header(`${folder}/${name}`, content.length, atMs), content, padding];
  });
  // Two blocks of zeros end an archive.
  const all = [...parts, new Uint8Array(2 * BLOCK_OCTETS)];
  const archive = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

function header(name: string, lengthOctets: number, atMs: number): Uint8Array {
  const block = new Uint8Array(BLOCK_OCTETS);
  const put = ([start, length]: readonly [number, number], text: string) =>
    block.set(new TextEncoder().encode(text).subarray(0, length), start);
  const octal = (value: number, digits: number) => Math.floor(value).toString(8).padStart(digits, '0');
  put(FIELDS.name, name);
  put(FIELDS.mode, MODE);
  put(FIELDS.user, octal(0, 7));
  put(FIELDS.group, octal(0, 7));
  put(FIELDS.size, octal(lengthOctets, 11));
  put(FIELDS.time, octal(atMs / 1000, 11));
  block[TYPE_AT] = '0'.charCodeAt(0);
  put([MAGIC_AT, 8], 'ustar\u000000');
  // The sum is made as if its own field were spaces.
  put(CHECKSUM, ' '.repeat(8));
  const sum = block.reduce((total, octet) => total + octet, 0);
  put(CHECKSUM, `${octal(sum, 6)}\u0000 `);
  return block;
}
