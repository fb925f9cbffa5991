import { getHost, type Handlers } from '../index.js';
import type { ConformanceHostMessages, ConformanceMessages } from './messages.js';
import { getCaseState } from './case-state.js';
import { workerStore } from './contexts.js';
import type { StoreMessages } from './store-messages.js';

const current = (): string => workerStore.getStore() ?? 'none';
const host = () => getHost<ConformanceHostMessages>();

export const storeHandlers: Pick<Handlers<ConformanceMessages>, keyof StoreMessages> = {
  async store() {
    const before = current();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    return [before, current()];
  },
  noteStore: ({ caseId }) => void getCaseState(caseId).notes.push(current()),
  async *storeChunks() {
    yield current();
    await Promise.resolve();
    yield current();
    return current();
  },
  async storeInput(_, { input }) {
    const stores: string[] = [];
    for await (const chunk of input) if (chunk !== undefined) stores.push(current());
    return stores;
  },
  async askStore(user) {
    const ask = () => host().send('hostStore', undefined);
    try {
      return { value: await (user === undefined ? ask() : workerStore.run(user, ask)) };
    } catch (error) {
      const { name, message, code } = error as Error & { code?: unknown };
      return { name, message, code };
    }
  },
  async askStoreChunks(user) {
    const stream = workerStore.run(user, () => host().stream('hostStores', undefined));
    const chunks: string[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
  },
  tellStore: (user) => workerStore.run(user, () => host().post('said', user)),
};
