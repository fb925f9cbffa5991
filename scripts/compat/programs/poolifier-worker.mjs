import { ThreadWorker } from 'poolifier';

export default new ThreadWorker((data) => {
  if (data.fail) throw new Error('failed');
  return data.pid ? process.pid : data.a + data.b;
});
