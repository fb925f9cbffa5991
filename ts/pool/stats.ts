import type { PoolStats } from '../types/worker-pool.js';
import { now } from '../util/primordials.js';
import type { Dispatch } from './dispatch.js';

export function statsOf({ fleet, scheduler, settings, figures }: Dispatch): PoolStats {
  const { serving, starter } = fleet;
  const busy = serving.filter(({ inFlight }) => inFlight > 0).length;
  // Of a worker that runs any number at once, one place is counted.
  const places = settings.concurrency === Infinity ? 1 : settings.concurrency;
  let { used, there } = fleet.past;
  const time = now();
  for (const member of fleet.members) {
    const use = member.use(time, places);
    used += use.used;
    there += use.there;
  }
  return {
    workers: serving.length,
    starting: starter.inProgress,
    spares: fleet.spares.size,
    idle: serving.length - busy,
    busy,
    queued: scheduler.queued,
    inFlight: figures.inFlight,
    completed: figures.completed,
    failed: figures.failed,
    crashed: fleet.crashed,
    recycled: fleet.recycled,
    utilization: there === 0 ? 0 : Math.min(used / there, 1),
    waitTime: figures.waitTime.summary(),
    runTime: figures.runTime.summary(),
  };
}
