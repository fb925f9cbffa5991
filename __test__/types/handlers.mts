import type { Handler, Handlers, PayloadOf, ResultPayloadOf } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export const payloadsAreInferredAndHandlersMayBeAsync: Handlers<Messages> = {
  load: async (payload) => {
    type _ = Expect<Equal<typeof payload, { config: string }>>;
    return { loaded: true };
  },
  compute: ({ values }) => ({ sum: values.reduce((sum, value) => sum + value, 0) }),
  count: () => 1,
  log: async () => {},
  shutdown() {},
};

const rest = { compute: () => ({ sum: 0 }), count: () => 0, log: () => {}, shutdown: () => {} };

// @ts-expect-error One is missing.
export const everyTypeHasAHandler: Handlers<Messages> = { ...rest };

export const noHandlerIsUnknown: Handlers<Messages> = {
  ...rest,
  load: () => ({ loaded: true }),
  // @ts-expect-error
  unload: () => {},
};

export const aResultMayNotMissAProperty: Handlers<Messages> = {
  ...rest,
  // @ts-expect-error
  load: () => ({}),
};

export const aResultMayNotHaveTheWrongType: Handlers<Messages> = {
  ...rest,
  // @ts-expect-error
  load: () => ({ loaded: false }),
};

export const anAsyncResultMayNotHaveTheWrongType: Handlers<Messages> = {
  ...rest,
  // @ts-expect-error
  load: async () => ({ loaded: 'yes' }),
};

export const aResultMayNotBeMissing: Handlers<Messages> = {
  ...rest,
  // @ts-expect-error
  load: async () => {},
};

export const aResultMayNotBeGivenWhereNoneIsExpected: Handlers<Messages> = {
  ...rest,
  load: () => ({ loaded: true }),
  // @ts-expect-error
  log: async () => 5,
};

export const aPayloadHasOnlyItsProperties: Handlers<Messages> = {
  ...rest,
  load: (payload) => {
    // @ts-expect-error
    payload.verbose;
    return { loaded: true };
  },
};

export const aPayloadMayNotBeTakenForAnother: Handlers<Messages> = {
  ...rest,
  // @ts-expect-error
  load: (payload: { config: number }) => ({ loaded: payload.config > 0 }),
};

export const aDeclaredResultMayNotHaveMoreProperties: Handlers<Messages> = {
  ...rest,
  load: (): ResultPayloadOf<Messages, 'load'> => ({
    loaded: true,
    // @ts-expect-error
    verbose: true,
  }),
};

export const oneHandlerMayBeDeclaredAlone: Handler<Messages, 'load'> = async (payload) => {
  payload satisfies PayloadOf<Messages, 'load'>;
  return { loaded: true };
};

export const handlersMayBeAnyFunctionsWithoutMessageTypes: Handlers = {
  anything: (payload) => payload,
};
