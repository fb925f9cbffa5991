import type { Serializable } from 'node:worker_threads';

import { original, structuredClone } from './originals.js';

/** What each worker that this one starts gets a copy of. */
export const environmentData = new Map<unknown, unknown>();

export function getEnvironmentData(key: unknown): unknown {
  return environmentData.has(key) ? environmentData.get(key) : original.getEnvironmentData(key as Serializable);
}

/** Workers that are threads get it by Node's own. */
export function setEnvironmentData(key: unknown, value?: unknown): void {
  if (value === undefined) environmentData.delete(key);
  else environmentData.set(key, value);
  original.setEnvironmentData(key as Serializable, value as Serializable);
}

/** A copy, as a worker that is made now is to have it. */
export function snapshotOfEnvironment(): ReadonlyMap<unknown, unknown> {
  return environmentData.size === 0 ? environmentData : structuredClone(environmentData);
}
