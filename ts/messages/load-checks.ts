import type * as MiddlewareChains from './middleware-chain.js';
import type * as Validators from './validators.js';

type Chains = ReturnType<typeof MiddlewareChains.MiddlewareChain.pair>;

/** The validators of messages that this side handles; `undefined`: no check. */
export function handledChecks(messages: unknown, side: Validators.Side, option: string): Validators.Checks | undefined {
  return messages === undefined ? undefined : checks().Checks.ofHandled(messages, side, option);
}

/** The validators of answers. */
export function answeredChecks(
  messages: unknown,
  side: Validators.Side,
  option: string,
): Validators.Checks | undefined {
  return messages === undefined ? undefined : checks().Checks.ofAnswered(messages, side, option);
}

/** As `MiddlewareChain.pair`. */
export function middlewareChains(option: unknown, isChecked: boolean): Chains {
  return option === undefined && !isChecked ? {} : checks().MiddlewareChain.pair(option, isChecked);
}

/** A file of its own, which only programs with such options load. */
function checks(): typeof MiddlewareChains & typeof Validators {
  return require('./checks.cjs') as typeof MiddlewareChains & typeof Validators;
}
