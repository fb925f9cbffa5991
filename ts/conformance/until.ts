import type { ConformanceWorker, Stage } from './harness.js';

/** Resolves when the worker has stored this for the case. */
export async function untilNoted(stage: Stage, worker: ConformanceWorker, note: string): Promise<unknown[]> {
  for (;;) {
    const notes = await worker.send('noted', { caseId: stage.caseId });
    if (notes.includes(note)) return notes;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Resolves when the stream with this key has ended in the worker, with its number of chunks. */
export async function untilEnded(stage: Stage, worker: ConformanceWorker, key: string): Promise<number> {
  for (;;) {
    const { made, ended } = await worker.send('made', { caseId: stage.caseId, key });
    if (ended) return made;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Resolves with the number of chunks of the stream, when it pauses for a while. */
export async function untilStill(stage: Stage, worker: ConformanceWorker, key: string): Promise<number> {
  let before = -1;
  for (let same = 0; ;) {
    const { made } = await worker.send('made', { caseId: stage.caseId, key });
    same = made === before && made > 0 ? same + 1 : 0;
    if (same === 20) return made;
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
