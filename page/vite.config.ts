import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const inRepository = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Builds the page of the console: files that name each other by their hash, and no script or style inside the document. */
export default defineConfig({
  root: inRepository('page'),
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: inRepository('dist/page'),
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy lets no `data:` scripts and fonts in.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What every page needs, and what the inbox needs, in one file each: a first page of thirty files is slow.
        codeSplitting: {
          groups: [
            { name: 'frame', test: /\/page\/src\/(?:api|frame|parts)\/|\/node_modules\/preact\//, priority: 2 },
            { name: 'inbox', test: /\/page\/src\/(?:inbox|search)\/|\/src\/inbox\//, priority: 1 },
          ],
        },
      },
    },
  },
});
