import { setTimeout as delay } from 'node:timers/promises';

import { defineMessages, type MessageSchemas } from '../index.js';
import { memberOf, numberTo, schema } from './schemas.js';

/** Messages whose payloads, results, chunks or progress have validators. */
export interface CheckedMessages {
  /** Stores the unit; answers with text. A width of 0 makes an invalid result. */
  checked: { payload: { caseId: string; width: unknown; unit?: string }; result: { text: string } };
  /** Its validator takes this many milliseconds; answers with the output of the validator. */
  checkedSlowly: { payload: { caseId: string; key: string; ms: unknown }; result: unknown };
  /** Its validator throws. */
  checkedBroken: { payload: { caseId: string }; result: void };
  /** Streams its payload. */
  checkedNumbers: { payload: readonly unknown[]; stream: unknown; result: number };
  /** Sums its input. */
  checkedTotal: { payload: void; input: unknown; result: number };
  /** Reports its payload as progress. */
  checkedSteps: { payload: readonly unknown[]; progress: unknown; result: number };
  /** Stores the value. */
  checkedNote: { payload: { caseId: string; value: unknown } };
}

/** The validators of {@link CheckedMessages}, for both sides. */
export const checkedMessages: MessageSchemas = defineMessages({
  checked: {
    payload: memberOf('width', 'number', (payload) => ({ unit: 'm', ...payload })),
    result: memberOf('text', 'string', ({ text }) => ({ text: String(text).toUpperCase() })),
  },
  checkedSlowly: {
    payload: schema(async (value) => {
      const payload = value as { ms: unknown };
      if (typeof payload.ms !== 'number') return { issues: [{ message: 'must be a number', path: [{ key: 'ms' }] }] };
      await delay(payload.ms);
      return { value: { ...payload, checked: true } };
    }),
  },
  checkedBroken: {
    payload: schema(() => {
      throw new RangeError('fell over');
    }),
  },
  checkedNumbers: { stream: numberTo((value) => value * 10) },
  checkedTotal: { input: numberTo((value) => value + 1) },
  checkedSteps: { progress: numberTo((value) => `${value} m`) },
  checkedNote: { payload: memberOf('value', 'number', (payload) => payload) },
});

/** The validators of calls to the host. */
export const checkedHostMessages: MessageSchemas = defineMessages({
  hostChecked: {
    payload: memberOf('id', 'number', (payload) => ({ ...payload, checked: true })),
    result: memberOf('cents', 'number', ({ cents }) => ({ cents: Number(cents), currency: 'EUR' })),
  },
  hostNumbers: { stream: numberTo() },
});
