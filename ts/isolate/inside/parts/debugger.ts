// In place of ts/util/debugger.ts: no debugger stops an isolate.

export function debuggerCheck(): () => boolean {
  return () => false;
}
