import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { resultOf } from '../src/control/answer.ts';
import { askControl } from '../src/control/control-client.ts';
import type { ControlRequest } from '../src/control/protocol.ts';
import type { CheckView } from '../src/services/explain-verdict.ts';
import type { LookupView } from '../src/services/lookup.ts';
import type { RuleChangeView } from '../src/services/rule-services.ts';
import { exited } from './child.ts';
import { repositoryPath } from './repository-path.ts';
import { until } from './until.ts';

const MAX_LOG_LINES = 100_000;

/** One line of gluewall's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What the story reads of `gluewall status --json`. */
export interface Status {
  readonly mode: { readonly configured: string; readonly inForce: string };
  readonly verdicts: Readonly<Record<string, number>>;
  readonly openflowErrors: number;
  readonly capture: { readonly openInterfaces: readonly string[] } | null;
  readonly copies: Readonly<Record<string, number>> | null;
  readonly console: { readonly url: string | null } | null;
  readonly switches: readonly {
    readonly datapathId: string;
    readonly allowFlows: number;
    readonly dropFlows: number;
    readonly copiesDropped: Readonly<Record<string, number>>;
    readonly session: Readonly<Record<string, number>>;
  }[];
}

/** gluewall as its users run it: a process of its own with a configuration file and a control socket. */
export class GluewallProcess {
  readonly log: LogLine[] = [];
  readonly socketPath: string;
  readonly configPath: string;
  readonly #child: ChildProcess;
  #stderr = '';

  private constructor(directory: string, config: object, command: 'run' | 'node') {
    mkdirSync(directory, { recursive: true });
    this.configPath = join(directory, 'gluewall.yaml');
    this.socketPath = join(directory, 'control.sock');
    const store = { file: join(directory, 'gluewall.db') };
    writeFileSync(this.configPath, stringify({ store, ...config }));
    const args = [repositoryPath('dist', 'src', 'cli', 'main.js'), command, '--config', this.configPath];
    this.#child = spawn(process.execPath, [...args, '--socket', this.socketPath], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.log.push(JSON.parse(line) as LogLine);
      if (this.log.length > MAX_LOG_LINES) this.log.shift();
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
  }

  /** Starts it and waits until its control socket answers. `directory` takes its files; `command` is that of the gate, or of a traceback node. */
  static async start(directory: string, config: object, command: 'run' | 'node' = 'run'): Promise<GluewallProcess> {
    const gluewall = new GluewallProcess(directory, config, command);
    try {
      await until('gluewall answers on its control socket', 10_000, async () => {
        if (gluewall.#child.exitCode !== null) throw new Error(`gluewall ended at its start: ${gluewall.#stderr}`);
        return gluewall.status().catch(() => undefined);
      });
    } catch (error) {
      await gluewall.kill();
      throw error;
    }
    return gluewall;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  status(): Promise<Status> {
    return this.#ask({ operation: 'status' }) as Promise<Status>;
  }

  lookup(address: string): Promise<LookupView> {
    return this.#ask({ operation: 'lookup', target: address }) as Promise<LookupView>;
  }

  check(address: string): Promise<CheckView> {
    return this.#ask({ operation: 'check', destination: address }) as Promise<CheckView>;
  }

  allow(verb: 'add' | 'remove', address: string): Promise<RuleChangeView> {
    const request: ControlRequest =
      verb === 'add'
        ? { operation: 'rule add', action: 'allow', match: { to: address }, reason: 'the story goes on', owner: '' }
        : { operation: 'allow remove', match: { to: address } };
    return this.#ask(request) as Promise<RuleChangeView>;
  }

  /** Resolves when a switch is connected with its flows in place, and the capture runs where one is configured. */
  async ready(): Promise<Status> {
    return until('a switch is connected and captured', 20_000, async () => {
      const status = await this.status();
      const captures = status.capture === null || status.capture.openInterfaces.length > 0;
      return status.switches.length > 0 && captures ? status : undefined;
    });
  }

  /** Resolves with the first log line from `since` on that satisfies the test. */
  logged(what: string, since: number, test: (line: LogLine) => boolean): Promise<LogLine> {
    return until(what, 5000, () => this.log.slice(since).find(test));
  }

  /** Ends it at once, as a crash would. Safe twice. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await exited(this.#child);
  }

  /** Ends it as its users do; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    await exited(this.#child);
    return this.#child.exitCode;
  }

  #ask(request: ControlRequest): Promise<unknown> {
    return resultOf(askControl(this.socketPath, request));
  }
}
