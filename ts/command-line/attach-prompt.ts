import { createInterface } from 'node:readline';
import { inspect } from 'node:util';

import { attachWorker } from '../api/attach-worker.js';
import type { WorkerClient } from '../types/worker-client.js';
import { printableLines } from '../util/printable.js';

const HELP =
  'A line is a message type and a payload as JSON: count {"of":"files"}. `.post <type> <json>` waits for no answer. `.exit` ends.';

/** Sends each line to a detached worker and prints the answers; resolves with the exit code: 1 if one was an error. */
export async function attachPrompt(
  name: string,
  { socket, takeOver, timeout }: { socket: boolean; takeOver: boolean; timeout: number },
): Promise<number> {
  const which = socket ? { socketPath: name } : { name };
  const worker = await attachWorker({ ...which, takeOver, timeout: { startup: timeout } });
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: isTerminal });
  if (isTerminal) console.log(`attached to process ${worker.pid}. ${HELP}`);
  worker.on('keptResult', ({ type, result, error }) => console.log(`kept ${type}:`, show(error ?? result)));
  worker.on('disconnect', () => lines.close());
  let code = 0;
  lines.setPrompt(`${name}> `);
  if (isTerminal) lines.prompt();
  for await (const line of lines) {
    if (line.trim() === '.exit') break;
    if (line.trim() === '.help') console.log(HELP);
    else if (line.trim() !== '') {
      try {
        await sendLine(worker, line.trim());
      } catch (error) {
        code = 1;
        console.error(show(error));
      }
    }
    if (isTerminal) lines.prompt();
  }
  lines.close();
  await worker.disconnect();
  return isTerminal ? 0 : code;
}

async function sendLine(worker: WorkerClient, line: string): Promise<void> {
  const [, post, type = '', json = ''] = /^(\.post\s+)?(\S+)\s*(.*)$/.exec(line) ?? [];
  const payload: unknown = json === '' ? undefined : JSON.parse(json);
  if (post !== undefined) worker.post(type, payload);
  else console.log(show(await worker.send(type, payload)));
}

/** Errors and texts come from the worker: a terminal must not obey them. */
function show(value: unknown): string {
  if (value instanceof Error) return printableLines(`${value.name}: ${value.message}`);
  return printableLines(inspect(value, { depth: 8, colors: false }));
}
