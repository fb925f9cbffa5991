import { runAsWorker } from 'synckit';

runAsWorker(async (one, other) => {
  if (one === 'fail') throw new Error('failed');
  return one + other;
});
