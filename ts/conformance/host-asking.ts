import { getHost, type Handlers } from '../index.js';
import type { ConformanceHostMessages, ConformanceMessages } from './messages.js';

type All = Handlers<ConformanceMessages>;

/** Handlers that call the host. */
export const hostHandlers: Pick<All, 'ask' | 'askStream' | 'askTotal' | 'tell' | 'ping' | 'echoByHost'> = {
  async ask({ type, payload, timeout, abortAfter }, { host }) {
    const signal = abortAfter === undefined ? undefined : AbortSignal.timeout(abortAfter);
    try {
      return { value: await host.send(type, payload, { timeout, signal }) };
    } catch (error) {
      const { name, message, code } = error as Error & { code?: unknown };
      return { name, message, code };
    }
  },
  async askStream({ count, most = Infinity }) {
    const stream = getHost<ConformanceHostMessages>().stream('hostNumbers', count);
    const chunks: number[] = [];
    for await (const chunk of stream) if (chunks.push(chunk) >= most) break;
    return most === Infinity ? { chunks, result: await stream.result } : { chunks };
  },
  askTotal: async (count, { worker }) =>
    (await worker.host.send('hostTotal', undefined, {
      input: Array.from({ length: count }, (_, index) => index),
    })) as number,
  echoByHost: (payload, { host }) => host.send('hostEcho', payload),
  tell: (payload) => getHost<ConformanceHostMessages>().post('said', payload),
  ping: async (depth, { host }) => (depth === 0 ? 0 : 1 + ((await host.send('hostPing', depth - 1)) as number)),
};
