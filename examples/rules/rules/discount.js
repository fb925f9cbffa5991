import { serve } from './serve.js';

await serve(({ id, total }) => `order ${id}: ${total > 200 ? total * 0.9 : total}`);
