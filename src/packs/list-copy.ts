import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GluewallError } from '../core/errors.ts';

const copyFacts = z.strictObject({
  version: z.literal(1),
  /** Of another source or format the copy is of no use. */
  from: z.string(),
  format: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** Milliseconds since the epoch. */
  fetchedAtMs: z.number(),
  lengthBytes: z.int().min(0),
  entries: z.int().min(0),
});

/** What is kept with a copy of a list. */
export type CopyFacts = z.output<typeof copyFacts>;

const MAX_FACTS_BYTES = 65_536;

/** The last good copy of a list on the disk: the list as it was published, and facts of it in a file beside it. */
export class ListCopy {
  readonly #folder: string;
  /** The list. */
  readonly path: string;
  /** Where the next one is written, to be taken by `keep`. */
  readonly nextPath: string;
  readonly #factsPath: string;
  readonly #nextFactsPath: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.path = join(folder, `${name}.list`);
    // No name of a list has a tilde.
    this.nextPath = join(folder, `${name}~list`);
    this.#factsPath = join(folder, `${name}.json`);
    this.#nextFactsPath = join(folder, `${name}~json`);
  }

  /** Makes the folder. Rejects with GluewallError `list-state`. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw this.#problem('made', cause);
    }
  }

  /** Undefined when there is no copy, or not a whole one. */
  async facts(): Promise<CopyFacts | undefined> {
    try {
      const text = await readFile(this.#factsPath);
      const facts = copyFacts.parse(JSON.parse(text.subarray(0, MAX_FACTS_BYTES).toString('utf8')));
      // The list is put in place before its facts: where a crash came between, they are of the one before.
      return (await stat(this.path)).size === facts.lengthBytes ? facts : undefined;
    } catch {
      return undefined;
    }
  }

  /** Puts the next list in the place of the copy. Rejects with GluewallError `list-state`. */
  async keep(facts: CopyFacts): Promise<void> {
    try {
      await rename(this.nextPath, this.path);
      const file = await open(this.#nextFactsPath, 'w', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(facts)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(this.#nextFactsPath, this.#factsPath);
    } catch (cause) {
      throw this.#problem('written to', cause);
    }
  }

  /** Drops what was fetched and is not wanted. */
  async dropNext(): Promise<void> {
    await rm(this.nextPath, { force: true }).catch(() => {});
  }

  #problem(done: string, cause: unknown): GluewallError {
    const { code } = cause as NodeJS.ErrnoException;
    const remedy = 'make room, let gluewall write there, or name another with packs.state';
    return new GluewallError(
      'list-state',
      `the folder of lists ${this.#folder} cannot be ${done} (${code}); ${remedy}`,
      { cause },
    );
  }
}
