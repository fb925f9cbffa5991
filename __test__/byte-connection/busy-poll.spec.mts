// A thread that exchanges many messages spins for a moment before it sleeps.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gone } from '../fixtures/processes.mjs';

const run = promisify(execFile);

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/busy-poll/${name}`, import.meta.url));

interface Seen {
  readonly host: number;
  readonly worker: number;
  readonly timer: number;
  readonly immediate: number;
  readonly wrong: number;
}

interface Exchange {
  readonly driver?: string;
  readonly way?: 'send' | 'sendSync';
  readonly goal: 'polls' | 'no polls' | 'busy loop';
  readonly env?: NodeJS.ProcessEnv;
  readonly pinned?: readonly string[];
  /** The side, or the sides, whose option `busyPoll` is `false`. */
  readonly still?: 'host' | 'worker' | 'both' | 'beside';
}

/** Runs the host until its goal is reached, and ends it where that takes a minute. */
function exchange({ driver = 'child_process', way = 'send', goal, env, pinned = [], still }: Exchange): Promise<Seen> {
  const options = {
    env: { ...process.env, ...env, NODE_OPTIONS: `--require ${JSON.stringify(fixture('count.cjs'))}` },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  } as const;
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = [...pinned, process.execPath, fixture('host.mjs'), driver, way, goal, still ?? ''];
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as Seen);
      else reject(new Error(`${driver}, ${way}, ${goal}: ${error.signal ?? error.code} ${stderr}`));
    });
  });
}

const isAlone = Math.min(availableParallelism(), quota()) < 2;
const onTokio = process.env['ISOLATED_WORKERS_ENGINE'] === 'tokio';
const skipAlone = isAlone && 'with one processor nobody else could run meanwhile';
const skip = skipAlone || (onTokio && 'a thread of its own waits in this engine');
const off = { ISOLATED_WORKERS_BUSY_POLL: '0' };

for (const driver of ['child_process', 'worker_threads']) {
  test(`${driver}: host and worker spin before they sleep, and timers fire meanwhile`, { skip }, async () => {
    const { host, worker, timer, wrong } = await exchange({ driver, goal: 'polls' });
    assert.ok(host > 0 && worker > 0 && timer > 5);
    assert.equal(wrong, 0);
  });

  test(`${driver}: a host that sendSync blocks spins for the answer`, { skip: skipAlone }, async () => {
    const { host, wrong } = await exchange({ driver, way: 'sendSync', goal: 'polls' });
    assert.ok(host > 0);
    assert.equal(wrong, 0);
  });

  test(`${driver}: an event loop with other work never spins`, { skip }, async () => {
    const { host, immediate, wrong } = await exchange({ driver, goal: 'busy loop' });
    assert.deepEqual({ host, wrong }, { host: 0, wrong: 0 });
    assert.ok(immediate > 0);
  });

  for (const way of ['send', 'sendSync'] as const) {
    test(`${driver}, ${way}: ISOLATED_WORKERS_BUSY_POLL=0 stops both sides from spinning`, async () => {
      const { host, worker, wrong } = await exchange({ driver, way, goal: 'no polls', env: off });
      assert.deepEqual({ host, worker, wrong }, { host: 0, worker: 0, wrong: 0 });
    });

    test(`${driver}, ${way}: the option busyPoll: false stops both sides from spinning`, async () => {
      const { host, worker, wrong } = await exchange({ driver, way, goal: 'no polls', still: 'both' });
      assert.deepEqual({ host, worker, wrong }, { host: 0, worker: 0, wrong: 0 });
    });

    test(`${driver}, ${way}: busyPoll: false on one side stops that side`, async () => {
      for (const still of ['host', 'worker'] as const) {
        const counts = await exchange({ driver, way, goal: 'no polls', still });
        assert.deepEqual({ [still]: counts[still], wrong: counts.wrong }, { [still]: 0, wrong: 0 });
      }
    });
  }

  test(`${driver}: a host does not spin for one connection because another may`, async () => {
    const { host, worker, wrong } = await exchange({ driver, goal: 'no polls', still: 'beside' });
    assert.deepEqual({ host, worker, wrong }, { host: 0, worker: 0, wrong: 0 });
  });
}

test('Threads that end while they spin leave nothing behind', async () => {
  const { stdout } = await run(process.execPath, [fixture('ended-host.mjs')], {
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const { codes, pids } = JSON.parse(stdout) as { codes: number[]; pids: number[] };
  assert.deepEqual(codes, [1, 1, 1, 1]);
  assert.equal(pids.length, 4);
  for (const pid of pids) await gone(pid);
});

const skipPinning = process.platform !== 'linux' && 'taskset is a program of Linux';
test('Neither side spins on a single processor', { skip: skipPinning }, async () => {
  const { host, worker } = await exchange({ goal: 'no polls', pinned: ['taskset', '-c', firstProcessor()] });
  assert.deepEqual({ host, worker }, { host: 0, worker: 0 });
});

function firstProcessor(): string {
  const first = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  assert.ok(first !== undefined);
  return first;
}

/** How many processors a container may use, where its group says. */
function quota(): number {
  try {
    const [most, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').split(' ').map(Number);
    return (most as number) / (period as number) || Infinity;
  } catch {
    return Infinity;
  }
}
