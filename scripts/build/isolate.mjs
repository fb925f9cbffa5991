// The driver for isolates: dist/isolate/core.cjs for hosts, which index.cjs and os.cjs hand on, and jail.cjs for processes that hold isolates; library.bin,
// the library as bytecode for the engine of isolates, and os.bin, what is in its place for scripts of `os.Worker`. Hosts load the main bundle and the
// second addon.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { commonJs, esModule } from './entries.mjs';
import { isolateAddon } from './native.mjs';
import { declarationsOf, mainBundle, resolve } from './side-bundle.mjs';

const source = 'ts/isolate';
const target = 'dist/isolate';
/** Of the rest of ts/, only a file that keeps no state and imports nothing. */
const shared = ['ts/util/primordials.js'];

/** The entries for users, which share one module: isolates take turns in one order. */
const entries = ['index', 'os'];

/** All files of the driver, as a list of name and content. */
export async function isolateFiles() {
  const [core, jail, library, os, ...names] = await Promise.all([
    host('core', 'cjs'),
    host('jail/main', 'cjs'),
    insideLibrary('index'),
    insideLibrary('os'),
    ...entries.map(namesOf),
  ]);
  return [
    [`${target}/core.cjs`, core.text],
    ...entries.flatMap((entry, index) => [
      [`${target}/${entry}.cjs`, commonJs('./core.cjs', names[index])],
      [`${target}/${entry}.mjs`, esModule('./core.cjs', names[index])],
    ]),
    [`${target}/jail.cjs`, jail.text],
    [`${target}/library.bin`, bytecodeOf('isolated-workers', library)],
    [`${target}/os.bin`, bytecodeOf('quickjs:os', os)],
    ...declarationsOf(source, target, entries),
  ];
}

/** What an entry exports. */
async function namesOf(entry) {
  const { metafile } = await host(entry, 'esm');
  return Object.values(metafile.outputs)[0].exports.toSorted();
}

async function host(name, format) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${source}/${name}.ts`],
    outfile: `${target}/${path.basename(name)}.${format === 'cjs' ? 'cjs' : 'mjs'}`,
    bundle: true,
    format,
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    external: ['*.node', '@isolated-workers/*'],
    plugins: [mainBundle('../index.cjs', { source, shared })],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  return { text: outputFiles[0].text, metafile };
}

const inside = `${source}/inside`;
/** Modules of the library that are others in an isolate. */
const replaced = {
  'ts/worker/find-channel.js': `${inside}/parts/find-channel.ts`,
  'ts/addon/environment.js': `${inside}/parts/environment.ts`,
  'ts/util/debugger.js': `${inside}/parts/debugger.ts`,
  'ts/util/is-main-thread.js': `${inside}/parts/is-main-thread.ts`,
  'ts/util/primordials.js': `${inside}/parts/primordials.ts`,
};
/** The files of dist/ that the library loads where it needs them. */
const parts = {
  './streams.cjs': 'ts/bundle/streams.ts',
  './failures.cjs': 'ts/bundle/failures.ts',
  './checks.cjs': 'ts/bundle/checks.ts',
  './structured.cjs': 'ts/codecs/structured/index.ts',
  './clone.cjs': 'ts/codecs/structured/clone.ts',
  './process.cjs': `${inside}/parts/environment.ts`,
  './plain.cjs': 'ts/value-connection/table/plain-requests.ts',
};
/** The modules of Node that the library uses in a worker. */
const ofNode = {
  'node:async_hooks': 'async-hooks',
  'node:crypto': 'crypto',
  'node:diagnostics_channel': 'diagnostics-channel',
  'node:events': 'events',
  'node:util': 'util',
  'node:v8': 'v8',
};

/** A library for isolates, as the source of one module. */
async function insideLibrary(entry) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`${inside}/${entry}.ts`],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    minify: true,
    charset: 'utf8',
    ignoreAnnotations: true,
    inject: [`${inside}/node/process.ts`, `${inside}/node/buffer.ts`],
    plugins: [{ name: 'inside of an isolate', setup: resolveInside }],
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

function resolveInside(esbuild) {
  esbuild.onResolve({ filter: /^\.\.?\// }, ({ importer, path: specifier }) => {
    const part = parts[specifier];
    if (part !== undefined) return { path: path.join(root, part) };
    const other = replaced[resolve(path.relative(root, importer).replaceAll(path.sep, '/'), specifier)];
    return other === undefined ? undefined : { path: path.join(root, other) };
  });
  esbuild.onResolve({ filter: /^node:/ }, ({ importer, path: specifier }) => {
    const name = ofNode[specifier];
    if (name !== undefined) return { path: path.join(root, inside, 'node', `${name}.ts`) };
    return { errors: [{ text: `${path.relative(root, importer)} needs ${specifier}, which no isolate has` }] };
  });
}

/** The engine in front, which the driver compares: another one would misread what follows. */
function bytecodeOf(name, library) {
  const file = path.join(root, isolateAddon());
  if (!existsSync(file))
    throw new Error(`${file} is missing, which compiles the library for isolates: build the part "isolate"`);
  const addon = createRequire(import.meta.url)(file);
  return Buffer.concat([Buffer.from(`${addon.engine()}\n`), addon.compile(name, library)]);
}
