import { availableParallelism } from 'node:os';

import type { HostChannel, ProcessorUse } from '../drivers/host-channel.js';
import { clearInterval, now, setInterval } from '../util/primordials.js';

/** How many processes and threads may be starting at once: more of them would only take the processor from each other. */
const MOST = Math.max(4, availableParallelism() * 2);
/** How often the host checks whether a start still uses the processor, in milliseconds. */
export const POLL_INTERVAL = 100;
/** How long a start counts if nobody knows whether it uses the processor, in milliseconds. */
const BLIND = 1000;

let running = 0;
const waiting: (() => void)[] = [];

/** Resolves when another process or thread may start, with a function that reports the end of the start. */
export async function acquireStart(): Promise<() => void> {
  if (running < MOST) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  };
}

/** Lets another start begin while this one waits for something else than the processor: perhaps for that other start. */
export function watchStart(channel: Starting, over: Promise<unknown>, leave: () => void): void {
  const since = now();
  const progress = new Progress(channel);
  const timer = setInterval(() => {
    const goesOn = progress.look();
    const isIdle = goesOn === undefined ? now() - since >= BLIND : !goesOn;
    if (isIdle && waiting.length > 0) end();
  }, POLL_INTERVAL);
  const end = () => {
    clearInterval(timer);
    leave();
  };
  over.then(end, end);
}

type Starting = Pick<HostChannel, 'used' | 'movesValues'>;

/** So many successive polls may find a thread idle: it may wait for the few threads that work for all threads of a process. */
const MOST_IDLE_POLLS = 10;

/** Whether a start goes on. */
export class Progress {
  private before: ProcessorUse | undefined;
  private idlePolls = 0;

  constructor(private readonly channel: Starting) {
    this.before = channel.used?.();
  }

  /** The processor time that it had used at the last poll, in milliseconds. */
  get millis(): number | undefined {
    return this.before?.millis;
  }

  /** Whether it has used the processor since the last poll, or would if it could; `undefined`: nobody knows. */
  look(): boolean | undefined {
    const { before, channel } = this;
    const after = channel.used?.();
    this.before = after;
    if (after === undefined) return undefined;
    const isIdle = !after.isBusy && after.millis <= (before?.millis ?? 0);
    this.idlePolls = isIdle ? this.idlePolls + 1 : 0;
    return this.idlePolls < (channel.movesValues ? MOST_IDLE_POLLS : 1);
  }
}
