// The documentation against the code: error codes, links, the module table, the invariants, and every block of code.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createWorker } from 'isolated-workers';
import ts from 'typescript';

import { printed } from '../fixtures/page-programs.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Files below a folder of the root, by their path from the root. */
function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => path.posix.join(folder, file.replaceAll(path.sep, '/')));
}

const pages = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...['docs', 'benchmark', 'examples'].flatMap((folder) => filesBelow(folder, '.md')),
];
const rustFiles = filesBelow('src', '.rs');
/** Without the unit tests, which make up codes and read clocks. */
const rust = (file: string) => read(file).split('#[cfg(test)]')[0] as string;

interface Block {
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a page, also those that are indented as part of a list. */
function blocksOf(page: string): Block[] {
  const fences = read(page).matchAll(/^( *)```(\w+)\n(.*?)^\1```$/gms);
  return [...fences].map(([, indent = '', language = '', code = '']) => ({
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** A block of TypeScript may name its file in its first line, for other blocks of the page to import. */
const fileNameOf = (code: string) => /^\/\/ ([\w-]+\.m?[jt]s)\n/.exec(code)?.[1];

describe('docs/errors.md', () => {
  const codesIn = (text: string) => new Set(text.match(/\bERR_[A-Z_]+\b/g) ?? []);
  const declared = codesIn(read('ts/types/worker-error-code.ts'));
  /** Those of Node that the library looks for, or throws in place of Node. */
  const foreign = new Set([
    'ERR_HEAP_PROFILE_HAVE_BEEN_STARTED',
    'ERR_INVALID_ARG_TYPE',
    'ERR_INVALID_ARG_VALUE',
    'ERR_INVALID_URL_SCHEME',
    'ERR_MODULE_NOT_FOUND',
    'ERR_OUT_OF_RANGE',
    'ERR_WORKER_INVALID_EXEC_ARGV',
    'ERR_WORKER_MESSAGING_ERRORED',
    'ERR_WORKER_MESSAGING_FAILED',
    'ERR_WORKER_MESSAGING_SAME_THREAD',
    'ERR_WORKER_MESSAGING_TIMEOUT',
    'ERR_WORKER_NOT_RUNNING',
    'ERR_WORKER_OUT_OF_MEMORY',
    'ERR_WORKER_PATH',
    'ERR_WORKER_UNSUPPORTED_OPERATION',
    'ERR_WORKER_UNSERIALIZABLE_ERROR',
  ]);

  test('lists exactly the codes that WorkerErrorCode has, in its order', () => {
    const listed = [...read('docs/errors.md').matchAll(/^\| `(ERR_[A-Z_]+)` \|/gm)].map(([, code]) => code);
    assert.deepEqual(listed, [...declared]);
  });

  test('is complete: the sources and the pages name no other code', () => {
    const texts = [
      ...rustFiles.map((file) => [file, rust(file)] as const),
      ...[...filesBelow('ts', '.ts'), ...pages].map((file) => [file, read(file)] as const),
    ];
    for (const [file, text] of texts) {
      for (const code of codesIn(text)) assert.ok(declared.has(code) || foreign.has(code), `${file} has ${code}`);
    }
  });
});

describe('ARCHITECTURE.md', () => {
  test('has a layer table that names each top module of src/, and no other', () => {
    const named = [...read('ARCHITECTURE.md').matchAll(/^\| `(src\/[^`]+)` \|/gm)].map(([, file]) => file);
    const there = rustFiles.filter((file) => file.split('/').length === 2);
    assert.deepEqual(named.toSorted(), there.toSorted());
  });
});

describe('The pages', () => {
  for (const page of pages) {
    test(`${page} has only relative links to files and headings that exist`, () => {
      const prose = read(page).replaceAll(/^( *)```.*?^\1```$/gms, '');
      for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file = '', fragment] = target.split('#');
        const linked = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
        assert.ok(existsSync(path.join(root, linked)), `${page} links to ${target}`);
        if (fragment !== undefined) assert.ok(anchorsOf(linked).includes(fragment), `${page} links to ${target}`);
      }
    });
  }

  test('contain only valid JSON in blocks of JSON', () => {
    for (const page of pages) {
      for (const { code } of blocksOf(page).filter(({ language }) => language === 'json')) {
        for (const line of code.trim().split('\n')) JSON.parse(line);
      }
    }
  });

  test('contain only TypeScript and JavaScript that compiles under all strict checks', () => {
    const sources = new Map<string, string>();
    for (const page of pages) {
      const blocks = blocksOf(page).filter(({ language }) => language === 'ts' || language === 'js');
      blocks.forEach(({ language, code }, index) => {
        const name = fileNameOf(code) ?? `block-${index + 1}.${language}`;
        // A module also where it imports nothing, so that blocks do not share names.
        sources.set(path.join(root, 'docs-blocks', page.replaceAll(/[/.]/g, '-'), name), `${code}\nexport {};\n`);
      });
    }
    assert.ok(sources.size >= 5);
    assert.equal(compile(sources), '');
  });
});

/** The anchors of a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = read(page).matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Type-checks sources that exist in memory only, as files of this package; gives the errors as text. */
function compile(sources: ReadonlyMap<string, string>): string {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ['node'],
    typeRoots: [path.join(root, 'node_modules/@types')],
    allowImportingTsExtensions: true,
    allowJs: true,
    checkJs: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, directoryExists } = host;
  const folders = new Set(
    [...sources.keys()].flatMap((file) => [path.dirname(file), path.dirname(path.dirname(file))]),
  );
  host.getCurrentDirectory = () => root;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  host.directoryExists = (folder) => folders.has(folder) || (directoryExists?.(folder) ?? false);
  host.getSourceFile = (file, languageVersion) => {
    const text = host.readFile(file);
    return text === undefined ? undefined : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), {
    getCanonicalFileName: (file) => file,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  });
}

describe('The programs of the pages', () => {
  /** A folder beside this file, for programs taken from a page. */
  function folderFor(name: string): string {
    const folder = fileURLToPath(new URL(`../docs-programs/${name}/`, import.meta.url));
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Writes the named blocks of a page to a folder, ready to run. */
  function programsOf(page: string, folder: string): void {
    for (const { code } of blocksOf(page).filter(({ language }) => language === 'ts')) {
      const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
      const { outputText } = ts.transpileModule(code, { compilerOptions });
      const name = fileNameOf(code)?.replace(/ts$/, 'mjs');
      if (name !== undefined) writeFileSync(path.join(folder, name), outputText.replaceAll(/\.[jt]s'/g, ".mjs'"));
    }
  }

  test('README.md: the hosts print the sum of their worker, a process and a thread', async () => {
    const folder = folderFor('readme');
    programsOf('README.md', folder);
    for (const [host, sum] of Object.entries({ 'host.mjs': 3, 'threads.mjs': 5 })) {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [path.join(folder, host)]);
      assert.deepEqual({ stdout, stderr }, { stdout: `the sum is ${sum}\n`, stderr: '' });
    }
  });

  test('docs/drivers.md: host and worker thread share memory, and move it to each other', async () => {
    const folder = folderFor('drivers');
    programsOf('docs/drivers.md', folder);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [path.join(folder, 'host.mjs')]);
    assert.deepEqual({ stdout, stderr }, { stdout: '1000000 0 1\n', stderr: '' });
  });

  for (const [page, shown] of Object.entries(printed)) {
    test(`docs/${page}.md: the host prints what the page says`, async () => {
      const folder = folderFor(page);
      programsOf(`docs/${page}.md`, folder);
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [path.join(folder, 'host.mjs')]);
      assert.deepEqual({ stdout, stderr }, { stdout: shown, stderr: '' });
    });
  }

  const python = spawnSync('python3', ['--version']).status === 0;
  test('docs/detached.md: programs start a daemon, attach to it, and post to all of its hosts', async (t) => {
    const folder = folderFor('detached');
    programsOf('docs/detached.md', folder);
    const env = { ...process.env, XDG_RUNTIME_DIR: mkdtempSync(path.join(tmpdir(), 'docs-detached-')) };
    t.after(() => rmSync(env.XDG_RUNTIME_DIR, { recursive: true }));
    const run = async (name: string) =>
      (await promisify(execFile)(process.execPath, [path.join(folder, name)], { cwd: folder, env })).stdout;
    writeFileSync(path.join(folder, 'indexer.js'), "import './indexer.mjs';\n");
    assert.equal(await run('start.mjs'), '');
    assert.match(await run('later.mjs'), /^\d+$/m);
    assert.match(await run('daemon-client.mjs'), /^\d+\n$/);
    assert.equal(await run('short-lived.mjs'), '0\n');
    for (let round = 0; round < 2; round++) assert.equal(await run('reader.mjs'), 'hello 1\ntold them 1\n');
    const end =
      "const { attachWorker } = await import('isolated-workers'); const close = async (name) => (await attachWorker({ name })).close();";
    const closing = `${end} await close('indexer'); await close('brief-indexer');`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', closing], { env });
  });

  test('docs/protocol.md: a host works with the worker in Python', { skip: !python && 'no python3' }, async () => {
    const script = path.join(folderFor('protocol'), 'greeter.py');
    const block = blocksOf('docs/protocol.md').find(({ language }) => language === 'python');
    writeFileSync(script, block?.code ?? assert.fail('there is none'));
    const worker = await createWorker({
      script,
      execPath: 'python3',
      execArgv: [],
      serializer: 'json',
      startupData: 'Hi',
    });
    assert.deepEqual(await worker.send('greet', { name: 'Zoë' }), { text: 'Hi, Zoë!' });
    await assert.rejects(worker.send('part'), { name: 'WorkerError', code: 'ERR_UNKNOWN_MESSAGE_TYPE' });
    worker.post('greet', { name: 'nobody' });
    await worker.close();
    assert.equal(worker.isActive, false);
  });
});
