/** Holds the layers and the style of src: which folder may import which, and what no file may contain. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));
const MAX_LINES = 400;

/** Each folder, from the ground up, with the folders whose files its files may import. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  dns: ['core'],
  packet: ['core'],
  openflow: ['core'],
  nsdb: ['core', 'dns'],
  policy: ['core', 'dns', 'nsdb'],
  events: ['core', 'dns', 'policy'],
  packs: ['core', 'dns', 'policy'],
  capture: ['core', 'dns', 'packet'],
  dnstap: ['core', 'dns', 'capture'],
  querylog: ['core', 'dns', 'policy', 'events', 'capture', 'dnstap'],
  charts: ['core'],
  findings: ['core', 'dns', 'events'],
  inbox: ['core', 'dns', 'policy', 'events'],
  accounts: ['core'],
  traceback: ['core', 'dns', 'querylog', 'charts'],
  correlation: ['core', 'dns', 'policy', 'events', 'querylog', 'findings', 'charts'],
  rpz: ['core', 'dns'],
  simulation: ['core', 'dns', 'querylog', 'traceback'],
  identity: ['core'],
  controller: ['core', 'packet', 'openflow'],
  firewall: ['core', 'dns', 'packet', 'openflow', 'nsdb', 'policy', 'events', 'controller'],
  services: [
    'core',
    'dns',
    'packet',
    'identity',
    'nsdb',
    'policy',
    'packs',
    'events',
    'firewall',
    'controller',
    'capture',
    'querylog',
    'traceback',
    'findings',
    'correlation',
    'rpz',
    'charts',
    'inbox',
    'accounts',
  ],
  storage: ['core', 'dns', 'nsdb', 'policy', 'events', 'querylog', 'findings', 'inbox', 'accounts'],
  control: [
    'core',
    'dns',
    'policy',
    'querylog',
    'traceback',
    'findings',
    'correlation',
    'inbox',
    'accounts',
    'services',
  ],
  console: [
    'core',
    'dns',
    'policy',
    'traceback',
    'findings',
    'correlation',
    'inbox',
    'accounts',
    'services',
    'control',
  ],
  config: ['core', 'dns', 'nsdb', 'policy', 'querylog', 'traceback', 'findings', 'correlation', 'rpz'],
  pki: ['core'],
  metrics: ['core'],
  switches: ['core', 'packet', 'openflow', 'controller'],
  doctor: ['core', 'openflow', 'controller', 'switches'],
};
/** The only folder where objects of all others are built and joined. */
const TOP = 'cli';
/** It alone reads a file outside src: for the version that it prints. */
const PACKAGE_FILE = /^(?:\.\.\/)+package\.json$/;

interface SourceFile {
  /** From src, such as `dns/name.ts`. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly from: string;
  readonly to: string;
}

const folderOf = (path: string) => path.split('/')[0]!;
const mayImport = (folder: string) =>
  folder === TOP ? [...Object.keys(LAYERS), TOP] : [...(LAYERS[folder] ?? []), folder];

const IMPORT_FORMS = [
  /^(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^import\s*['"]([^'"]+)['"]/gm,
  /\bimport\s*\(\s*['"]([^'"]+)['"]/g,
];
/** How a file names another that is to be run by itself. */
const RUN_FORM = /\bnew URL\(\s*['"](\.[^'"]+)['"]\s*,\s*import\.meta\.url/g;

/** The files that a file imports or runs, as its text says it; paths from src. */
function importsOf({ path, text }: SourceFile, forms = [...IMPORT_FORMS, RUN_FORM]): Import[] {
  const targets = forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1]!));
  const relative = targets.filter((target) => target.startsWith('.'));
  return relative.map((target) => ({ from: path, to: normalize(join(dirname(path), target)) }));
}

function layerViolations(files: readonly SourceFile[]): string[] {
  const unplaced = files.filter(
    ({ path }) => path.includes('/') && folderOf(path) !== TOP && LAYERS[folderOf(path)] === undefined,
  );
  const isStray = ({ from, to }: Import) =>
    !mayImport(folderOf(from)).includes(folderOf(to)) && !(folderOf(from) === TOP && PACKAGE_FILE.test(to));
  const strays = files.flatMap((file) => importsOf(file)).filter(isStray);
  return [
    ...unplaced.map(({ path }) => `${path}: folder ${folderOf(path)} has no place in the table`),
    ...strays.map(({ from, to }) => `${from} imports ${to}`),
  ];
}

/** Folders that reach themselves again by way of others. */
function folderCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of files.flatMap((file) => importsOf(file))) {
    if (folderOf(from) === folderOf(to)) continue;
    edges.set(folderOf(from), (edges.get(folderOf(from)) ?? new Set()).add(folderOf(to)));
  }
  const reaches = (start: string): Set<string> => {
    const seen = new Set<string>();
    const open = [...(edges.get(start) ?? [])];
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      if (seen.has(folder)) continue;
      seen.add(folder);
      open.push(...(edges.get(folder) ?? []));
    }
    return seen;
  };
  return [...edges.keys()].filter((folder) => reaches(folder).has(folder)).sort();
}

function styleViolations(files: readonly SourceFile[]): string[] {
  const rules: readonly (readonly [string, (file: SourceFile) => boolean])[] = [
    [`is over ${MAX_LINES} lines long`, ({ text }) => text.split('\n').length > MAX_LINES + 1],
    ['has a default export', ({ text }) => /^export default\b|^export\s*\{[^}]*\bdefault\b/m.test(text)],
    ['has an enum', ({ text }) => /^\s*(?:export\s+|declare\s+)*(?:const\s+)?enum\s/m.test(text)],
    ['has a namespace', ({ text }) => /^\s*(?:export\s+|declare\s+)*namespace\s/m.test(text)],
    ['has work left over', ({ text }) => /\b(?:TODO|FIXME|XXX)\b/.test(text)],
    // The door of the package is the one file that may.
    [
      're-exports others',
      ({ path, text }) =>
        path !== 'openflow/index.ts' && /^export\s*(?:\*|type\s*\*|(?:type\s*)?\{[^}]*\}\s*from)/m.test(text),
    ],
    ['turns the compiler off', ({ text }) => /@ts-(?:ignore|expect-error|nocheck)/.test(text)],
    ['is not in kebab-case', ({ path }) => !/^(?:[a-z0-9-]+\/)*[a-z0-9-]+(?:\.d)?\.ts$/.test(path)],
    [
      'imports without its extension',
      (file) => importsOf(file, IMPORT_FORMS).some(({ to }) => !/\.(?:ts|json|mjs)$/.test(to)),
    ],
  ];
  return files.flatMap((file) =>
    rules.filter(([, isBroken]) => isBroken(file)).map(([what]) => `${file.path} ${what}`),
  );
}

function readSources(): SourceFile[] {
  const paths = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return paths.sort().map((path) => ({ path, text: readFileSync(SOURCE + path, 'utf8') }));
}

const sources = readSources();
const planted = (path: string, text: string): SourceFile[] => [{ path, text }];

describe('the sources', () => {
  it('are all read', () => {
    const found = execFileSync('find', [SOURCE, '-name', '*.ts', '-type', 'f'], { encoding: 'utf8' });
    expect(sources.length).toBe(found.trim().split('\n').length);
    expect(sources.length).toBeGreaterThanOrEqual(80);
    const imports = sources.flatMap((file) => importsOf(file));
    expect(imports.length).toBeGreaterThanOrEqual(250);
    const paths = new Set(sources.map(({ path }) => path));
    expect(imports.filter(({ to }) => to.endsWith('.ts') && !paths.has(to))).toEqual([]);
  });

  it('have every import statement seen', () => {
    for (const file of sources) {
      const statements =
        file.text.match(/^(?:import\b[^(]|export\b[^;=({]*\{[^}]*\}\s*from)[^;]*['"]\.[^'"]*['"]/gm) ?? [];
      expect(importsOf(file).length, file.path).toBeGreaterThanOrEqual(statements.length);
    }
  });

  it('keep to the layers', () => {
    expect(layerViolations(sources)).toEqual([]);
  });

  it('have no cycle between folders', () => {
    expect(folderCycles(sources)).toEqual([]);
  });

  it('keep to the style', () => {
    expect(styleViolations(sources)).toEqual([]);
  });
});

describe('the table', () => {
  it('lets each folder import only those above it in the table', () => {
    const order = Object.keys(LAYERS);
    for (const [folder, below] of Object.entries(LAYERS)) {
      for (const name of below) expect(order.indexOf(name), `${folder} on ${name}`).toBeLessThan(order.indexOf(folder));
    }
  });
});

describe('a planted violation', () => {
  it.each([
    ['import', "import { x } from '../dns/name.ts';"],
    ['import of a type', "import type { X } from '../dns/name.ts';"],
    ['import over several lines', "import {\n  x,\n  type Y,\n} from '../dns/name.ts';"],
    ['import for effect', "import '../dns/name.ts';"],
    ['import at run time', "const x = await import('../dns/name.ts');"],
    ['re-export', "export { x } from '../dns/name.ts';"],
    ['worker', "fork(new URL('../dns/name.ts', import.meta.url));"],
  ])('of the layers is found: %s', (_form, text) => {
    expect(layerViolations(planted('core/planted.ts', text))).toEqual(['core/planted.ts imports dns/name.ts']);
    expect(layerViolations(planted('nsdb/planted.ts', text))).toEqual([]);
  });

  it('of the layers is found among the real files', () => {
    const more = planted('controller/planted.ts', "import type { NsHistory } from '../nsdb/ns-history.ts';");
    expect(layerViolations([...sources, ...more])).toEqual(['controller/planted.ts imports nsdb/ns-history.ts']);
  });

  it('of a folder that nobody placed is found', () => {
    expect(layerViolations(planted('helpers/planted.ts', ''))).toEqual([
      'helpers/planted.ts: folder helpers has no place in the table',
    ]);
  });

  it('by way of a cycle is found', () => {
    const there = planted('dns/a.ts', "import { b } from '../core/b.ts';");
    const back = planted('core/b.ts', "import { a } from '../packet/a.ts';");
    const around = planted('packet/a.ts', "import { a } from '../dns/a.ts';");
    expect(folderCycles([...there, ...back])).toEqual([]);
    expect(folderCycles([...there, ...back, ...around])).toEqual(['core', 'dns', 'packet']);
  });

  it.each([
    ['core/planted.ts', '\n'.repeat(MAX_LINES + 1), 'is over 400 lines long'],
    ['core/planted.ts', 'export default function f() {}', 'has a default export'],
    ['core/planted.ts', 'export const enum E { A }', 'has an enum'],
    ['core/planted.ts', 'export namespace N {}', 'has a namespace'],
    ['core/planted.ts', `// ${'TO'}DO later`, 'has work left over'],
    ['core/planted.ts', "export * from './name.ts';", 're-exports others'],
    ['core/planted.ts', `// ${'@ts'}-ignore`, 'turns the compiler off'],
    ['core/PlantedFile.ts', '', 'is not in kebab-case'],
    ['core/planted.ts', "import { a } from './name';", 'imports without its extension'],
  ])('of the style is found: %s %j', (path, text, what) => {
    expect(styleViolations(planted(path, text))).toEqual([`${path} ${what}`]);
  });
});
