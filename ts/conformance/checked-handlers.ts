import type { Handlers } from '../index.js';
import type { CheckedMessages } from './checked-messages.js';
import type { ConformanceMessages } from './messages.js';
import { getRoom } from './case-state.js';

/** Handlers of messages with validators. */
export const checkedHandlers: Pick<Handlers<ConformanceMessages>, keyof CheckedMessages> = {
  checked({ room, width, unit }) {
    getRoom(room).notes.push(unit);
    return { text: width === 0 ? (0 as unknown as string) : `${String(width)} ${unit ?? 'units'}` };
  },
  checkedSlowly(payload) {
    getRoom(payload.room).notes.push(payload.key);
    return payload;
  },
  checkedBroken: ({ room }) => void getRoom(room).notes.push('called'),
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
  checkedNote: ({ room, value }) => void getRoom(room).notes.push(value),
};
