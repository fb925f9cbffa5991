import path from 'node:path';

import { invalidOption } from '../errors/worker-error.js';
import type { Driver } from '../types/driver.js';
import type { WorkerSettings } from './settings.js';

/** The longest name that a pool gets from its script, in characters: the script of a user's driver may be source text. */
const LONGEST = 255;

/** The name that was given, or the last part of the script's path; for what is no path, the driver's name. */
export function nameOfPool({ name, script }: WorkerSettings, driver: Driver): string {
  if (name !== undefined) {
    if (typeof name !== 'string') throw invalidOption('name', 'a string', name);
    return name;
  }
  const last = path.basename(String(script));
  return last === '' || last.length > LONGEST || last.includes('\n') ? driver.name : last;
}
