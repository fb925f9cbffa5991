import { Serializer } from 'node:v8';

/** Whether this runtime has V8's serializer; Bun has only its name. */
export const hasSerializer: boolean = (() => {
  try {
    new Serializer().writeHeader();
    return true;
  } catch {
    return false;
  }
})();

export function noSerializer(): Error {
  return new TypeError(
    'this runtime has no v8.Serializer, which errors and patterns need. Send plain data, dates, maps, sets or bytes, or use ' +
      'WorkerThreadsDriver',
  );
}
