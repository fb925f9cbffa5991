import { readdirSync, readFileSync } from 'node:fs';

import type { ProcessorUse } from '../host-channel.js';

/** The clock tick of Linux, in milliseconds. */
const TICK = 10;
/** Fields behind the name of the program. */
const STATE = 0;
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** `undefined`: the process has ended, or the system does not report it this way. */
export function processorUse(pid: number): ProcessorUse | undefined {
  const use = useOf(`/proc/${pid}`);
  return use === undefined ? undefined : { ...use, isBusy: isAnyBusy(pid) };
}

/** What one thread has used, or one process with its first thread: `folder` has the file `stat` of it. */
export function useOf(folder: string): ProcessorUse | undefined {
  const fields = fieldsOf(folder);
  if (fields === undefined) return undefined;
  return { millis: (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * TICK, isBusy: isBusy(fields) };
}

function isBusy(fields: readonly string[] | undefined): boolean {
  const state = fields?.[STATE];
  return state === 'R' || state === 'D';
}

/** Another thread than the waiting one reads a file. */
function isAnyBusy(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => isBusy(fieldsOf(`/proc/${pid}/task/${thread}`)));
  } catch {
    return false;
  }
}

function fieldsOf(folder: string): string[] | undefined {
  try {
    const text = readFileSync(`${folder}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
