import type { Clock } from '../../core/clock.ts';
import { every } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { loadTlsSettings, type TlsFiles, type TlsSettings } from '../../core/tls-settings.ts';

const LOOK_MS = 60_000;
const SECTION = 'node.tls';

/**
 * The key and certificates of the node, as its files have them: changed ones are taken up while it runs. Files that cannot be used
 * are said, and change nothing.
 */
export class NodeCertificates {
  readonly #name: string;
  readonly #files: TlsFiles;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listeners: ((settings: TlsSettings) => void)[] = [];
  #settings: TlsSettings;
  #cancel: (() => void) | undefined;

  /** Throws GluewallError `tls-files` when the files cannot be used, or the certificate has not this name. */
  constructor(name: string, files: TlsFiles, clock: Clock, log: Log) {
    this.#name = name;
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
    this.#settings = this.#load();
  }

  get settings(): TlsSettings {
    return this.#settings;
  }

  /** From now on the files are looked at every minute. */
  start(): void {
    this.#cancel ??= every(this.#clock, LOOK_MS, () => this.look());
  }

  /** Safe twice. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** `listener` is called with what the files hold now, each time that it has changed. */
  onChange(listener: (settings: TlsSettings) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes up what has changed. */
  look(): void {
    try {
      const settings = this.#load();
      if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
      this.#settings = settings;
      this.#log.info({}, 'node: took up the new files of node.tls');
      for (const listener of this.#listeners) listener(settings);
    } catch (error) {
      this.#log.warn({ error: (error as Error).message }, 'node: goes on with the files of node.tls as they were');
    }
  }

  #load(): TlsSettings {
    return { ...loadTlsSettings(this.#files, this.#clock.nowMs(), SECTION, this.#name), minVersion: 'TLSv1.3' };
  }
}
