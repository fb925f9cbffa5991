import { setTimeout as delay } from 'node:timers/promises';

import { getStartupData, type Handlers, withTransfer } from '../index.js';
import { checkedHandlers } from './checked-handlers.js';
import { makeConformanceFailure } from './failures.js';
import type { ConformanceMessages } from './messages.js';
import { hostHandlers } from './host-asking.js';
import { partHandlers } from './part-handlers.js';
import { getCaseState } from './case-state.js';
import { storeHandlers } from './store-handlers.js';

/**
 * The handlers of the workers of the conformance suite.
 *
 * @example
 * ```ts
 * await startWorkerServer<ConformanceMessages>(conformanceHandlers, { driver });
 * ```
 */
export const conformanceHandlers: Handlers<ConformanceMessages> = {
  echo: (payload) => payload,
  kindOf: (payload) => typeof payload,
  nothing: () => {},
  later: ({ ms, value }) => delay(ms, value),
  spoil(payload) {
    const seen = JSON.stringify(payload);
    payload['spoilt'] = true;
    return seen;
  },
  count({ caseId }) {
    const { counter } = getCaseState(caseId);
    counter.calls++;
    return counter;
  },
  note({ caseId, value }) {
    getCaseState(caseId).notes.push(value);
  },
  noted: ({ caseId }) => getCaseState(caseId).notes,
  hold: ({ caseId, key }) => new Promise((resolve) => getCaseState(caseId).held.set(key, () => resolve(key))),
  release({ caseId, keys }) {
    const { held } = getCaseState(caseId);
    let released = 0;
    for (const key of keys) {
      held.get(key)?.();
      if (held.delete(key)) released++;
    }
    return released;
  },
  fail({ caseId, failure }) {
    getCaseState(caseId).notes.push(failure);
    throw makeConformanceFailure(failure);
  },
  async reject({ caseId, failure }) {
    getCaseState(caseId).notes.push(failure);
    await Promise.resolve();
    throw makeConformanceFailure(failure);
  },
  unsendable: () => () => {},
  startupData: () => getStartupData(),
  sum(memory) {
    const bytes = new Uint8Array(memory);
    return { length: bytes.length, sum: bytes.reduce((sum, byte) => sum + byte, 0) };
  },
  fill({ length, value }) {
    const { buffer } = new Uint8Array(length).fill(value);
    return withTransfer(buffer, [buffer]);
  },
  add({ memory, number }) {
    Atomics.add(new Int32Array(memory), 0, number);
  },
  exit: (code) => process.exit(code),
  ...partHandlers,
  ...hostHandlers,
  ...checkedHandlers,
  ...storeHandlers,
};
