// The compiler reports a wrong call in one short message.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The file is in memory alone, at a place from which the package is found. */
const file = path.join(root, '__test__/types/mistakes.mts');

const head = `
import type { WorkerClient } from 'isolated-workers';
interface Messages {
  load: { payload: { config: string }; result: boolean };
  count: { payload: undefined; result: number };
  tail: { payload: { file: string }; stream: string };
  upload: { payload: { name: string }; input: Uint8Array; result: number };
}
declare const worker: WorkerClient<Messages>;
`;

const cases: [call: string, message: RegExp][] = [
  ["worker.send('load')", /'"load"' is not assignable .*\("load" & NeedsItsPayload\)/],
  ["worker.send('laod')", /'"laod"' is not assignable .*"count"/],
  ["worker.send('laod', { config: 'a' })", /'"laod"' is not assignable .*"load"/],
  ["worker.send('tail', { file: 'a' })", /'"tail"' is not assignable .*\("tail" & AnswersInChunksSoCallStream\)/],
  ["worker.send('tail')", /'"tail"' is not assignable .*\("tail" & AnswersInChunksSoCallStream\)/],
  ["worker.send('upload', { name: 'a' })", /'"upload"' is not assignable .*\("upload" & NeedsTheOptionInput\)/],
  ["worker.send('load', { config: 1 })", /'number' is not assignable to type 'string'/],
  ["worker.sendSync('load')", /'"load"' is not assignable .*\("load" & NeedsItsPayload\)/],
  ["worker.stream('load', { config: 'a' })", /'"load"' is not assignable .*"load".* & AnswersOnceSoCallSend/],
  ["worker.post('load')", /'"load"' is not assignable .*"load".* & NeedsItsPayload/],
];

const lineOf = (text: string, position: number) => text.slice(0, position).split('\n').length;

test('The compiler reports a wrong call in one short message that names the reason', () => {
  const text = head + cases.map(([call]) => `void ${call};`).join('\n');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, version, ...rest) =>
    name === file ? ts.createSourceFile(name, text, version) : getSourceFile(name, version, ...rest);
  host.getCurrentDirectory = () => root;
  const program = ts.createProgram([file], options, host);
  const found = ts.getPreEmitDiagnostics(program);
  const messages = cases.map(([call], index) => {
    const line = lineOf(head, head.length) + index;
    const told = found.filter(({ start }) => start !== undefined && lineOf(text, start) === line);
    assert.equal(told.length, 1, `${call}: ${told.length} messages`);
    return ts.flattenDiagnosticMessageText((told[0] as ts.Diagnostic).messageText, '\n');
  });
  assert.equal(found.length, cases.length);
  for (const [index, [, expected]] of cases.entries()) {
    const message = messages[index] as string;
    assert.match(message, expected);
    assert.ok(!message.includes('\n') && message.length < 250, message);
  }
});
