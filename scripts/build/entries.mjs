// The package's subpaths. Each is a thin file that hands on names of the one bundle, so that there is one implementation
// however the package is loaded: ES module or CommonJS, root or subpath.

/** `file` is the place below dist/; `values` exist at run time, `types` only for TypeScript. */
export const subpaths = [
  {
    file: 'drivers/index',
    values: ['ChildProcessDriver', 'InProcessDriver', 'WorkerThreadsDriver', 'defineWorkerDriver'],
    types: ['Driver', 'DriverCapabilities', 'DriverChannel', 'DriverMessage', 'DriverServerChannel'],
  },
  {
    file: 'drivers/child-process',
    values: ['ChildProcessDriver'],
    types: [],
  },
  {
    file: 'drivers/worker-threads',
    values: ['WorkerThreadsDriver', 'withTransfer'],
    types: ['ThreadOptions'],
  },
  {
    file: 'drivers/in-process',
    values: ['InProcessDriver'],
    types: [],
  },
];

/** The worker that the command `doctor` starts, as a name and a text. */
export const doctorWorker = [
  'dist/doctor-worker.cjs',
  `'use strict';\n\nrequire('./index.cjs').startWorkerServer({ ping: () => 'pong' });\n`,
];

/**
 * The files that make the root entry loadable as an ES module, as a list of name and text. Node searches the text of a CommonJS
 * file that an ES module imports for names of exports, which takes longer than to load a short file in between.
 *
 * @param firstLines - As in dist/index.cjs.
 */
export function rootEntry(names, firstLines) {
  return [
    ['dist/index.mjs', esModule('./module.cjs', names)],
    [
      'dist/module.cjs',
      `'use strict';\n\n${firstLines}\nconst library = require('./library.cjs');\nlibrary.openInherited();\nmodule.exports = library;\n`,
    ],
    ['dist/index.d.mts', `export * from '../index.js';\n`],
  ];
}

/** The four files of one subpath, as a list of name and text; `names` are the bundle's exports. */
export function subpathEntry({ file, values, types }, names) {
  const missing = values.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new Error(
      `scripts/build/entries.mjs: ${file} names ${missing.join(', ')}, which ts/index.ts does not export`,
    );
  }
  const up = '../'.repeat(file.split('/').length - 1);
  const declarations = declare(`${up}../index.js`, values, types);
  return [
    [`dist/${file}.cjs`, commonJs(`${up}index.cjs`, values)],
    [`dist/${file}.mjs`, esModule(`${up}module.cjs`, values)],
    [`dist/${file}.d.ts`, declarations],
    [`dist/${file}.d.mts`, declarations],
  ];
}

/** An ES module that hands on the names of a CommonJS bundle. */
export function esModule(bundle, names) {
  return `import bundle from '${bundle}';\n\nexport const {\n${list(names)}\n} = bundle;\n`;
}

/** A CommonJS module that hands on the names of another module. */
export function commonJs(bundle, names) {
  // `exports.x =` and not one object: it is the form from which Node finds the names when an ES module imports this.
  const lines = names.map((name) => `exports.${name} = bundle.${name};`);
  return `'use strict';\n\nconst bundle = require('${bundle}');\n\n${lines.join('\n')}\n`;
}

function declare(declarations, values, types) {
  const lines = [`export { ${values.join(', ')} } from '${declarations}';`];
  if (types.length > 0) lines.push(`export type { ${types.join(', ')} } from '${declarations}';`);
  return `${lines.join('\n')}\n`;
}

function list(names) {
  return names.map((name) => `  ${name},`).join('\n');
}
