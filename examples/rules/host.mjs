// Applies rules that users have written to records. One of the rules is hostile, which costs nobody else anything.
import { createWorker } from 'isolated-workers';
import { IsolateDriver } from 'isolated-workers/drivers/isolate';

const root = new URL('./rules/', import.meta.url);
const orders = [
  { id: 1, country: 'DE', total: 40, items: ['book', 'pen'] },
  { id: 2, country: 'FR', total: 250, items: ['lamp'] },
  { id: 3, country: 'DE', total: 990, items: ['desk', 'chair', 'lamp'] },
];
/** What a rule may ask of the shop, and nothing else. */
const globals = { shippingTo: async (country) => (country === 'DE' ? 5 : 12) };
const driver = new IsolateDriver();

async function apply(rule) {
  let worker;
  try {
    worker = await createWorker({
      driver,
      script: `${rule}.js`,
      logLevel: 'silent',
      driverOptions: { root, globals, limits: { memoryMb: 8, cpuMsPerMessage: 100 } },
    });
    const results = await Promise.all(orders.map((order) => worker.send('apply', order)));
    console.log(`${rule}:`, results.join(', '));
  } catch (error) {
    const limit = error.cause?.limit;
    console.log(`${rule}:`, limit === undefined ? error.message.split('\n')[0] : `went over its limit ${limit}`);
  } finally {
    await worker?.close();
  }
}

for (const rule of ['discount', 'shipping', 'endless', 'greedy', 'curious']) await apply(rule);
