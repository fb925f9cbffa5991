// `isolated-workers/worker_threads` and `isolated-workers/register`: a bundle of its own in dist/worker-threads/, which loads the main
// bundle and is no part of it, and the thin files that programs and processes load.
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { declare, mainBundle } from './side-bundle.mjs';

const source = 'ts/worker-threads';
const target = 'dist/worker-threads';
/** Of the rest of ts/, only files that keep no state and import nothing. */
const shared = ['ts/util/primordials.js', 'ts/util/replace-in.js', 'ts/util/thread-originals.js'];

/** What any version of Node exports. One that a version lacks is `undefined` there. */
export const threadNames = [
  'BroadcastChannel',
  'MessageChannel',
  'MessagePort',
  'SHARE_ENV',
  'Worker',
  'getEnvironmentData',
  'isInternalThread',
  'isMainThread',
  'isMarkedAsUntransferable',
  'locks',
  'markAsUncloneable',
  'markAsUntransferable',
  'moveMessagePortToContext',
  'parentPort',
  'postMessageToThread',
  'receiveMessageOnPort',
  'resourceLimits',
  'setEnvironmentData',
  'threadId',
  'threadName',
  'workerData',
];

/** What only this library exports. */
const ownNames = ['Atomics', 'SharedArrayBuffer'];

/** All files, as a list of name and text. */
export async function workerThreadsFiles() {
  const declarations = declare(`${source}/public.ts`);
  const names = [...threadNames, ...ownNames].map((name) => `  ${name},\n`).join('');
  return [
    [`${target}/implementation.cjs`, await bundle()],
    [`${target}/index.cjs`, commonJs(`module.exports = require('./implementation.cjs').api();`)],
    [
      `${target}/index.mjs`,
      `import api from './index.cjs';\n\nexport default api;\nexport const {\n${names}} = api;\n`,
    ],
    [`${target}/index.d.ts`, declarations],
    [`${target}/index.d.mts`, declarations],
    [`${target}/register.cjs`, commonJs(`require('./implementation.cjs').register();`)],
    [`${target}/register.mjs`, `import './register.cjs';\n`],
    [`${target}/register.d.ts`, 'export {};\n'],
    [`${target}/register.d.mts`, 'export {};\n'],
    [`${target}/boot.cjs`, commonJs(`require('./implementation.cjs').boot();`)],
  ];
}

function commonJs(statement) {
  return `'use strict';\n\n${statement}\n`;
}

async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`${source}/index.ts`],
    outfile: `${target}/implementation.cjs`,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    charset: 'ascii',
    // The program names the file.
    supported: { 'dynamic-import': true },
    plugins: [mainBundle('../index.cjs', { source, shared })],
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}
