/** What `npm pack` makes, and that it works where nothing else of this repository is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exited, type ProgramResult, runProgram } from '../../mininet/child.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { LocalRegistry, lockedForUsers } from '../support/local-registry.ts';

const INSTALL_MS = 180_000;
/** Folders whose files are all packed. */
const WHOLE_FOLDERS = ['dist/page', 'docs', 'packaging', 'packs'];
const SINGLE_FILES = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'src/openflow/README.md'];
/** What a compiler makes of one file of src. */
const COMPILED = ['.js', '.js.map', '.d.ts'];
const CAPTURE = repositoryPath('test', 'vectors', 'pcap', 'dnscap', 'edns.pcap');

interface Manifest {
  readonly version: string;
  readonly files: readonly string[];
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const manifest = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8')) as Manifest;

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(repositoryPath(folder), { recursive: true, withFileTypes: true });
  const root = repositoryPath();
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

describe('the npm package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const prefix = join(folder, 'prefix');
  const installed = join(prefix, 'lib', 'node_modules', 'gluewall');
  const elsewhere = join(folder, 'elsewhere');
  let tarball: string;
  let packed: readonly string[];
  let registry: LocalRegistry;

  /** Nothing of npm's own configuration here, and nothing that is known of this repository. */
  function environment(): NodeJS.ProcessEnv {
    const path = [join(prefix, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':');
    return {
      PATH: path,
      HOME: elsewhere,
      XDG_RUNTIME_DIR: elsewhere,
      XDG_STATE_HOME: elsewhere,
      NO_COLOR: '1',
      npm_config_userconfig: join(folder, 'user-npmrc'),
      npm_config_globalconfig: join(folder, 'global-npmrc'),
      npm_config_cache: join(folder, 'cache'),
      npm_config_update_notifier: 'false',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
    };
  }

  function npm(...args: readonly string[]): Promise<ProgramResult> {
    const script = process.env.npm_execpath;
    const [program, ...first] =
      script === undefined || !/\.[cm]?js$/.test(script) ? ['npm'] : [process.execPath, script];
    return runProgram(program!, [...first, ...args], environment());
  }

  const gluewall = (...args: readonly string[]) =>
    runProgram('/bin/sh', ['-c', `cd "$0" && exec gluewall "$@"`, elsewhere, ...args], environment());

  beforeAll(async () => {
    mkdirSync(elsewhere, { mode: 0o700 });
    for (const name of ['user-npmrc', 'global-npmrc']) writeFileSync(join(folder, name), '');
    registry = await LocalRegistry.start();
    const pack = await npm('pack', repositoryPath(), '--json', '--ignore-scripts', '--pack-destination', folder);
    expect(pack.status, pack.stderr).toBe(0);
    const [made] = JSON.parse(pack.stdout) as readonly [
      { readonly filename: string; readonly files: readonly { readonly path: string }[] },
    ];
    tarball = join(folder, made.filename);
    packed = made.files.map(({ path }) => path);
  }, 60_000);

  afterAll(async () => {
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is told to take the program, its documents, units and packs', () => {
    expect(manifest.files).toEqual(expect.arrayContaining(['dist/src', ...WHOLE_FOLDERS]));
  });

  it('has the compiled program, its documents, units and packs, and nothing else', () => {
    const sources = filesBelow('src').filter((path) => path.endsWith('.ts'));
    expect(sources.length).toBeGreaterThan(200);
    const compiled = sources.flatMap((path) => COMPILED.map((end) => `dist/${path.replace(/\.ts$/, end)}`));
    const whole = WHOLE_FOLDERS.flatMap(filesBelow).filter((path) => !path.startsWith('docs/screenshots/'));
    expect([...packed].sort()).toEqual([...compiled, ...whole, ...SINGLE_FILES].sort());
  });

  it('tells nothing of the machine it was made on', async () => {
    const into = join(folder, 'unpacked');
    mkdirSync(into);
    expect((await runProgram('tar', ['-xzf', tarball, '-C', into], process.env)).status).toBe(0);
    const told = /(?<![\w.])\/(?:root|work|tmp)\/\w|\/home\/\w/;
    const own = [repositoryPath(), tmpdir()].filter((path) => path !== '/tmp');
    const tellers = packed.filter((path) => {
      const text = readFileSync(join(into, 'package', path), 'latin1');
      return told.test(text) || own.some((one) => text.includes(one));
    });
    expect(tellers).toEqual([]);
  });

  it('names all packages that have to be built as such', () => {
    const built = [...lockedForUsers()].filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = built.map(([path]) => path.replace('node_modules/', ''));
    expect(Object.entries(manifest.allowScripts).sort()).toEqual(names.sort().map((name) => [name, true]));
  });

  describe('installed for all, on a clean prefix without a network', () => {
    beforeAll(async () => {
      // What has to be built comes built, as it is here: building it takes minutes, and `npm ci` has shown that it can be.
      const args = ['--prefix', prefix, '--registry', registry.url, '--ignore-scripts', '--omit=dev'];
      const { status, stderr } = await npm('install', '--global', tarball, ...args);
      expect(status, stderr).toBe(0);
      expect(registry.missing).toEqual([]);
    }, INSTALL_MS);

    it('knows its version and its commands', async () => {
      expect(await gluewall('--version')).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
      const { status, stdout } = await gluewall('--help');
      expect(status).toBe(0);
      expect(stdout).toContain('run the controller in the foreground');
    });

    it('checks the configurations that come with it', async () => {
      for (const path of ['packaging/gluewall.yaml', 'docs/gluewall.example.yaml']) {
        const { status, stdout } = await gluewall('config', 'check', join(installed, path));
        expect(status, stdout).toBe(0);
        expect(stdout).toContain('is fine');
      }
    });

    describe('running', () => {
      const socket = join(folder, 'control.sock');
      const file = join(folder, 'gluewall.yaml');
      let child: ChildProcess;
      let said = '';

      beforeAll(() => {
        const store = join(folder, 'gluewall.db');
        writeFileSync(file, `openflow: { listen: "127.0.0.1:0" }\nstore: { file: ${store} }\n`);
        child = spawn(join(prefix, 'bin', 'gluewall'), ['run', '--config', file, '--socket', socket], {
          env: environment(),
          cwd: elsewhere,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        for (const stream of [child.stdout!, child.stderr!]) {
          stream.setEncoding('utf8').on('data', (text: string) => {
            said = (said + text).slice(-8000);
          });
        }
      });

      afterAll(async () => {
        child.kill('SIGKILL');
        await exited(child);
      });

      it('answers status', async () => {
        const status = await until('an answer', 15_000, async () => {
          expect(child.exitCode, said).toBeNull();
          const answer = await gluewall('status', '--json', '--socket', socket);
          return answer.status === 0 ? (JSON.parse(answer.stdout) as object) : undefined;
        });
        expect(status).toMatchObject({ mode: { inForce: 'monitor' }, store: { lostTriples: 0 } });
      });

      it('ends when it is told to', async () => {
        child.kill('SIGTERM');
        await exited(child);
        expect(child.exitCode, said).toBe(0);
      });
    });

    it('learns from a capture', async () => {
      const { status, stdout, stderr } = await gluewall('learn', CAPTURE, '--json');
      expect(status, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ packets: 14, triples: 38, nameServers: 19 });
    });
  });
});
