import { createSyncFn } from 'synckit';
import { check, equal } from './check.mjs';

const { pathname } = new URL('./synckit-worker.mjs', import.meta.url);
await check('a synchronous call', async () => equal(createSyncFn(pathname)(20, 1), 21));
await check('an error', async () => {
  try {
    createSyncFn(pathname)('fail');
  } catch (error) {
    return equal(error.message, 'failed');
  }
  throw new Error('it returned');
});
process.exit();
