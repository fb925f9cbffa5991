// Measures the pools in turns, in a process of its own that run.mjs may pin to one CPU; sends it what it found.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { ideal, overhead, peers } from './peers.mjs';
import { bytes, computeAll, countOf, echoes, MILLIS } from './scenarios.mjs';
import tasks from './workers/tasks.cjs';

const { rounds, scale, workers, only } = JSON.parse(process.argv[2]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** What takes longer has lost an answer. */
const PATIENCE = 120_000;

const chosen = peers.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
const results = { peers: {}, overhead: {}, ideal: {} };
const perMilli = calibrate();

for (let round = 0; round < rounds; round++) {
  // Every round starts with another one, so that none always runs after the same one.
  for (const peer of turned(chosen, round)) await measurePeer(peer);
  for (const peer of turned(overhead, round)) await measureOverhead(peer);
  await measureIdeal();
  process.stderr.write(`  round ${round + 1} of ${rounds}\n`);
}
process.send({ results, pids: [] });

async function measurePeer(peer) {
  for (const { name, inFlight, work, measure } of [...echoes, bytes]) {
    await note(results.peers, peer, name, inFlight, (pool) => measured(pool, measure, work));
  }
  for (const millis of MILLIS) {
    const count = countOf(millis, workers, scale);
    await note(results.peers, peer, `${millis} ms of work`, 1, async (pool) => {
      await computeAll(pool, workers * 4, perMilli);
      return computeAll(pool, count, Math.round(millis * perMilli));
    });
  }
  await noteStart(peer);
}

async function noteStart(peer) {
  const begun = performance.now();
  await within(peer, 'start to first result', async () => {
    const pool = await peer.start(workers, 1);
    await pool.run('echo', 1);
    keep(results.peers, peer, 'start to first result', performance.now() - begun);
    await pool.stop();
  });
}

async function measureOverhead(peer) {
  for (const { name, inFlight, work, measure } of echoes) {
    await note(results.overhead, peer, name, inFlight, (pool) => measured(pool, measure, work), 1);
  }
}

async function measureIdeal() {
  const pool = await ideal.start(workers);
  for (const millis of MILLIS) {
    const count = countOf(millis, workers, scale);
    await pool.runAll(count, Math.round(perMilli / 10));
    const begun = performance.now();
    await pool.runAll(count, Math.round(millis * perMilli));
    keep(results.ideal, ideal, `${millis} ms of work`, performance.now() - begun);
  }
  await pool.stop();
}

/** A lead-in that is not timed, then the turn itself. */
async function measured(pool, measure, work) {
  const count = Math.max(2, Math.round(work * scale));
  await measure(pool, Math.ceil(count / 2));
  collectGarbage({ type: 'minor' });
  return measure(pool, count);
}

/** Each scenario has a pool of its own, which is there when time begins to count. */
async function note(into, peer, name, inFlight, measure, size = workers) {
  await within(peer, name, async () => {
    const pool = await peer.start(size, inFlight);
    await Promise.all(Array.from({ length: size * 8 }, () => pool.run('echo', 1)));
    keep(into, peer, name, await measure(pool));
    await pool.stop();
  });
}

async function within(peer, name, act) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${peer.name}: ${name} took more than ${PATIENCE / 1000} s`)), PATIENCE);
  });
  try {
    await Promise.race([act(), late]);
  } catch (error) {
    throw new Error(`${peer.name}: ${name}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function keep(into, { name: peer }, name, value) {
  ((into[peer] ??= {})[name] ??= []).push(value);
}

function turned(all, round) {
  return all.map((_, index) => all[(index + round) % all.length]);
}

/** How many rounds of work take a millisecond here. */
function calibrate() {
  const trial = 2e6;
  const times = Array.from({ length: 15 }, () => {
    const begun = performance.now();
    tasks.tasks.compute(trial);
    return performance.now() - begun;
  });
  return trial / times.toSorted((a, b) => a - b)[3];
}
