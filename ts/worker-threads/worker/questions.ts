import { text } from 'node:stream/consumers';
import v8 from 'node:v8';

import type { Question } from '../host/backend.js';
import { Profiles } from './profiles.js';

const profiles = new Profiles();

/** The handlers for what a `Worker` object asks. */
export const questions: Record<Question, (argument: unknown) => unknown> = {
  getHeapStatistics: () => v8.getHeapStatistics(),
  startCpuProfile: () => profiles.start('Cpu'),
  startHeapProfile: () => profiles.start('Heap'),
  stopProfile: (number) => profiles.stop(number as number),
  cpuUsage: (previous) => process.cpuUsage(previous as NodeJS.CpuUsage | undefined),
  getHeapSnapshot: async (options) => Buffer.from(await text(v8.getHeapSnapshot(options as v8.HeapSnapshotOptions))),
};
