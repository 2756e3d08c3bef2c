import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { EntryBook, type EntryCounts } from './entry-book.ts';
import type { GuardOptions } from './list-guard.ts';
import { oneAtATime, type ReadListFile } from './list-reader.ts';
import { ListedPack } from './listed-pack.ts';
import type { PackFile } from './pack-file.ts';
import { readPackFolder } from './pack-folder.ts';
import { type ListLimits, type ListOptions, type ListState, ThreatList } from './threat-list.ts';

/** Where packs and lists come from. */
export interface PackSettings {
  /** Of the packs that come with gluewall. */
  readonly bundledFolder: string;
  /** Of the site's own; undefined for none. */
  readonly ownFolder: string | undefined;
  /** Where copies of lists are kept. */
  readonly stateFolder: string;
  readonly lists: readonly ListOptions[];
  readonly limits: ListLimits;
  readonly guard: Omit<GuardOptions, 'isBroad'>;
}

/** A pack from a file. */
export interface PackState {
  readonly name: string;
  readonly origin: 'bundled' | 'site';
  readonly about: string;
  readonly counts: EntryCounts;
  /** The day on which the entry that was checked longest ago was: YYYY-MM-DD. */
  readonly checked: string;
}

interface LoadedPack {
  readonly file: PackFile;
  readonly origin: PackState['origin'];
  readonly pack: ListedPack;
}

export interface RefreshOutcome {
  readonly name: string;
  /** What failed; undefined when nothing did. */
  readonly error: string | undefined;
  readonly entries: number;
}

/** For so long `load` waits for copies of lists. */
const LOAD_WAIT_MS = 10_000;

/** All packs and threat lists by name. */
export class PackBook {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #read: ReadListFile;
  readonly #random: () => number;
  readonly #subscribers = new Set<(name: string) => void>();
  #settings: PackSettings;
  #packs: ReadonlyMap<string, LoadedPack> = new Map();
  readonly #lists = new Map<string, ThreatList>();
  #problems: readonly string[] = [];
  /** Those that come and go with a reload, too. */
  readonly #live = new Set<ThreatList>();
  #isStarted = false;
  #isStopped = false;
  #reloading: Promise<void> = Promise.resolve();

  constructor(clock: Clock, log: Log, settings: PackSettings, read: ReadListFile, random: () => number = Math.random) {
    this.#clock = clock;
    this.#log = log;
    this.#settings = settings;
    this.#read = oneAtATime(read);
    this.#random = random;
  }

  /**
   * Reads the packs and takes up the last good copies of the lists; where these are so large that it takes longer than some
   * seconds, the rest of them comes into force later. Never rejects.
   */
  async load(): Promise<void> {
    await this.#readPacks();
    const loads = this.#settings.lists.map((options) => {
      const list = this.#newList(options);
      this.#takeList(list);
      return list.load();
    });
    let cancelWait = () => {};
    const waited = new Promise<void>((resolve) => {
      cancelWait = this.#clock.after(LOAD_WAIT_MS, resolve);
    });
    await Promise.race([Promise.all(loads), waited]);
    cancelWait();
  }

  /** To be called once, after `load`: from now on lists are fetched. */
  start(): void {
    this.#isStarted = true;
    for (const list of this.#lists.values()) list.begin();
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#isStopped = true;
    await Promise.all([...this.#live].map((list) => list.stop()));
    await this.#reloading;
  }

  /** Undefined when there is none, or none that can be used. What it holds now; ask again after a change. */
  get(name: string): ListedPack | undefined {
    return this.#packs.get(name)?.pack ?? this.#lists.get(name)?.pack;
  }

  /** `changed` is called with the name of a pack or list after it holds something else, or is gone. */
  subscribe(changed: (name: string) => void): void {
    this.#subscribers.add(changed);
  }

  packs(): PackState[] {
    return [...this.#packs.values()].map(({ file, origin, pack }) => ({
      name: file.name,
      origin,
      about: file.about,
      counts: pack.book.counts(),
      checked: file.sections.map(({ checked }) => checked).sort()[0] ?? '',
    }));
  }

  /** The pack as its file has it; undefined for lists and for what is not there. */
  file(name: string): PackFile | undefined {
    return this.#packs.get(name)?.file;
  }

  lists(): ListState[] {
    return [...this.#lists.values()].map((list) => list.state());
  }

  /** What is wrong with files of packs, each with its place and what to do; those packs are as they were before. */
  problems(): readonly string[] {
    return this.#problems;
  }

  /**
   * Reads the packs anew, and goes on with other settings where they are given: lists that are gone end, new ones are loaded
   * and fetched, those that are the same go on. Never rejects.
   */
  reload(settings?: PackSettings): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload(settings ?? this.#settings));
    return this.#reloading;
  }

  async #reload(settings: PackSettings): Promise<void> {
    if (this.#isStopped) return;
    const before = this.#settings;
    this.#settings = settings;
    await this.#readPacks();
    const isSameForAll = sameJson(shared(before), shared(settings));
    for (const [name, list] of [...this.#lists]) {
      const wanted = settings.lists.find((options) => options.name === name);
      if (isSameForAll && sameJson(wanted, list.options)) continue;
      await list.stop();
      this.#live.delete(list);
      // Until another is loaded in its place it stays in force.
      if (wanted === undefined) this.#dropList(name);
    }
    for (const options of settings.lists) {
      const held = this.#lists.get(options.name);
      if (this.#isStopped) return;
      if (held === undefined || !isSameForAll || !sameJson(held.options, options)) {
        const list = this.#newList(options);
        await list.load();
        this.#takeList(list);
        if (this.#isStarted) list.begin();
      }
    }
  }

  /**
   * Fetches a list now, or all of them one after the other. `isForced`: also when it shrank. Throws GluewallError
   * `pack-unknown` when there is no such list.
   */
  async *refresh(name: string | undefined, isForced: boolean): AsyncGenerator<RefreshOutcome, void> {
    const named = name === undefined ? undefined : this.#lists.get(name);
    if (name !== undefined && named === undefined) throw this.#unknownList(name);
    for (const list of named === undefined ? [...this.#lists.values()] : [named]) {
      const error = await list.refresh(isForced);
      yield { name: list.options.name, error, entries: list.pack.book.size };
    }
  }

  #unknownList(name: string): GluewallError {
    const problem = this.#packs.has(name)
      ? `${name} is a pack from a file, and changes with it`
      : `there is no list ${name}`;
    return new GluewallError('pack-unknown', `${problem}; gluewall pack list shows what there is`);
  }

  /** What was good before stays where its file is no pack any more. */
  async #readPacks(): Promise<void> {
    const { bundledFolder, ownFolder, lists } = this.#settings;
    const packs = new Map<string, LoadedPack>();
    const problems: string[] = [];
    const listNames = new Set(lists.map(({ name }) => name));
    const folders = [
      ['bundled', bundledFolder] as const,
      ...(ownFolder === undefined ? [] : [['site', ownFolder] as const]),
    ];
    for (const [origin, folder] of folders) {
      const found = await readPackFolder(folder);
      problems.push(...found.problems);
      for (const file of found.packs) {
        const isTaken = packs.has(file.name) || listNames.has(file.name);
        const remedy = listNames.has(file.name) ? 'rename the list of this name in `lists`' : 'rename the file';
        if (isTaken) problems.push(`${folder}/${file.name}.pack: another pack or list has this name; ${remedy}`);
        else packs.set(file.name, { file, origin, pack: this.#unchanged(file) ?? bookOf(file) });
      }
      const isGone = found.packs.length + found.broken.length === 0 && found.problems.length > 0;
      for (const [name, held] of this.#packs) {
        const isBroken = held.origin === origin && (isGone || found.broken.includes(name));
        if (isBroken && !packs.has(name)) packs.set(name, held);
      }
    }
    this.#takePacks(packs, problems);
  }

  #takePacks(packs: ReadonlyMap<string, LoadedPack>, problems: readonly string[]): void {
    const before = this.#packs;
    this.#packs = packs;
    this.#problems = problems;
    for (const problem of problems)
      this.#log.error({ alarm: 'pack' }, `${problem} (the pack is not used, or as it was before)`);
    for (const name of new Set([...before.keys(), ...packs.keys()])) {
      if (before.get(name)?.pack !== packs.get(name)?.pack) this.#tell(name);
    }
  }

  /** The pack that is held already, when it has the same content. */
  #unchanged(file: PackFile): ListedPack | undefined {
    const held = this.#packs.get(file.name);
    return held !== undefined && sameJson(held.file, file) ? held.pack : undefined;
  }

  #newList(options: ListOptions): ThreatList {
    const { stateFolder, limits, guard } = this.#settings;
    const list: ThreatList = new ThreatList(options, {
      clock: this.#clock,
      log: this.#log,
      read: this.#read,
      random: this.#random,
      stateFolder,
      limits,
      guard,
      changed: (name) => {
        if (this.#lists.get(name) === list) this.#tell(name);
      },
    });
    this.#live.add(list);
    return list;
  }

  #takeList(list: ThreatList): void {
    const { name } = list.options;
    this.#lists.set(name, list);
    this.#tell(name);
  }

  #dropList(name: string): void {
    this.#lists.delete(name);
    this.#tell(name);
  }

  #tell(name: string): void {
    for (const changed of this.#subscribers) changed(name);
  }
}

function bookOf(file: PackFile): ListedPack {
  const book = new EntryBook();
  for (const { entries } of file.sections) for (const { entry } of entries) book.add(entry);
  return new ListedPack(file.name, book);
}

/** What of the settings holds for every list. */
function shared({ stateFolder, limits, guard }: PackSettings): object {
  return { stateFolder, limits, guard };
}

function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
