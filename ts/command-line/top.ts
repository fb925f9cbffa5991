import { detachedSockets } from '../detached/named-sockets.js';
import { delay } from '../util/delay.js';
import { now } from '../util/primordials.js';
import { askWorker, type Answer, useOf } from './detached-workers.js';
import { formatTable } from './table.js';

const TIMEOUT = 500;
const INTERVAL = 1_000;

interface Row extends Pick<Answer, 'pid' | 'state' | 'blockedFor'> {
  readonly name: string;
  /** In bytes. */
  readonly rss: number | undefined;
  /** Of one processor, since the last look. */
  readonly cpuPercent: number | undefined;
}

/** Lists the detached workers of this user; in a terminal again and again, until Ctrl+C. Resolves with the exit code. */
export async function top({ json, once }: { json: boolean; once: boolean }): Promise<number> {
  const isLive = process.stdout.isTTY && !json && !once;
  const seen = new Map<number, { at: number; cpuMillis: number }>();
  await look(seen);
  // The use of the processor is a difference of two looks.
  await delay(100);
  for (;;) {
    const rows = await look(seen);
    if (json) console.log(JSON.stringify(rows));
    else process.stdout.write(`${isLive ? '\u001B[H\u001B[2J' : ''}${tableOf(rows)}\n`);
    if (!isLive) return 0;
    await delay(INTERVAL);
  }
}

async function look(seen: Map<number, { at: number; cpuMillis: number }>): Promise<Row[]> {
  const answers = await Promise.all(
    detachedSockets().map(async ({ name, path }) => ({ name, ...(await askWorker(path, TIMEOUT)) })),
  );
  return answers
    .filter(({ state }) => state !== 'gone')
    .map(({ name, pid, state, blockedFor }) => {
      const use = pid === undefined ? undefined : useOf(pid);
      const before = pid === undefined ? undefined : seen.get(pid);
      const at = now();
      if (pid !== undefined && use !== undefined) seen.set(pid, { at, cpuMillis: use.cpuMillis });
      const cpuPercent =
        use === undefined || before === undefined
          ? undefined
          : Math.round((100 * (use.cpuMillis - before.cpuMillis)) / (at - before.at));
      return { name, pid, state, ...(blockedFor === undefined ? {} : { blockedFor }), rss: use?.rss, cpuPercent };
    });
}

function tableOf(rows: readonly Row[]): string {
  if (rows.length === 0) return 'no detached worker of this user is running';
  return formatTable(
    ['NAME', 'PID', 'STATE', 'MEMORY', 'CPU'],
    rows.map(({ name, pid, state, blockedFor, rss, cpuPercent }) => [
      name,
      String(pid ?? '-'),
      blockedFor === undefined ? state : `${state} for ${blockedFor} ms`,
      rss === undefined ? '-' : `${Math.round(rss / 2 ** 20)} MiB`,
      cpuPercent === undefined ? '-' : `${cpuPercent} %`,
    ]),
  );
}
