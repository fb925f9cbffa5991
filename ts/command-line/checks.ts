import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';

import { createWorker } from '../api/create-worker.js';
import { chooseEngine, getNative } from '../addon/environment.js';
import { socketPathFor } from '../detached/named-sockets.js';
import { WorkerThreadsDriver } from '../drivers/thread/driver.js';
import { now } from '../util/primordials.js';

export interface Finding {
  readonly outcome: 'ok' | 'warning' | 'failure';
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
}

const OLDEST_NODE = 20;
const FEW_FILES = 1_024;
/** scripts/build/entries.mjs makes it. */
const WORKER = path.join(__dirname, 'doctor-worker.cjs');

/** Each names what it examines, in the order in which they are told. What one throws is a failure. */
export const checks: Readonly<Record<string, () => Finding | Promise<Finding>>> = {
  runtime: checkRuntime,
  addon: checkAddon,
  'socket directory': checkDirectory,
  'open files': checkFiles,
  'temporary files': checkTemporaryFiles,
  'a worker thread': () => checkWorker({ script: WORKER, driver: WorkerThreadsDriver }),
  'a worker process': () => checkWorker({ script: WORKER }),
};

function checkRuntime(): Finding {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  const name = bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
  const text = `${name} on ${process.platform} ${process.arch}, ${availableParallelism()} processors`;
  if (Number.parseInt(node ?? '', 10) >= OLDEST_NODE) return { outcome: 'ok', text };
  return { outcome: 'failure', text, remedy: `Install Node ${OLDEST_NODE} or later.` };
}

function checkAddon(): Finding {
  getNative();
  return { outcome: 'ok', text: `it loads; the I/O engine is ${chooseEngine()}` };
}

function checkDirectory(): Finding {
  const directory = path.dirname(socketPathFor('doctor'));
  return { outcome: 'ok', text: `${directory} belongs to this user alone` };
}

function checkFiles(): Finding {
  if (process.platform !== 'linux') return { outcome: 'ok', text: 'the limit is not known on this system' };
  const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
  const text = `${soft} for each process`;
  if (soft === 'unlimited' || Number(soft) >= FEW_FILES) return { outcome: 'ok', text };
  return { outcome: 'warning', text, remedy: 'A worker takes about four. Raise the limit with `ulimit -n`.' };
}

function checkTemporaryFiles(): Finding {
  const directory = tmpdir();
  const { bavail, bsize } = statfsSync(directory);
  const free = Math.round((bavail * bsize) / 2 ** 20);
  const text = `${free} MiB are free in ${directory}`;
  return free > 16 ? { outcome: 'ok', text } : { outcome: 'warning', text, remedy: 'Set TMPDIR to another directory.' };
}

async function checkWorker(options: object): Promise<Finding> {
  const started = now();
  // oxlint-disable-next-line typescript/no-explicit-any -- either driver
  const worker = await createWorker<Record<string, { payload: void; result: unknown }>, any>(options as never);
  const millis = Math.round(now() - started);
  await worker.send('ping' as never);
  await worker.close();
  return { outcome: 'ok', text: `it started in ${millis} ms and answered` };
}
