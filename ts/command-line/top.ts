import { detachedSockets } from '../detached/named-sockets.js';
import { delay } from '../util/delay.js';
import { now } from '../util/primordials.js';
import { askForReport, askWorker, type Answer, useOf } from './detached-workers.js';
import { formatTable } from './table.js';

const TIMEOUT = 500;
const INTERVAL = 1_000;
/** Rates are differences of two looks: how long the first one precedes the list, in milliseconds. */
const FIRST_LOOK = 400;

/** `undefined`: unknown. */
interface Row extends Pick<Answer, 'pid' | 'state' | 'blockedFor'> {
  readonly name: string;
  readonly driver: 'child_process';
  /** In bytes. */
  readonly rss: number | undefined;
  /** Of one processor, since the last look. */
  readonly cpuPercent: number | undefined;
  /** How many hosts are connected. */
  readonly hosts: number | undefined;
  /** Requests and notifications whose handlers run or wait. */
  readonly inFlight: number | undefined;
  /** Requests and notifications that were handled in a second, since the last look. */
  readonly perSecond: number | undefined;
  /** From the arrival of a message to its answer: the mean since the last look, in milliseconds. */
  readonly latencyMs: number | undefined;
}

/** The counters of one worker at one time. */
interface Look {
  readonly at: number;
  readonly cpuMillis: number | undefined;
  readonly answered: number | undefined;
  readonly measured: number | undefined;
  readonly millis: number | undefined;
}

/** Lists the detached workers of this user; in a terminal again and again, until Ctrl+C. Resolves with the exit code. */
export async function top({ json, once }: { json: boolean; once: boolean }): Promise<number> {
  const isLive = process.stdout.isTTY && !json && !once;
  const seen = new Map<number, Look>();
  await look(seen);
  await delay(FIRST_LOOK);
  for (;;) {
    const rows = await look(seen);
    if (json) console.log(JSON.stringify(rows));
    else process.stdout.write(`${isLive ? '\u001B[H\u001B[2J' : ''}${tableOf(rows)}\n`);
    if (!isLive) return 0;
    await delay(INTERVAL);
  }
}

async function look(seen: Map<number, Look>): Promise<Row[]> {
  const rows = await Promise.all(detachedSockets().map(({ name, path }) => rowOf(name, path, seen)));
  return rows.filter(({ state }) => state !== 'gone');
}

async function rowOf(name: string, path: string, seen: Map<number, Look>): Promise<Row> {
  const [answer, report] = await Promise.all([askWorker(path, TIMEOUT), askForReport(path, TIMEOUT)]);
  const { pid, state, blockedFor } = answer;
  const use = pid === undefined ? undefined : useOf(pid);
  const { answered, measured, millis } = report ?? {};
  const before = pid === undefined ? undefined : seen.get(pid);
  const current: Look = { at: now(), cpuMillis: use?.cpuMillis, answered, measured, millis };
  if (pid !== undefined) seen.set(pid, current);
  /** By how much a counter grew; `undefined` where one of the two looks does not know it. */
  const grown = (counter: Exclude<keyof Look, 'at'>): number | undefined => {
    const [is, was] = [current[counter], before?.[counter]];
    return is === undefined || was === undefined ? undefined : is - was;
  };
  const passed = before === undefined ? undefined : current.at - before.at;
  const [cpu, handled, timed, took] = [grown('cpuMillis'), grown('answered'), grown('measured'), grown('millis')];
  return {
    name,
    driver: 'child_process',
    pid,
    state,
    ...(blockedFor === undefined ? {} : { blockedFor }),
    rss: use?.rss,
    cpuPercent: cpu === undefined || passed === undefined ? undefined : Math.round((100 * cpu) / passed),
    hosts: report?.hosts,
    inFlight: report?.inFlight,
    perSecond: handled === undefined || passed === undefined ? undefined : Math.round((1_000 * handled) / passed),
    latencyMs: took === undefined || timed === undefined || timed === 0 ? undefined : took / timed,
  };
}

function tableOf(rows: readonly Row[]): string {
  if (rows.length === 0) return 'no detached worker of this user is running';
  const known = (value: number | undefined, text = (is: number): string => String(is)) =>
    value === undefined ? '-' : text(value);
  return formatTable(
    ['NAME', 'PID', 'DRIVER', 'STATE', 'MEMORY', 'CPU', 'HOSTS', 'IN FLIGHT', 'RATE', 'LATENCY'],
    rows.map((row) => [
      row.name,
      known(row.pid),
      row.driver,
      row.blockedFor === undefined ? row.state : `${row.state} for ${row.blockedFor} ms`,
      known(row.rss, (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`),
      known(row.cpuPercent, (percent) => `${percent} %`),
      known(row.hosts),
      known(row.inFlight),
      known(row.perSecond, (rate) => `${rate}/s`),
      known(row.latencyMs, (millis) => `${millis < 10 ? millis.toFixed(2) : Math.round(millis)} ms`),
    ]),
  );
}
