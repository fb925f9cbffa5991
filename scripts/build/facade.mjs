// The TypeScript facade: a CommonJS bundle in dist/, and around it the thin files of every entry of the exports map.
//
// The bundle has two files: what only a host needs is loaded with the first worker it starts, and never by a worker.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build, transform } from 'esbuild';
import { root } from '../command.mjs';
import { conformanceFiles } from './conformance.mjs';
import { rootEntry, subpathEntry, subpaths } from './entries.mjs';
import { writeIfChanged } from './generated.mjs';
import { filesOf } from './stamp.mjs';

const bundleFile = 'dist/index.cjs';
/** Under it the host's file finds what it shares with the other. */
const shared = 'Symbol.for("isolated-workers")';

export const facade = {
  name: 'facade',
  title: 'dist/',
  inputs: () => ['ts', 'package-lock.json', 'scripts/build'],
  outputs: () => (filesOf('dist').length > 0 ? ['dist'] : [bundleFile]),
  async build() {
    const { names, parts } = await split();
    const files = new Map([
      ...rootEntry(names),
      ...subpaths.flatMap((subpath) => subpathEntry(subpath, names)),
      ...(await conformanceFiles()),
    ]);
    files.set(bundleFile, await joined(parts));
    files.set('dist/host.cjs', await hostFile(parts));

    for (const [name, text] of files) writeIfChanged(name, text);
    for (const name of filesOf('dist')) if (!files.has(name)) rmSync(path.join(root, name));
  },
};

const syntax = { platform: 'node', target: 'node20', charset: 'utf8' };

/**
 * The facade as three ES modules, `index`, `host` and what both need, and the names the first exports. esbuild splits ES
 * modules only.
 */
async function split() {
  const { metafile, outputFiles } = await build({
    ...syntax,
    absWorkingDir: root,
    entryPoints: { index: 'ts/index.ts', host: 'ts/host.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shared',
    bundle: true,
    splitting: true,
    format: 'esm',
    // The addon is loaded at run time from beside the package or from a platform package.
    external: ['*.node', '@isolated-workers/*'],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  for (const input of Object.keys(metafile.inputs)) {
    if (input.includes('node_modules')) throw new Error(`${input} was bundled: the package has no dependencies`);
  }
  const parts = new Map(outputFiles.map(({ path: file, text }) => [path.basename(file), text]));
  if (parts.size !== 3) throw new Error(`the facade has three parts, not ${[...parts.keys()].join(', ')}`);
  return { names: metafile.outputs['dist/index.mjs'].exports.toSorted(), parts };
}

/** `index` and what it shares in one file: each more costs a thread that starts half a millisecond. */
async function joined(parts) {
  const contents = `
    import * as shared from './shared.mjs';
    export * from './index.mjs';
    Object.defineProperty(module.exports, ${shared}, { value: shared });`;
  const load = {
    name: 'parts',
    setup(plugin) {
      plugin.onResolve({ filter: /^\.\/(index|shared)\.mjs$/ }, (args) => ({ path: args.path, namespace: 'part' }));
      plugin.onResolve({ filter: /^\.\/host\.mjs$/ }, () => ({ path: './host.cjs', external: true }));
      plugin.onLoad({ filter: /.*/, namespace: 'part' }, (args) => ({ contents: parts.get(path.basename(args.path)) }));
    },
  };
  const { outputFiles } = await build({
    ...syntax,
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'cjs',
    plugins: [load],
    external: ['*.node', '@isolated-workers/*'],
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text.replaceAll('import("./host.cjs")', 'Promise.resolve(require("./host.cjs"))');
}

async function hostFile(parts) {
  const { code } = await transform(parts.get('host.mjs'), { ...syntax, format: 'cjs' });
  return code.replace('require("./shared.mjs")', `require("./index.cjs")[${shared}]`);
}
