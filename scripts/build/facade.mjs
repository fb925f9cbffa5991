// The TypeScript facade: one CommonJS bundle in dist/, and around it the thin files of every entry of the exports map;
// and the conformance suite beside it.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { conformanceFiles } from './conformance.mjs';
import { rootEntry, subpathEntry, subpaths } from './entries.mjs';
import { writeIfChanged } from './generated.mjs';
import { filesOf } from './stamp.mjs';

const bundleFile = 'dist/index.cjs';

export const facade = {
  name: 'facade',
  title: 'dist/',
  inputs: () => ['ts', 'package-lock.json', 'scripts/build'],
  outputs: () => (filesOf('dist').length > 0 ? ['dist'] : [bundleFile]),
  async build() {
    const names = await exportedNames();
    const files = new Map([
      ...rootEntry(names),
      ...subpaths.flatMap((subpath) => subpathEntry(subpath, names)),
      ...(await conformanceFiles()),
    ]);
    const { outputFiles } = await bundle('cjs');
    files.set(bundleFile, outputFiles[0].text);

    for (const [name, text] of files) writeIfChanged(name, text);
    for (const name of filesOf('dist')) if (!files.has(name)) rmSync(path.join(root, name));
  },
};

/** The names the bundle exports. esbuild lists them for ES modules only; nothing has to be run to learn them. */
async function exportedNames() {
  const { metafile } = await bundle('esm');
  for (const input of Object.keys(metafile.inputs)) {
    if (input.includes('node_modules')) throw new Error(`${input} was bundled: the package has no dependencies`);
  }
  return Object.values(metafile.outputs)[0].exports.toSorted();
}

function bundle(format) {
  return build({
    absWorkingDir: root,
    entryPoints: ['ts/index.ts'],
    outfile: bundleFile,
    bundle: true,
    format,
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    // The addon is loaded at run time from beside the package or from a platform package.
    external: ['*.node', '@isolated-workers/*'],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
}
