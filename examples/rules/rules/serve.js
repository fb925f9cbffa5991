// What all rules have in common: a rule is a function of an order.
import { startWorkerServer } from 'isolated-workers';

export const serve = (rule) => startWorkerServer({ apply: rule });
