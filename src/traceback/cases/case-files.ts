import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GluewallError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { type Case, type CaseSummary, caseFile, summarise } from './case.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const MAX_CASES = 10_000;
/** More than the longest answers are. */
const MAX_FILE_OCTETS = 64 << 20;
const CASE_FILE = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.json$/;
const UNFINISHED = '.part';
const DAMAGED = '.damaged';
/** A case without what can be left out of it. */
const LESS: Partial<Case> = {
  detail: 'what it ended with could not be kept',
  confirmation: undefined,
  ground: undefined,
  hosts: [],
  reports: [],
  suspects: [],
  gaps: [],
  exchanges: [],
};

/**
 * Cases, each a file `ID.json` in one folder, mode 0600, which appears only when it is whole. Of more than 10,000 the oldest that are
 * closed go first, then the oldest that have ended. Everything rejects with GluewallError `case-file` when the disk does not do it.
 */
export class CaseFiles {
  readonly #folder: string;
  readonly #log: Log;
  readonly #maxCases: number;
  /** In order of the time that they were opened. */
  readonly #summaries = new Map<string, CaseSummary>();

  constructor(folder: string, log: Log, maxCases = MAX_CASES) {
    this.#folder = folder;
    this.#log = log;
    this.#maxCases = maxCases;
  }

  /** Makes the folder and looks over the files in it. One that is damaged is set aside under another name. */
  async start(): Promise<void> {
    const found: CaseSummary[] = [];
    await this.#attempt('read', async () => {
      await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
      for (const name of await readdir(this.#folder)) {
        if (name.endsWith(UNFINISHED)) await rm(join(this.#folder, name), { force: true });
        const id = CASE_FILE.exec(name)?.[1];
        const read = id === undefined ? undefined : await this.#readOrSetAside(id);
        if (read !== undefined) found.push(summarise(read));
      }
    });
    found.sort((one, other) => (one.openedAt < other.openedAt ? -1 : 1));
    for (const summary of found) this.#summaries.set(summary.id, summary);
    await this.#trim();
  }

  /** Newest first. */
  list(): readonly CaseSummary[] {
    return [...this.#summaries.values()].reverse();
  }

  /** Undefined: there is no such case, or its file was damaged. */
  async read(id: string): Promise<Case | undefined> {
    if (!this.#summaries.has(id)) return undefined;
    const read = await this.#attempt('read', () => this.#readOrSetAside(id));
    if (read === undefined) this.#summaries.delete(id);
    return read;
  }

  /** Keeps a case in the place of what was kept of it. Saves of one case must follow each other. */
  async save(whole: Case): Promise<void> {
    const one = this.#readable(whole);
    await this.#attempt('written', async () => {
      const part = join(this.#folder, `${one.id}${UNFINISHED}`);
      await writeWhole(part, `${JSON.stringify(one)}\n`);
      await rename(part, this.#fileOf(one.id));
    });
    this.#summaries.set(one.id, summarise(one));
    await this.#trim();
  }

  /** The case without those parts that could not be read again, so that they do not take the others with them. */
  #readable(one: Case): Case {
    const { error } = caseFile.safeParse(one);
    if (error === undefined) return one;
    const parts = new Set(error.issues.map(({ path }) => String(path[0])));
    const left = [...parts].join(', ');
    this.#log.error({ case: one.id, parts: left }, `case ${one.id} is kept without ${left}: a mistake of gluewall`);
    return {
      ...one,
      ...Object.fromEntries(Object.entries(LESS).filter(([part]) => parts.has(part))),
      isComplete: false,
    };
  }

  async #trim(): Promise<void> {
    while (this.#summaries.size > this.#maxCases) {
      const summaries = [...this.#summaries.values()];
      const goes =
        summaries.find(({ state }) => state === 'closed') ?? summaries.find(({ outcome }) => outcome !== undefined);
      if (goes === undefined) return;
      await this.#attempt('removed', () => rm(this.#fileOf(goes.id), { force: true }));
      this.#summaries.delete(goes.id);
    }
  }

  async #readOrSetAside(id: string): Promise<Case | undefined> {
    const text = await readBounded(this.#fileOf(id));
    const parsed = text === undefined ? undefined : caseFile.safeParse(parseJson(text)).data;
    if (parsed?.id === id) return parsed;
    const aside = `${this.#fileOf(id)}${DAMAGED}`;
    await rename(this.#fileOf(id), aside);
    this.#log.warn({ case: id, file: aside }, `the file of case ${id} is damaged: it was set aside as ${aside}`);
    return undefined;
  }

  #fileOf(id: string): string {
    return join(this.#folder, `${id}.json`);
  }

  async #attempt<T>(done: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const remedy = 'make room, or let gluewall write there';
      throw new GluewallError('case-file', `a case in ${this.#folder} cannot be ${done} (${code}); ${remedy}`, {
        cause,
      });
    }
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const handle = await open(path, flags, FILE_MODE);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Undefined: it is no regular file, or longer than a case can be. */
async function readBounded(path: string): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > MAX_FILE_OCTETS) return undefined;
    return await handle.readFile('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return undefined;
    throw error;
  } finally {
    await handle?.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
