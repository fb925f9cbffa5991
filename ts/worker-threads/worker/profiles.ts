import type { Session } from 'node:inspector';

import type { ProfileKind } from '../host/profile-handle.js';
import { heapProfileStarted } from '../errors.js';

interface Running {
  readonly kind: ProfileKind;
  readonly session: Session;
}

const COMMANDS = {
  Cpu: { enable: 'Profiler.enable', start: 'Profiler.start', stop: 'Profiler.stop' },
  Heap: { enable: 'HeapProfiler.enable', start: 'HeapProfiler.startSampling', stop: 'HeapProfiler.stopSampling' },
} as const;

/** The profiles of this process that its host takes. */
export class Profiles {
  private readonly running = new Map<number, Running>();
  private last = 0;

  /** @returns The number of the profile. */
  async start(kind: ProfileKind): Promise<number> {
    // There may be any number of the other kind.
    const isTaken = kind === 'Heap' && [...this.running.values()].some((each) => each.kind === kind);
    if (isTaken) throw heapProfileStarted();
    const number = ++this.last;
    // Only where it is used: it takes milliseconds to load.
    const { Session } = await import('node:inspector');
    const session = new Session();
    this.running.set(number, { kind, session });
    session.connect();
    await post(session, COMMANDS[kind].enable);
    await post(session, COMMANDS[kind].start);
    return number;
  }

  /** @returns The profile as JSON. */
  async stop(number: number): Promise<string> {
    const { kind, session } = this.running.get(number) as Running;
    this.running.delete(number);
    const { profile } = (await post(session, COMMANDS[kind].stop)) as { profile: unknown };
    session.disconnect();
    return JSON.stringify(profile);
  }
}

function post(session: Session, command: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(command, (error, result) => (error === null ? resolve(result) : reject(error as Error)));
  });
}
