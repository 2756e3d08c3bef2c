import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { repositoryPath } from '../../mininet/repository-path.ts';

/** One folder of node_modules. */
interface Installed {
  readonly folder: string;
  readonly version: string;
  /** Its package.json. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** What the lock file says of each folder. */
interface LockedFolder {
  readonly version?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

/** Packages that the lock file names for users, by folder (`node_modules/…`); those for development left out. */
export function lockedForUsers(): ReadonlyMap<string, LockedFolder> {
  const lock = JSON.parse(readFileSync(repositoryPath('package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedFolder>>;
  };
  const kept = Object.entries(lock.packages).filter(
    ([folder, { dev, devOptional, optional }]) => folder !== '' && !dev && !devOptional && !optional,
  );
  return new Map(kept);
}

/**
 * An npm registry on loopback that has what is installed here for users, natively built parts as they are: what `npm install`
 * asks for without a network.
 */
export class LocalRegistry {
  readonly #server: Server;
  readonly #byName = new Map<string, Installed[]>();
  /** Requests for what it does not have. */
  readonly missing: string[] = [];

  private constructor() {
    for (const folder of lockedForUsers().keys()) {
      const manifest = JSON.parse(
        readFileSync(repositoryPath(folder, 'package.json'), 'utf8'),
      ) as Installed['manifest'];
      const [name, version] = [String(manifest.name), String(manifest.version)];
      const others = this.#byName.get(name) ?? [];
      this.#byName.set(name, [...others.filter((other) => other.version !== version), { folder, version, manifest }]);
    }
    this.#server = createServer(({ url = '/' }, response) => this.#answer(decodeURIComponent(url).slice(1), response));
  }

  static async start(): Promise<LocalRegistry> {
    const registry = new LocalRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(path: string, response: ServerResponse): void {
    const [name, version] = path.split('/-/');
    const versions = this.#byName.get(name!);
    const wanted = versions?.find((one) => `${one.version}.tgz` === version);
    if (versions === undefined || (version !== undefined && wanted === undefined)) {
      this.missing.push(path);
      response.writeHead(404).end('{}');
    } else if (wanted === undefined) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(this.#document(name!, versions)));
    } else {
      pack(wanted.folder, response);
    }
  }

  #document(name: string, installed: readonly Installed[]): object {
    const versions = installed.map(({ version, manifest }) => {
      return [version, { ...manifest, dist: { tarball: `${this.url}${name}/-/${version}.tgz` } }] as const;
    });
    return { name, 'dist-tags': { latest: installed.at(-1)!.version }, versions: Object.fromEntries(versions) };
  }
}

/** A folder as the registry has packages: without those that it depends on, and without what was left over from building it. */
function pack(folder: string, response: ServerResponse): void {
  const without = ['./node_modules', 'obj.target', 'obj', '.deps', '*.a', '*.o'].map((name) => `--exclude=${name}`);
  const args = ['-cz', '--transform=s,^\\.,package,', '-C', join(repositoryPath(), folder), ...without, '.'];
  spawn('tar', args, { stdio: ['ignore', 'pipe', 'ignore'] }).stdout.pipe(response);
}
