import { readdirSync } from 'node:fs';

import type { ProcessorUse } from '../host-channel.js';
import { useOf } from '../process/processor-use.js';

const TASKS = '/proc/self/task';

/** The threads of this process, as the system names them; `undefined` where it does not. */
function threads(): string[] | undefined {
  try {
    return readdirSync(TASKS);
  } catch {
    return undefined;
  }
}

/** What `act` gives, and what tells the processor use of the thread that it has started; `undefined` where that is not known. */
export function watchingThread<T>(act: () => T): [result: T, used: (() => ProcessorUse | undefined) | undefined] {
  const before = threads();
  const result = act();
  if (before === undefined) return [result, undefined];
  const known = new Set(before);
  const [thread, ...others] = threads()?.filter((each) => !known.has(each)) ?? [];
  // Another thread of this process may have started one at the same moment: nothing tells them apart.
  if (thread === undefined || others.length > 0) return [result, undefined];
  return [result, () => useOf(`${TASKS}/${thread}`)];
}
