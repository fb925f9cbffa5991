// The TypeScript facade: a CommonJS bundle in dist/, and around it the thin files of every entry of the exports map.
//
// The bundle has three files, each loaded when it is first needed: what every worker needs, what streams and calls of the
// host need besides, and what only a host needs. Each takes from those before it what it shares with them.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { conformanceFiles } from './conformance.mjs';
import { rootEntry, subpathEntry, subpaths } from './entries.mjs';
import { writeIfChanged } from './generated.mjs';
import { filesOf } from './stamp.mjs';

const bundleFile = 'dist/index.cjs';
/** In the order in which they are loaded: each is a file of the bundle, and an entry in ts/. */
const layers = ['index', 'streams', 'host'];
/** Under it a file of the bundle has what it shares with those behind it. */
const shared = 'Symbol.for("isolated-workers")';
/** Loaded at run time: the addon from beside the package or from a platform package, and the other files of the bundle. */
const external = ['*.node', '@isolated-workers/*', './streams.cjs'];

export const facade = {
  name: 'facade',
  title: 'dist/',
  inputs: () => ['ts', 'package-lock.json', 'scripts/build'],
  outputs: () => (filesOf('dist').length > 0 ? ['dist'] : [bundleFile]),
  async build() {
    const { names, parts, owners } = await split();
    const files = new Map([
      ...rootEntry(names),
      ...subpaths.flatMap((subpath) => subpathEntry(subpath, names)),
      ...(await conformanceFiles()),
    ]);
    for (const layer of layers) files.set(`dist/${layer}.cjs`, await joined(layer, parts, owners));

    for (const [name, text] of files) writeIfChanged(name, text);
    for (const name of filesOf('dist')) if (!files.has(name)) rmSync(path.join(root, name));
  },
};

const syntax = { platform: 'node', target: 'node20', charset: 'utf8' };

/**
 * The facade as ES modules: one for each layer, and chunks of what they share; the layer that has each chunk; and the names
 * that the first exports. esbuild splits ES modules only.
 */
async function split() {
  const { metafile, outputFiles } = await build({
    ...syntax,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(layers.map((layer) => [layer, `ts/${layer}.ts`])),
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shared-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    external,
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  for (const input of Object.keys(metafile.inputs)) {
    if (input.includes('node_modules')) throw new Error(`${input} was bundled: the package has no dependencies`);
  }
  const parts = new Map(outputFiles.map(({ path: file, text }) => [path.basename(file), text]));
  return { names: metafile.outputs['dist/index.mjs'].exports.toSorted(), parts, owners: ownersOf(metafile.outputs) };
}

/** By chunk, the first layer that needs it, to which it belongs; and what it exports. */
function ownersOf(outputs) {
  const owners = new Map();
  const claim = (file, layer) => {
    if (owners.has(file)) return;
    const { exports: exported, imports } = outputs[`dist/${file}`];
    owners.set(file, { layer, names: exported });
    for (const { path: imported, kind } of imports) {
      if (kind === 'import-statement' && imported.startsWith('dist/')) claim(path.basename(imported), layer);
    }
  };
  for (const layer of layers) claim(`${layer}.mjs`, layer);
  return owners;
}

/** A layer and its chunks in one file: each more costs a thread that starts half a millisecond. */
async function joined(layer, parts, owners) {
  const chunks = [...owners]
    .filter(([file, owner]) => owner.layer === layer && file !== `${layer}.mjs`)
    .map(([file]) => file);
  const contents = `
    ${chunks.map((file, index) => `import * as chunk${index} from './${file}';`).join('\n')}
    export * from './${layer}.mjs';
    Object.defineProperty(module.exports, ${shared}, {
      value: { ${chunks.map((file, index) => `'${file}': chunk${index}`).join(', ')} },
    });`;
  const load = {
    name: 'parts',
    setup(plugin) {
      plugin.onResolve({ filter: /\.mjs$/ }, ({ path: specifier, kind }) => {
        const file = path.basename(specifier);
        if (kind === 'dynamic-import') return { path: `./${file.replace('.mjs', '.cjs')}`, external: true };
        return { path: file, namespace: owners.get(file).layer === layer ? 'part' : 'shared' };
      });
      plugin.onLoad({ filter: /.*/, namespace: 'part' }, ({ path: file }) => ({ contents: parts.get(file) }));
      // As variables: what is looked up in another module each time is slow.
      plugin.onLoad({ filter: /.*/, namespace: 'shared' }, ({ path: file }) => ({
        contents: `export const { ${owners.get(file).names.join(', ')} } =
          require('./${owners.get(file).layer}.cjs')[${shared}]['${file}'];`,
      }));
      plugin.onResolve({ filter: /\.cjs$/ }, ({ path: specifier }) => ({ path: specifier, external: true }));
    },
  };
  const { outputFiles } = await build({
    ...syntax,
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'cjs',
    plugins: [load],
    external,
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text.replace(/\bimport\("(\.\/\w+\.cjs)"\)/g, 'Promise.resolve(require("$1"))');
}
