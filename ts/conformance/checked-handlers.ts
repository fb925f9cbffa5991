import type { Handlers } from '../index.js';
import type { CheckedMessages } from './checked-messages.js';
import type { ConformanceMessages } from './messages.js';
import { getCaseState } from './case-state.js';

/** Handlers of messages with validators. */
export const checkedHandlers: Pick<Handlers<ConformanceMessages>, keyof CheckedMessages> = {
  checked({ caseId, width, unit }) {
    getCaseState(caseId).notes.push(unit);
    return { text: width === 0 ? (0 as unknown as string) : `${String(width)} ${unit ?? 'units'}` };
  },
  checkedSlowly(payload) {
    getCaseState(payload.caseId).notes.push(payload.key);
    return payload;
  },
  checkedBroken: ({ caseId }) => void getCaseState(caseId).notes.push('called'),
  async *checkedNumbers(values) {
    yield* values;
    return values.length;
  },
  async checkedTotal(_, { input }) {
    let total = 0;
    for await (const chunk of input) total += chunk as number;
    return total;
  },
  checkedSteps(values, { progress }) {
    for (const value of values) progress(value);
    return values.length;
  },
  checkedNote: ({ caseId, value }) => void getCaseState(caseId).notes.push(value),
};
