// `isolated-workers/worker_threads` and `isolated-workers/register`: a bundle of its own in dist/worker-threads/, which loads the main
// bundle and is no part of it, and the thin files that programs and processes load.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { root } from '../command.mjs';

const source = 'ts/worker-threads';
const target = 'dist/worker-threads';
/** Of the rest of ts/, only files that keep no state and import nothing. */
const shared = ['ts/util/primordials.js', 'ts/util/node-threads.js'];

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

/** All files, as a list of name and text. */
export async function workerThreadsFiles() {
  const declarations = declare(`${source}/public.ts`);
  const names = threadNames.map((name) => `  ${name},\n`).join('');
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
    plugins: [mainBundle('../index.cjs')],
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

/** Leaves the package's own API outside, and everything else of ts/ out: this uses only what is public. */
function mainBundle(file) {
  return {
    name: 'main bundle',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\.\.?\// }, ({ importer, path: specifier }) => {
        const resolved = path.posix.join(path.posix.dirname(fromRoot(importer)), specifier);
        if (resolved === 'ts/index.js') return { path: file, external: true };
        if (resolved.startsWith(`${source}/`) || shared.includes(resolved)) return undefined;
        return { errors: [{ text: `${source} may import what ts/index.ts exports, and not ${resolved}` }] };
      });
    },
  };
}

function fromRoot(file) {
  return path.relative(root, file).replaceAll(path.sep, '/');
}

function declare(file) {
  const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(path.join(root, file), 'utf8'), {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, declaration: true, strict: true },
  });
  for (const { messageText } of diagnostics) {
    throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  }
  return outputText;
}
