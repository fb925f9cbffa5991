import { readFileSync } from 'node:fs';

/** Of each page that the kernel counts. There are other sizes on some arm64 systems: `pageSize` measures. */
let page: number | undefined;

/** The bytes of resident memory of a process; `undefined` where that is not known. */
export function rssOf(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined;
  const pages = residentPages(String(pid));
  return pages === undefined ? undefined : pages * pageSize();
}

function residentPages(process: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${process}/statm`, 'latin1').split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** This process's own memory is told in both units. Page sizes are powers of two. */
function pageSize(): number {
  const pages = residentPages('self');
  page ??= pages === undefined ? 4096 : 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages));
  return page;
}
