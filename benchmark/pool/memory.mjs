// The peak of the resident memory of a host and its workers, for one pool in a process of its own; sends it to run.mjs.
import { readdirSync, readFileSync } from 'node:fs';

import { peers } from './peers.mjs';
import { bytes, echoes } from './scenarios.mjs';

const { peer: name, scale, workers } = JSON.parse(process.argv[2]);
const peer = peers.find((each) => each.name === name);

const pool = await peer.start(workers, 64);
await echoes[1].measure(pool, Math.round(echoes[1].work * scale));
await bytes.measure(pool, Math.max(1, Math.round(bytes.work * scale)));
const peak = [process.pid, ...children()].reduce((sum, pid) => sum + peakOf(pid), 0);
await pool.stop();
process.send({ results: peak, pids: [] });

function children() {
  const status = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/status`, 'latin1');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((pid) => new RegExp(`^PPid:\\s*${process.pid}$`, 'm').test(status(pid)))
    .map(Number);
}

/** In MiB. */
function peakOf(pid) {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;
}
