// The most memory that a process has had so far, in MiB; `undefined` where the system does not tell.
import { readFileSync } from 'node:fs';

export function peakOf(pid = 'self') {
  try {
    const kibibytes = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
  } catch {
    return undefined;
  }
}
