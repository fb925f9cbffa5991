import type { Log } from './logger.js';
import { setTimeout } from '../util/primordials.js';
import { printable } from '../util/printable.js';

/** How long further messages of a kind are only counted after one was logged, in milliseconds. */
const PERIOD = 1000;
/** How many kinds of messages of a peer are distinguished. */
const MOST_KINDS = 64;
const LONGEST = 1000;

/** One kind of message that was logged recently. */
interface RecentLog {
  suppressed: number;
}

const logs = new WeakMap<Log, Map<string, RecentLog>>();

/**
 * Logs messages that a peer can cause at will: one of each kind a second, then how many more there were. It escapes
 * text that could affect a terminal.
 */
export function logLimited(log: Log, level: 'warn' | 'error', message: string, ...details: unknown[]): void {
  const kinds = logs.get(log) ?? new Map<string, RecentLog>();
  logs.set(log, kinds);
  const text = printable(message, LONGEST);
  const kind = kinds.size < MOST_KINDS ? kindOf(text) : 'others';
  const recent = kinds.get(kind);
  if (recent !== undefined) {
    recent.suppressed++;
    return;
  }
  const own: RecentLog = { suppressed: 0 };
  kinds.set(kind, own);
  log(level, text, ...details);
  setTimeout(() => {
    kinds.delete(kind);
    if (own.suppressed === 0) return;
    const { suppressed: count } = own;
    log(
      level,
      `${count} more of this kind came within a second and ${count === 1 ? 'was' : 'were'} not logged: ${text}`,
    );
  }, PERIOD).unref();
}

/** A text without its variable parts: names and numbers. */
function kindOf(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\d+/g, '').slice(0, 100);
}
