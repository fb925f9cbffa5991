// The TypeScript facade: dist/index.cjs, the files that it loads where they are needed, and around it the thin files of every
// entry of the exports map.
//
// esbuild compiles and splits the sources into ES modules. Rollup joins those to one CommonJS file for each entry: a module
// that several entries need is in the file of the first of them, as the start of a worker waits for each file it loads.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { conformanceFiles } from './conformance.mjs';
import { effectFiles } from './effect.mjs';
import { doctorWorker, rootEntry, subpathEntry, subpaths } from './entries.mjs';
import { writeIfChanged } from './generated.mjs';
import { isolateFiles } from './isolate.mjs';
import { joinModules } from './join-modules.mjs';
import { isolateAddon } from './native.mjs';
import { natsFiles } from './nats.mjs';
import { filesOf } from './stamp.mjs';
import { usersOf } from './users-of.mjs';
import { workerThreadsFiles } from './worker-threads.mjs';

/** Each file of dist/, and what it is loaded for. */
const entries = {
  library: 'ts/bundle/library.ts',
  failures: 'ts/bundle/failures.ts',
  checks: 'ts/bundle/checks.ts',
  thread: 'ts/worker/channels/thread.ts',
  process: 'ts/bundle/process.ts',
  streams: 'ts/bundle/streams.ts',
  structured: 'ts/codecs/structured/index.ts',
  clone: 'ts/codecs/structured/clone.ts',
  custom: 'ts/drivers/custom/connect-worker.ts',
  plain: 'ts/value-connection/table/plain-requests.ts',
  host: 'ts/host/start-worker.ts',
  pool: 'ts/pool/pool.ts',
  cli: 'ts/command-line/main.ts',
  index: 'ts/bundle/index.ts',
};
/** Neither file of a pair loads the other: the start of a worker would wait for both. */
const apart = [
  ['thread', 'process'],
  ['streams', 'structured'],
  ['streams', 'clone'],
];
/** Bundlers that make ES modules leave out `require`; the first call of it would throw an error that does not say what to do. */
const firstLines = `try {
  require('node:util');
} catch (cause) {
  throw new Error('isolated-workers cannot be a part of this bundle: mark isolated-workers as external', { cause });
}
`;
/** The addon is loaded at run time from beside the package or from a platform package; the files load one another. */
const external = ['*.node', '@isolated-workers/*', './*.cjs'];

export const facade = {
  name: 'facade',
  title: 'dist/',
  inputs: () => ['ts', 'package.json', 'package-lock.json', 'scripts/build', isolateAddon()],
  outputs: () => (filesOf('dist').length > 0 ? ['dist'] : ['dist/index.cjs']),
  async build() {
    const { texts, names } = await compiled();
    const files = new Map([
      ...(await joined(texts)),
      ...rootEntry(names, firstLines),
      doctorWorker,
      ...subpaths.flatMap((subpath) => subpathEntry(subpath, names)),
      ...(await conformanceFiles()),
      ...(await effectFiles()),
      ...(await natsFiles()),
      ...(await isolateFiles()),
      ...(await workerThreadsFiles()),
    ]);
    for (const [name, text] of files) writeIfChanged(name, text);
    for (const name of filesOf('dist')) if (!files.has(name)) rmSync(path.join(root, name));
  },
};

/** The ES modules that esbuild makes, by name, and what the package exports. */
async function compiled() {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // One character beyond ASCII would make a string of two bytes each of a whole file, which V8 reads more slowly.
    charset: 'ascii',
    external,
    // `sideEffects` of package.json is about dist/, and would drop imports of ts/ that are there for what they do.
    ignoreAnnotations: true,
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  for (const [input, { format }] of Object.entries(metafile.inputs)) {
    if (input.includes('node_modules')) throw new Error(`${input} was bundled: the package has no dependencies`);
    // One such file makes esbuild wrap each module in a function, and each use of an import a property access.
    if (format === 'cjs') throw new Error(`${input} exports nothing, so esbuild takes it for CommonJS`);
  }
  return {
    texts: new Map(outputFiles.map(({ path: file, text }) => [path.basename(file), text])),
    names: metafile.outputs['dist/index.js'].exports.toSorted(),
  };
}

/** The CommonJS files, as a list of name and text. */
async function joined(texts) {
  // Nobody needs anything of the last entry: it exports what ts/index.ts does.
  const output = await joinModules(
    texts,
    Object.keys(entries),
    {
      format: 'cjs',
      dir: 'dist',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name].cjs',
      manualChunks: (id, { getModuleInfo }) => homeOf(id, getModuleInfo),
      minifyInternalExports: false,
      esModule: true,
      strict: true,
      generatedCode: 'es2015',
      interop: 'default',
    },
    (id) => id.startsWith('node:') || id.endsWith('.cjs') || id.endsWith('.node'),
  );
  return output.map(({ fileName, code }) => [
    `dist/${fileName}`,
    // `require` in plain sight of programs that bundle the package.
    withFirstLines(fileName, named(code).replaceAll(/\b(?:library\.)?__require\(/g, 'require(')),
  ]);
}

/**
 * Gives each class its own name: esbuild puts an underscore before the name of a class that names itself, and Rollup assigns
 * a class to a property, which gives no name.
 */
function named(code) {
  const ofThemselves = [...code.matchAll(/\b(\w+) = class _\1\b/g)].map(([, name]) => name);
  return ofThemselves
    .reduce((text, name) => text.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name), code)
    .replaceAll(/\bexports\.(\w+) = class (?=\{|extends\b)/g, 'exports.$1 = class $1 ');
}

/** dist/index.cjs is what each program loads first; dist/cli.cjs is a command. */
function withFirstLines(fileName, code) {
  if (fileName === 'cli.cjs') return `#!/usr/bin/env node\n${code}`;
  return fileName === 'index.cjs' ? code.replace("'use strict';\n", (strict) => `${strict}\n${firstLines}`) : code;
}

/** The first entry that needs a module as soon as it is loaded; the library, if two need it that are loaded apart. */
function homeOf(id, getModuleInfo) {
  const users = usersOf(id, Object.keys(entries), getModuleInfo);
  const [first = 'host'] = users;
  return apart.some((pair) => pair[0] === first && users.includes(pair[1])) ? 'library' : first;
}
