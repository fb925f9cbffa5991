// The conformance suite: bundles of its own in dist/conformance/, which load the main bundle and are no part of it.
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { esModule } from './entries.mjs';
import { declare, mainBundle } from './side-bundle.mjs';

const source = 'ts/conformance';
const target = 'dist/conformance';
const main = '../index.js';

/** All files of the suite, as a list of name and text. */
export async function conformanceFiles() {
  const [suite, names] = await Promise.all([bundle('index', 'cjs'), exportedNames()]);
  return [
    [`${target}/index.cjs`, suite.text],
    [`${target}/index.mjs`, esModule('./index.cjs', names)],
    [`${target}/index.d.mts`, `export * from './index.js';\n`],
    // The script of workers has the handlers, not the cases: it starts faster.
    [`${target}/worker.mjs`, (await bundle('worker', 'esm')).text],
    [`${target}/full-worker.mjs`, (await bundle('full-worker', 'esm')).text],
    ...declarations(),
  ];
}

async function exportedNames() {
  const { outputs } = (await bundle('index', 'esm')).metafile;
  return Object.values(outputs)[0].exports.toSorted();
}

async function bundle(name, format) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${source}/${name}.ts`],
    outfile: `${target}/${name}.${format === 'cjs' ? 'cjs' : 'mjs'}`,
    bundle: true,
    format,
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    plugins: [mainBundle(format === 'cjs' ? '../index.cjs' : '../index.mjs', { source })],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  return { text: outputFiles[0].text, metafile };
}

/** The declarations of the entry and of what they import, file by file: none of them is declared in index.d.ts. */
function declarations() {
  const files = new Map();
  const add = (name) => {
    if (files.has(name)) return;
    const text = declare(`${source}/${name}.ts`);
    files.set(name, text.replaceAll(`'${main}'`, `'../../index.js'`));
    for (const [, imported] of text.matchAll(/ from '\.\/([\w-]+)\.js'/g)) add(imported);
  };
  add('index');
  return [...files].map(([name, text]) => [`${target}/${name}.d.ts`, text]);
}
