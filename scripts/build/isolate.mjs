// The driver for isolates: dist/isolate/core.cjs for hosts, which index.cjs and os.cjs hand on, and jail.cjs for processes that hold isolates; library.bin,
// the library as bytecode for the engine of isolates, and os.bin, what is in its place for scripts of `os.Worker`. Hosts load the main bundle and the
// second addon.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, transform } from 'esbuild';
import { root } from '../command.mjs';
import { commonJs, esModule } from './entries.mjs';
import { joinModules } from './join-modules.mjs';
import { usersOf } from './users-of.mjs';
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
    insideLibrary('isolated-workers', modules),
    insideLibrary('quickjs:os', osModules),
    ...entries.map(namesOf),
  ]);
  return [
    [`${target}/core.cjs`, core.text],
    ...entries.flatMap((entry, index) => [
      [`${target}/${entry}.cjs`, commonJs('./core.cjs', names[index])],
      [`${target}/${entry}.mjs`, esModule('./core.cjs', names[index])],
    ]),
    [`${target}/jail.cjs`, jail.text],
    [`${target}/library.bin`, bytecodeOf(library)],
    [`${target}/os.bin`, bytecodeOf(os)],
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
  'ts/drivers/custom/connect-worker.js': `${inside}/parts/connect-worker.ts`,
};
/** Modules of the library in whose place a small one loads them where they are needed. */
const later = {
  'ts/codecs/payload-codec.js': `${inside}/parts/payload-codec.ts`,
  'ts/codecs/startup-data.js': `${inside}/parts/startup-data.ts`,
  'ts/drivers/to-driver.js': `${inside}/parts/to-driver.ts`,
};
/** The modules of the library: `library` is there from the start, and loads each other one where it needs it. */
const modules = {
  library: `${inside}/index.ts`,
  streams: 'ts/bundle/streams.ts',
  failures: 'ts/bundle/failures.ts',
  checks: 'ts/bundle/checks.ts',
  structured: 'ts/codecs/structured/index.ts',
  clone: 'ts/codecs/structured/clone.ts',
  process: `${inside}/parts/environment.ts`,
  plain: 'ts/value-connection/table/plain-requests.ts',
  codecs: `${inside}/later/codecs.ts`,
  console: `${inside}/later/console.ts`,
};
/** Those of the library for scripts of `os.Worker`. */
const osModules = { library: `${inside}/os.ts`, console: modules.console };
/** How the names of the modules begin, which no script can import: as in crates/isolate/src/engine/modules.rs. */
const internal = 'isolated-workers:';
/** The modules of Node that the library uses in a worker. */
const ofNode = {
  'node:async_hooks': 'async-hooks',
  'node:crypto': 'crypto',
  'node:diagnostics_channel': 'diagnostics-channel',
  'node:events': 'events',
  'node:util': 'util',
  'node:v8': 'v8',
};

/** A library for isolates, as a list of name and source. */
async function insideLibrary(packageName, parts) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: parts,
    outdir: target,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    charset: 'utf8',
    ignoreAnnotations: true,
    inject: [`${inside}/node/process.ts`, `${inside}/node/buffer.ts`, `${inside}/load-part.ts`],
    plugins: [
      { name: 'inside of an isolate', setup: (esbuild) => [resolveInside, loadsParts].forEach((set) => set(esbuild)) },
    ],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  const texts = new Map(outputFiles.map(({ path: file, text }) => [path.basename(file), text]));
  const joined = await joinedModules(texts, Object.keys(parts));
  const names = metafile.outputs[`${target}/library.js`].exports.toSorted();
  return [
    [packageName, `export { ${names.join(', ')} } from '${internal}library';`],
    ...(await Promise.all(joined.map(async ([name, text]) => [`${internal}${name}`, await minified(text)]))),
  ];
}

/** One module for each entry, from the modules that esbuild has split. */
async function joinedModules(texts, parts) {
  const output = await joinModules(texts, parts, {
    format: 'es',
    dir: target,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    manualChunks: (id, { getModuleInfo }) => partOf(id, parts, getModuleInfo),
  });
  return output.map(({ fileName, code }) => [path.basename(fileName, '.js'), code]);
}

/** The library if that needs a module at the start; else the only part that does, or the one for what several parts need. */
function partOf(id, parts, getModuleInfo) {
  const users = usersOf(id, parts, getModuleInfo);
  if (users.length === 0 || users.includes('library')) return 'library';
  return users.length === 1 ? users[0] : 'common';
}

async function minified(text) {
  const { code } = await transform(text, { minify: true, format: 'esm', target: 'es2022', charset: 'utf8' });
  return code.replaceAll(/(\bfrom|\bimport)"\.\/(\w+)\.js"/g, `$1"${internal}$2"`);
}

function resolveInside(esbuild) {
  esbuild.onResolve({ filter: /^\.\.?\// }, ({ importer, path: specifier }) => {
    const from = path.relative(root, importer).replaceAll(path.sep, '/');
    const name = resolve(from, specifier);
    const other = replaced[name] ?? (from.startsWith(`${inside}/later/`) ? undefined : later[name]);
    return other === undefined ? undefined : { path: path.join(root, other) };
  });
  esbuild.onResolve({ filter: /^node:/ }, ({ importer, path: specifier }) => {
    const name = ofNode[specifier];
    if (name !== undefined) return { path: path.join(root, inside, 'node', `${name}.ts`) };
    return { errors: [{ text: `${path.relative(root, importer)} needs ${specifier}, which no isolate has` }] };
  });
}

/** A part is loaded by a function of the addon. */
function loadsParts(esbuild) {
  esbuild.onLoad({ filter: /\/ts\/.*\.ts$/ }, async ({ path: file }) => {
    const text = await readFile(file, 'utf8');
    const contents = text.replaceAll(/\brequire\('\.\/(\w+)\.cjs'\)/g, "loadPart('$1')");
    return contents === text ? undefined : { contents, loader: 'ts' };
  });
}

/** The engine in front, which the driver compares: another one would misread what follows; then the names and sizes of the modules, and these. */
function bytecodeOf(library) {
  const file = path.join(root, isolateAddon());
  if (!existsSync(file))
    throw new Error(`${file} is missing, which compiles the library for isolates: build the part "isolate"`);
  const addon = createRequire(import.meta.url)(file);
  const compiled = library.map(([name, text]) => [name, addon.compile(name, text)]);
  const sizes = compiled.map(([name, { length }]) => [name, length]);
  const head = `${addon.engine()}\n${JSON.stringify(sizes)}\n`;
  return Buffer.concat([Buffer.from(head), ...compiled.map(([, code]) => code)]);
}
