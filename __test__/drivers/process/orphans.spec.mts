// A worker does not outlive its host, whatever the worker is doing and however the host ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker as Thread } from 'node:worker_threads';

import { endProcess } from '../../fixtures/faults/support.mjs';
import { lives } from '../../fixtures/lives/support.mjs';
import { gone, isGone } from '../../fixtures/processes.mjs';
import { rounds } from '../../fixtures/rounds.mjs';

/** How soon after its host's death a worker is gone, in milliseconds: 600 for it to end by itself, then it is killed. */
const BOUND = 1_000;
/** For a machine that has more to do than this. */
const SLACK = 2_000;

/** Runs `host.mjs`; resolves when each of its workers, and each of theirs, is at what it is to do. */
async function startHost(t: TestContext, kinds: readonly string[]) {
  const child = spawn(process.execPath, [fileURLToPath(lives('host.mjs')), kinds.join(',')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const pids: number[] = [];
  t.after(() => [child.pid as number, ...pids].forEach(endProcess));
  const expected = kinds.length + kinds.filter((kind) => kind.startsWith('nest-')).length;
  const ended = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    pids.push(Number(line.slice('busy '.length)));
    if (pids.length === expected) break;
  }
  assert.equal(pids.length, expected, 'the host has ended too early');
  return { pids, end: (how: string) => child.stdin.write(how), kill: () => child.kill('SIGKILL'), ended };
}

const kinds = {
  idle: 'waits for messages',
  spin: 'spins in an endless loop',
  wait: 'blocks in Atomics.wait',
  pbkdf2: 'is in a long native call',
  exit: 'never comes to the end of an exit handler',
  disconnected: 'is disconnected',
};

describe('A worker of a host that is killed with SIGKILL is gone within a second', () => {
  for (const [kind, what] of Object.entries(kinds)) {
    test(`where it ${what}`, async (t) => {
      const host = await startHost(t, [kind]);
      host.kill();
      await gone(host.pids[0] as number, BOUND + SLACK);
    });
  }

  test('where its host has 8 blocked workers', async (t) => {
    const host = await startHost(t, ['spin', 'wait', 'wait', 'pbkdf2', 'wait', 'wait', 'wait', 'exit']);
    host.kill();
    await Promise.all(host.pids.map((pid) => gone(pid, BOUND + SLACK)));
  });

  for (const kind of ['nest-idle', 'nest-spin', 'nest-wait']) {
    test(`with the worker that it has started, within a second more (${kind})`, async (t) => {
      const host = await startHost(t, [kind]);
      assert.equal(host.pids.length, 2);
      host.kill();
      await Promise.all(host.pids.map((pid) => gone(pid, 2 * BOUND + SLACK)));
    });
  }
});

describe('A blocked worker is gone within a second', () => {
  for (const how of ['abort', 'throw', 'exit']) {
    test(`after the end of a host by ${how}`, async (t) => {
      const host = await startHost(t, ['spin', 'wait', 'idle']);
      host.end(how);
      await host.ended;
      await Promise.all(host.pids.map((pid) => gone(pid, BOUND + SLACK)));
    });
  }
});

describe('A worker of a host that is a thread is gone within a second of its end', () => {
  for (const kind of ['idle', 'spin', 'wait', 'disconnected']) {
    test(`where it ${kinds[kind as keyof typeof kinds]}`, async (t) => {
      const host = new Thread(lives('thread-host.mjs'), { argv: [kind] });
      t.after(() => host.terminate());
      const [pid] = (await once(host, 'message')) as [number];
      t.after(() => endProcess(pid));
      await host.terminate();
      await gone(pid, BOUND + SLACK);
    });
  }
});

test('The death of one host does not touch the workers of another', async (t) => {
  const [dead, alive] = await Promise.all([startHost(t, ['spin', 'idle']), startHost(t, ['wait', 'idle'])]);
  dead.kill();
  await Promise.all(dead.pids.map((pid) => gone(pid, BOUND + SLACK)));
  for (const pid of alive.pids) assert.equal(isGone(pid), false);
  alive.kill();
  await Promise.all(alive.pids.map((pid) => gone(pid, BOUND + SLACK)));
});

const ROUNDS = rounds(2, 25);

describe(`Of ${4 * ROUNDS} hosts that are killed at random, no worker is left`, () => {
  const AT_ONCE = 3;
  const seed = Date.now() % 2 ** 31;

  for (const part of [1, 2, 3, 4]) {
    test(`is true in part ${part} of 4`, async (t) => {
      t.diagnostic(`seed ${seed + part}`);
      const random = generator(seed + part);
      const choose = <T,>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
      const plans = Array.from({ length: ROUNDS }, () => [choose(Object.keys(kinds)), choose(['idle', 'spin'])]);
      const run = async () => {
        for (let plan = plans.pop(); plan !== undefined; plan = plans.pop()) {
          const host = await startHost(t, plan);
          host.kill();
          await Promise.all(host.pids.map((pid) => gone(pid, BOUND + SLACK)));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, run));
    });
  }
});

/** The same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) / 2 ** 23;
  };
}
