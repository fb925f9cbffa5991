import type * as V8 from 'node:v8';

/** Whether this runtime has V8's serializer. Bun has only its name; for others, the question would load `node:v8` at each start. */
export const hasSerializer: boolean = process.versions.bun === undefined || writesHeader();

function writesHeader(): boolean {
  try {
    const { Serializer } = require('node:v8') as typeof V8;
    new Serializer().writeHeader();
    return true;
  } catch {
    return false;
  }
}

export function noSerializer(): Error {
  return new TypeError(
    'this runtime has no v8.Serializer, which errors and patterns need. Send plain data, dates, maps, sets or bytes, or use ' +
      'WorkerThreadsDriver',
  );
}
